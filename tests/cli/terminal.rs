//! The program on a terminal: colours, the prompt without echo, and the picture that is drawn again in place.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use daypass_test_support::program::{Installation, START_LIMIT};
use daypass_test_support::wait;

use crate::with_authority;

/// A command on a terminal of its own, by util-linux's `script`.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    output: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    pub(crate) fn start(home: &Installation, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let program = home.command::<&str>(&[]);
        // Without `exec` the shell would stand between, and end of Ctrl-C by itself.
        let line = format!("exec {} {}", program.get_program().to_str().unwrap(), arguments.join(" "));
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]).env_clear();
        script.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?)))).env("TERM", "xterm");
        script.envs(environment.iter().copied());
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, output) = channel();
        let mut stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut bytes) {
                let _ = sender.send(bytes[..read].to_vec());
            }
        });
        let keys = child.stdin.take().unwrap();
        Self { child, keys, output, shown: String::new() }
    }

    /// Waits until `text` is shown.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) {
        let found = wait::within(START_LIMIT, || {
            self.shown.extend(self.output.try_iter().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
            self.shown.contains(text).then_some(())
        });
        assert!(found.is_some(), "{text:?} was not shown, but {:?}", self.shown);
    }

    pub(crate) fn type_in(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end; its exit code, and all that was shown.
    #[track_caller]
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let status = wait::until("the command to end", START_LIMIT, || self.child.try_wait().unwrap());
        for bytes in &self.output {
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status.code(), std::mem::take(&mut self.shown))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The end of `script` hangs up the terminal, and that ends what runs on it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_terminal_gets_colours_unless_it_wants_none() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let shown = |environment: &[(&str, &str)]| {
        let (code, shown) = Terminal::start(&home, &["account", "list"], environment).end();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("paw"), "{shown}");
        shown.contains('\x1b')
    };
    assert!(shown(&[]));
    assert!(shown(&[("NO_COLOR", "")]), "an empty value is no wish");
    assert!(!shown(&[("NO_COLOR", "1")]));
    assert!(!shown(&[("TERM", "dumb")]));
    assert!(!home.run(&["account", "list"]).ok().contains('\x1b'), "a pipe is no terminal");
}

#[test]
fn a_credential_is_asked_for_without_echo() {
    let (home, authority) = with_authority();
    let arguments = ["account", "add", "pocketpaw", "--name", "paw", "--base-url", &authority.url];
    let mut terminal = Terminal::start(&home, &arguments, &[]);
    terminal.until("Master token: ");
    let credential = authority.credential("pocketpaw");
    terminal.type_in(&format!("{credential}\r"));
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Connected paw to PocketPaw"), "{shown}");
    assert!(!shown.contains(credential), "it was echoed");
    home.run(&["token", "paw"]).ok();
}

#[test]
fn nothing_typed_is_no_credential_and_an_unknown_provider_is_told_before_asking() {
    let (home, authority) = with_authority();
    let mut terminal =
        Terminal::start(&home, &["account", "add", "pocketpaw", "--name", "paw", "--base-url", &authority.url], &[]);
    terminal.until("Master token: ");
    terminal.type_in("\r");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    let (code, shown) = Terminal::start(&home, &["account", "add", "nonsense", "--name", "a"], &[]).end();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("pocketpaw"), "{shown}");
}

#[test]
fn the_accounts_are_drawn_again_in_place_until_ctrl_c() {
    let (home, authority) = with_authority();
    authority.connect(&home, "antiraid", "raid");
    home.run(&["token", "raid"]).ok();
    let mut terminal = Terminal::start(&home, &["tray"], &[]);
    // The head and one account: two lines up, and away with them.
    terminal.until("\x1b[2A\x1b[J");
    terminal.until("raid");
    terminal.until("left");
    terminal.type_in("\x03");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let last = shown.rfind("\x1b[?7l").zip(shown.rfind("\x1b[?7h"));
    assert!(last.is_some_and(|(off, on)| off < on), "lines wrap again: {shown:?}");
}
