//! The kernel's word on files and folders that change under the agent (inotify(7)). Who asks for it looks at the clock as
//! well: it is not told of everything, and not on every system.

use std::path::Path;

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// That a file or a folder was removed or moved itself.
    Gone,
    /// That, and what came into a folder, was written there, or went away.
    Content,
}

#[cfg(target_os = "linux")]
mod system {
    use std::os::fd::OwnedFd;

    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    use tokio::io::unix::AsyncFd;

    use super::{Path, Told};

    /// Tells when something happened to one of some files or folders.
    pub(crate) struct Watch(AsyncFd<OwnedFd>);

    impl Watch {
        /// Watches `paths` for what `told` says.
        ///
        /// # Errors
        /// Where the kernel has no more to give (`fs.inotify.max_user_instances`), or one is not there.
        pub(crate) fn of<'a>(told: Told, paths: impl IntoIterator<Item = &'a Path>) -> std::io::Result<Self> {
            let watch = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            // An open file that is removed loses a link only, which is a change of its attributes.
            let gone = WatchFlags::ATTRIB | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
            // Not every write: a file is read once whoever writes it has closed it.
            let content = WatchFlags::CREATE | WatchFlags::CLOSE_WRITE | WatchFlags::MOVE | WatchFlags::DELETE;
            let flags = if told == Told::Gone { gone } else { gone | content };
            for path in paths {
                add_watch(&watch, path, flags)?;
            }
            #[expect(
                deprecated,
                reason = "the new way is unsafe; what is given here is owned, so nobody closes it underneath"
            )]
            let watch = AsyncFd::new(watch)?;
            Ok(Self(watch))
        }

        /// Waits until the kernel has told something.
        pub(crate) async fn stirred(&self) {
            // Where it cannot be waited on, the clock tells when to look.
            let Ok(mut ready) = self.0.readable().await else { return std::future::pending().await };
            // What happened is seen by looking at the files.
            while rustix::io::read(&self.0, &mut [0; 512]).is_ok_and(|length| length > 0) {}
            ready.clear_ready();
        }
    }
}

/// Other systems are looked at by the clock.
#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Path, Told};

    pub(crate) struct Watch(());

    impl Watch {
        pub(crate) fn of<'a>(_told: Told, _paths: impl IntoIterator<Item = &'a Path>) -> std::io::Result<Self> {
            Err(std::io::ErrorKind::Unsupported.into())
        }

        pub(crate) async fn stirred(&self) {
            let () = self.0;
            std::future::pending().await
        }
    }
}

pub(crate) use system::Watch;
