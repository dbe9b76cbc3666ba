//! The line of work on the vault's file: one piece after the other, on one thread for as long as any waits.
//!
//! A thread for each piece would have to be woken for each, and would then wait for the others.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// See the module.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    work: VecDeque<Work>,
    /// Whether a thread is at it.
    served: bool,
}

impl Line {
    /// Does `work` once all that came before it is done, off the runtime, and answers what it answers; `None` where it
    /// broke. It is done even if nobody waits for it any more.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (tell, told) = oneshot::channel();
        self.put(Box::new(move || drop(tell.send(work()))));
        told.await.ok()
    }

    fn put(&self, work: Work) {
        let mut waiting = self.waiting();
        waiting.work.push_back(work);
        if !std::mem::replace(&mut waiting.served, true) {
            let line = self.clone();
            tokio::task::spawn_blocking(move || line.serve());
        }
    }

    fn serve(&self) {
        while let Some(work) = self.next() {
            // What broke has been told of by the panic's own message, and by an answer that does not come.
            let _ = catch_unwind(AssertUnwindSafe(work));
        }
    }

    fn next(&self) -> Option<Work> {
        let mut waiting = self.waiting();
        let next = waiting.work.pop_front();
        waiting.served = next.is_some();
        next
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_in_its_order_and_also_when_nobody_waits_for_it() {
        let (line, done) = (Line::default(), Arc::new(Mutex::new(Vec::new())));
        let note = |number| {
            let done = done.clone();
            move || done.lock().unwrap().push(number)
        };
        // Polled once, and given up.
        for number in 0..100 {
            tokio::select! { biased; _ = line.run(note(number)) => {} () = std::future::ready(()) => {} }
        }
        line.run(note(100)).await.unwrap();
        assert_eq!(*done.lock().unwrap(), (0..=100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_breaks_breaks_nothing_else() {
        let line = Line::default();
        let (broken, sound) = tokio::join!(line.run(|| panic!("as it is told to")), line.run(|| 7));
        let broken: Option<()> = broken;
        assert_eq!((broken, sound), (None, Some(7)));
        assert_eq!(line.run(|| 8).await, Some(8));
    }
}
