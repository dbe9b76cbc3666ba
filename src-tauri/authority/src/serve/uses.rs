//! The task that writes when sessions were used: when it is due, and once more at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Service;

/// How long the last write may take; what a store that hangs did not take by then is lost.
const LAST: Duration = Duration::from_secs(3);

/// The task, which ends when this is dropped.
pub(super) struct Writing {
    task: JoinSet<()>,
    end: oneshot::Sender<()>,
}

impl Writing {
    pub(super) fn start(service: &Arc<Service>) -> Self {
        let (end, ended) = oneshot::channel();
        let mut task = JoinSet::new();
        task.spawn(write(Arc::clone(service), ended));
        Self { task, end }
    }

    /// Has what is noted by now be written, and waits for that.
    pub(super) async fn end(mut self) {
        let _ = self.end.send(());
        let _ = timeout(LAST, self.task.join_next()).await;
    }
}

/// Writes again and again, and a last time when `ended` is told. A failure is told by the store's steps; what is left is
/// due again after a while.
async fn write(service: Arc<Service>, mut ended: oneshot::Receiver<()>) {
    loop {
        let last = tokio::select! {
            _ = &mut ended => true,
            () = service.uses_due() => false,
        };
        let _ = service.write_uses().await;
        if last {
            return;
        }
    }
}
