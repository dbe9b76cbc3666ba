//! The page in a real window of Daypass, driven by WebKit's own driver over the WebDriver protocol.

use std::future::Future;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use daypass_test_support::desktop::{App, Desktop};
use daypass_test_support::{process, wait};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::stage::SOON;

/// How long the window may take to be there and to be drivable.
const OPENS: Duration = Duration::from_secs(60);

/// A window with its page; closed when dropped.
#[derive(Debug)]
pub(crate) struct Page {
    runtime: Runtime,
    client: Client,
    driver: App,
}

impl Page {
    /// Starts the window's program under the driver, and waits until its page is loaded.
    #[track_caller]
    pub(crate) fn open(desktop: &Desktop, program: &Path, arguments: &[&str]) -> Self {
        let (driver, port) = start_driver(desktop);
        let capabilities = json!({ "webkitgtk:browserOptions": { "binary": program, "args": arguments } });
        let capabilities = serde_json::from_value(capabilities).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            let address = format!("http://127.0.0.1:{port}");
            // Where the program ends at once, the driver waits for it for ever.
            timeout(OPENS, builder.capabilities(capabilities).connect(&address)).await
        });
        let Ok(Ok(client)) = client else {
            panic!("no window came: {client:?}\n{:#?}\n{}", desktop.processes(), driver.log())
        };
        let page = Self { runtime, client, driver };
        page.until("the page to be drawn", |page| {
            page.script("return document.querySelector('main') !== null") == true
        });
        page
    }

    /// Waits for the part with the test id `id`.
    #[track_caller]
    pub(crate) fn part(&self, id: &str) -> Part<'_> {
        self.select(&test_id(id))
    }

    /// Waits for the first part that the CSS selector `css` finds.
    #[track_caller]
    pub(crate) fn select(&self, css: &str) -> Part<'_> {
        let found = wait::within(SOON, || self.find(css));
        found.unwrap_or_else(|| panic!("there is no {css} on the page:\n{}", self.text()))
    }

    /// Whether the part with the test id `id` is there now.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.find(&test_id(id)).is_some()
    }

    /// Waits until the part with the test id `id` is gone.
    #[track_caller]
    pub(crate) fn wait_without(&self, id: &str) {
        self.until(&format!("{id} to go"), |page| !page.has(id));
    }

    /// Waits until `condition` holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let held = wait::within(OPENS, || condition(self).then_some(()));
        held.unwrap_or_else(|| panic!("waited in vain for {what}; the page was:\n{}", self.text()));
    }

    /// What can be read on the page.
    pub(crate) fn text(&self) -> String {
        self.script("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page, and answers what it returns.
    #[track_caller]
    pub(crate) fn script(&self, script: &str) -> Value {
        self.ask(self.client.execute(script, Vec::new())).unwrap()
    }

    /// Runs a script that calls its last argument with the answer.
    #[track_caller]
    pub(crate) fn script_later(&self, script: &str) -> Value {
        self.ask(self.client.execute_async(script, Vec::new())).unwrap()
    }

    /// Gives the window this size, in CSS pixels, and waits until the page has it.
    #[track_caller]
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.ask(self.client.set_window_size(width, height)).unwrap();
        self.until("the window's size", |page| page.script("return innerWidth") == width);
        self.wait_until_painted();
    }

    /// Waits until what the page holds is on the screen.
    #[track_caller]
    pub(crate) fn wait_until_painted(&self) {
        // The second frame begins when the first has been drawn.
        self.script_later(
            "const done = arguments[arguments.length - 1];
             requestAnimationFrame(() => requestAnimationFrame(() => done(true)))",
        );
    }

    /// Presses keys one after the other, wherever the focus is.
    #[track_caller]
    pub(crate) fn press(&self, keys: impl IntoIterator<Item = char>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.ask(self.client.perform_actions(actions)).unwrap();
    }

    /// Presses `key` while `held` is held, wherever the focus is.
    #[track_caller]
    pub(crate) fn chord(&self, held: char, key: char) {
        let actions = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key })
            .then(KeyAction::Up { value: held });
        self.ask(self.client.perform_actions(actions)).unwrap();
    }

    /// The test id of the part that has the keyboard's focus, or its tag where it has none.
    pub(crate) fn focused(&self) -> String {
        let name = self.script("const e = document.activeElement; return e.dataset.testid ?? e.tagName.toLowerCase()");
        name.as_str().unwrap_or_default().to_owned()
    }

    /// Whatever the page holds: its text, attributes, what is typed into its fields, and what it stored.
    pub(crate) fn everything(&self) -> String {
        let script = "const fields = [...document.querySelectorAll('input, textarea, select')].map(e => e.value);
            const stored = [localStorage, sessionStorage].map(s => JSON.stringify({ ...s }));
            return [document.documentElement.outerHTML, ...fields, ...stored, document.cookie, location.href].join('\\n')";
        self.script(script).as_str().unwrap().to_owned()
    }

    /// Runs one command of the driver, which must answer soon.
    #[track_caller]
    fn ask<T>(&self, command: impl Future<Output = Result<T, CmdError>>) -> Result<T, CmdError> {
        let answer = self.runtime.block_on(async { timeout(OPENS, command).await });
        answer.unwrap_or_else(|_| panic!("the driver does not answer:\n{}", self.driver.log()))
    }

    fn find(&self, css: &str) -> Option<Part<'_>> {
        let element = self.ask(self.client.find(Locator::Css(css))).ok()?;
        Some(Part { page: self, element })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let window = process::family(self.driver.pid());
        let _ = self.runtime.block_on(async { timeout(SOON, self.client.clone().close()).await });
        // The window closes by itself, and while it runs there is no room for another.
        let ended = || process::family(self.driver.pid()).len() == 1;
        if wait::within(SOON, || ended().then_some(())).is_none() && !std::thread::panicking() {
            panic!("the window did not close: {window:?}");
        }
    }
}

