//! Whether there is a display to show a tray icon and a window on.

use std::ffi::OsString;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::unix::net::{SocketAddr, UnixStream};
#[cfg(target_os = "linux")]
use std::path::PathBuf;

/// Whether a display that the environment names answers; `var` stands in for `std::env::var_os`.
///
/// A terminal that outlived its desktop, or a container, may name one that does not. A display on another machine (an
/// `ssh -X`) is taken at its word: asking could take long.
#[cfg(target_os = "linux")]
pub(crate) fn answers(var: impl Fn(&str) -> Option<OsString>) -> bool {
    let text = |name: &str| var(name).filter(|value| !value.is_empty());
    let wayland = text("WAYLAND_DISPLAY").map(|name| {
        // A relative name is one in the runtime folder; an absolute one stays as it is.
        PathBuf::from(text("XDG_RUNTIME_DIR").unwrap_or_default()).join(name)
    });
    if wayland.is_some_and(|socket| UnixStream::connect(socket).is_ok()) {
        return true;
    }
    let Some(display) = text("DISPLAY").and_then(|display| display.into_string().ok()) else { return false };
    let Some((host, rest)) = display.rsplit_once(':') else { return false };
    if !host.is_empty() && host != "unix" {
        return true;
    }
    let number = rest.split('.').next().unwrap_or_default();
    let path = format!("/tmp/.X11-unix/X{number}");
    let hidden = || SocketAddr::from_abstract_name(&path).and_then(|name| UnixStream::connect_addr(&name));
    UnixStream::connect(&path).or_else(|_| hidden()).is_ok()
}

/// Elsewhere there is one, but for whoever came from another machine.
#[cfg(not(target_os = "linux"))]
pub(crate) fn answers(var: impl Fn(&str) -> Option<OsString>) -> bool {
    var("SSH_CONNECTION").is_none()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> bool {
        answers(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn a_display_is_there_only_if_it_answers() {
        assert!(!with(&[]));
        assert!(!with(&[("DISPLAY", ""), ("WAYLAND_DISPLAY", "")]));
        assert!(!with(&[("DISPLAY", ":54321")]));
        assert!(!with(&[("DISPLAY", "nonsense")]));
        assert!(!with(&[("WAYLAND_DISPLAY", "wayland-7"), ("XDG_RUNTIME_DIR", "/nonexistent")]));
        assert!(with(&[("DISPLAY", "elsewhere:10.0")]));
    }

    #[test]
    fn a_socket_of_either_kind_answers() {
        let folder = tempfile::tempdir().unwrap();
        let _wayland = std::os::unix::net::UnixListener::bind(folder.path().join("wayland-0")).unwrap();
        assert!(with(&[("WAYLAND_DISPLAY", "wayland-0"), ("XDG_RUNTIME_DIR", folder.path().to_str().unwrap())]));
        let name = SocketAddr::from_abstract_name("/tmp/.X11-unix/X98765").unwrap();
        let _x11 = std::os::unix::net::UnixListener::bind_addr(&name).unwrap();
        assert!(with(&[("DISPLAY", ":98765.0")]));
    }
}
