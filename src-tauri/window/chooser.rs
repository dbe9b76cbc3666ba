//! What only the thread that draws may ask of the desktop: its dialog for files, its clipboard, its file manager.

use std::path::PathBuf;

use daypass_api::{ApiError, ErrorCode, Said};
use tauri::{Runtime, WebviewWindow};

/// Which file is to be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One that is there.
    There,
    /// A new one, with a name to begin with; that one of this name is replaced is asked.
    New {
        /// The name.
        name: String,
    },
}

/// Has the user choose a file; `None` where none is chosen. The window goes on meanwhile.
///
/// # Errors
/// `internal` where there is no desktop that could ask.
pub(crate) async fn file<R: Runtime>(
    window: &WebviewWindow<R>,
    wanted: Wanted,
    title: String,
) -> Result<Option<PathBuf>, ApiError> {
    let parent = window.clone();
    on_main_thread(window, move |answer| desktop::choose(&parent, wanted, &title, answer)).await
}

/// Puts `text` on the clipboard.
///
/// # Errors
/// `internal` where there is no clipboard.
pub(crate) async fn copy<R: Runtime>(window: &WebviewWindow<R>, text: String) -> Result<(), ApiError> {
    on_main_thread(window, move |answer| answer(desktop::copy(&text))).await
}

/// Opens `folder` in the file manager.
///
/// # Errors
/// `internal` where there is none.
pub(crate) async fn open<R: Runtime>(window: &WebviewWindow<R>, folder: PathBuf) -> Result<(), ApiError> {
    on_main_thread(window, move |answer| answer(desktop::open(&folder))).await
}

/// Takes the answer of what was asked, once.
type Answer<T> = Box<dyn Fn(Result<T, ApiError>) + Send>;

async fn on_main_thread<R: Runtime, T: Send + 'static>(
    window: &WebviewWindow<R>,
    ask: impl FnOnce(Answer<T>) + Send + 'static,
) -> Result<T, ApiError> {
    let (sender, mut answers) = tauri::async_runtime::channel(1);
    // Nobody waits any more where the window is gone.
    let answer = move |answer| drop(sender.try_send(answer));
    window.run_on_main_thread(move || ask(Box::new(answer))).map_err(|_| no_desktop())?;
    answers.recv().await.unwrap_or_else(|| Err(no_desktop()))
}

fn no_desktop() -> ApiError {
    let message = "The desktop cannot be asked for that; use the command line, see `daypass --help`.";
    ApiError::new(ErrorCode::Internal, message).said(Said::new("error-no-desktop", []))
}

#[cfg(target_os = "linux")]
mod desktop {
    use std::cell::RefCell;
    use std::path::Path;
    use std::rc::Rc;

    use gtk::gio;
    use gtk::prelude::*;

    use super::{Answer, ApiError, ErrorCode, PathBuf, Runtime, Said, Wanted, WebviewWindow, no_desktop};

    pub(super) fn choose<R: Runtime>(
        window: &WebviewWindow<R>,
        wanted: Wanted,
        title: &str,
        answer: Answer<Option<PathBuf>>,
    ) {
        if !gtk::is_initialized_main_thread() {
            return answer(Err(no_desktop()));
        }
        let parent = window.gtk_window().ok();
        let action = match wanted {
            Wanted::There => gtk::FileChooserAction::Open,
            Wanted::New { .. } => gtk::FileChooserAction::Save,
        };
        let dialog = gtk::FileChooserNative::new(Some(title), parent.as_ref(), action, None, None);
        dialog.set_modal(true);
        if let Wanted::New { name } = wanted {
            dialog.set_do_overwrite_confirmation(true);
            dialog.set_current_name(&name);
        }
        // GTK keeps no hold of it while it is shown.
        let shown = Rc::new(RefCell::new(None));
        let held = Rc::clone(&shown);
        dialog.connect_response(move |dialog, response| {
            let chosen = Some(dialog).filter(|_| response == gtk::ResponseType::Accept);
            answer(Ok(chosen.and_then(|dialog| dialog.filename())));
            held.borrow_mut().take();
        });
        dialog.show();
        shown.replace(Some(dialog));
    }

    pub(super) fn copy(text: &str) -> Result<(), ApiError> {
        if !gtk::is_initialized_main_thread() {
            return Err(no_desktop());
        }
        let clipboard = gtk::Clipboard::get(&gtk::gdk::SELECTION_CLIPBOARD);
        clipboard.set_text(text);
        // Where the desktop keeps what a program leaves behind, it outlives the window.
        clipboard.store();
        Ok(())
    }

    pub(super) fn open(folder: &Path) -> Result<(), ApiError> {
        let uri = gio::File::for_path(folder).uri();
        gio::AppInfo::launch_default_for_uri(&uri, None::<&gio::AppLaunchContext>).map_err(|error| {
            let folder = folder.display().to_string();
            let said = Said::new("error-no-file-manager", [("folder", folder.clone())]);
            let message = format!("No file manager opens {folder}: {}.", error.message().trim_end_matches('.'));
            ApiError::new(ErrorCode::Internal, message).said(said)
        })
    }
}

/// Elsewhere the command line does the same.
#[cfg(not(target_os = "linux"))]
mod desktop {
    use std::path::Path;

    use super::{Answer, ApiError, PathBuf, Runtime, Wanted, WebviewWindow, no_desktop};

    pub(super) fn choose<R: Runtime>(
        _window: &WebviewWindow<R>,
        _wanted: Wanted,
        _title: &str,
        answer: Answer<Option<PathBuf>>,
    ) {
        answer(Err(no_desktop()));
    }

    pub(super) fn copy(_text: &str) -> Result<(), ApiError> {
        Err(no_desktop())
    }

    pub(super) fn open(_folder: &Path) -> Result<(), ApiError> {
        Err(no_desktop())
    }
}