/// One part of the page.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    page: &'a Page,
    element: Element,
}

impl Part<'_> {
    /// Clicks it, with the mouse.
    #[track_caller]
    pub(crate) fn click(&self) {
        self.page.ask(self.element.click()).unwrap();
    }

    /// Types into it.
    #[track_caller]
    pub(crate) fn type_text(&self, text: &str) {
        self.page.ask(self.element.send_keys(text)).unwrap();
    }

    /// What can be read in it.
    pub(crate) fn text(&self) -> String {
        self.page.ask(self.element.text()).unwrap_or_default()
    }

    /// Waits for the part of it with the test id `id`.
    #[track_caller]
    pub(crate) fn part(&self, id: &str) -> Self {
        let css = test_id(id);
        let found = wait::within(SOON, || self.page.ask(self.element.find(Locator::Css(&css))).ok());
        let element = found.unwrap_or_else(|| panic!("there is no {id} in:\n{}", self.text()));
        Self { page: self.page, element }
    }
}

fn test_id(id: &str) -> String {
    format!("[data-testid={}]", json!(id))
}

/// Starts WebKit's driver, which answers on a port that must be named: one is taken that was free just now, and another
/// where somebody was quicker.
#[track_caller]
fn start_driver(desktop: &Desktop) -> (App, u16) {
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = desktop.command("WebKitWebDriver");
        // The Tauri runtime lets itself be driven where this is set.
        command.args(["--host=127.0.0.1", &format!("--port={port}")]).env("TAURI_WEBVIEW_AUTOMATION", "true");
        let mut driver = desktop.launch(&format!("webdriver-{port}"), &mut command);
        let answers = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        let ready = wait::within(SOON, || (answers() || !driver.runs()).then_some(()));
        if ready.is_some() && driver.runs() {
            return (driver, port);
        }
    }
    panic!("WebKitWebDriver did not start");
}
