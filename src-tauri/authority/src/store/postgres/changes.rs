//! How a process learns what the others ended or changed in the same database.
//!
//! Each end is called out by `NOTIFY` in the transaction that makes it, and heard on a connection of its own. Behind that
//! stands what cannot be missed: the table `changes` is read whenever somebody relies on what was heard. It is read by
//! transactions: all from the oldest one that had not ended at the last look, as one that began before it may have
//! committed after it. So something may be told twice, and nothing is left out. At rest nobody looks.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, NoTls, Socket};

use super::address::Address;
use super::values::value;
use crate::Error;
use crate::model::Digest;
use crate::store::ears::Lease;
use crate::store::{DEAD_WITHIN, Ended, Told};

/// How long to wait before the next try where there is no connection.
const PAUSE: Duration = Duration::from_millis(250);

/// After how long without a look all is forgotten: well before the rows of that time are removed.
const TOO_LONG: Duration = Duration::from_secs(30);

/// Removes the changes that everybody has seen or will not ask for. Who has not looked for [`TOO_LONG`] forgets all.
pub(super) const SWEEP: &str = "DELETE FROM changes WHERE noted_at < now() - interval '1 minute'";

/// Hears for as long as it is let run: connects, and again when the connection is lost.
pub(super) async fn hear(address: Address, told: Told, lease: Arc<Lease>, wanted: Arc<Notify>) {
    loop {
        // An end of this is a lost connection or a refusal; either way the lease runs out, and a new one begins anew.
        let _ = match address.tls.clone() {
            Some(tls) => connected(&address, tls, &told, &lease, &wanted).await,
            None => connected(&address, NoTls, &told, &lease, &wanted).await,
        };
        sleep(PAUSE).await;
    }
}

async fn connected<T>(address: &Address, tls: T, told: &Told, lease: &Lease, wanted: &Notify) -> Result<(), Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, mut connection) = timeout(address.patience, address.config.connect(tls)).await??;
    let heard = Arc::clone(told);
    // In a set, so that it ends with this function.
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(note) = message {
                heard(read(note.payload()));
            }
        }
    });
    timeout(address.patience, client.batch_execute("LISTEN daypass")).await??;
    let mut looker = Looker { client, from: None, last: Instant::now() };
    loop {
        looker.look(told, lease).await?;
        tokio::select! {
            () = wanted.notified() => {}
            _ = driver.join_next() => return Ok(()),
        }
    }
}

/// Looks at what has changed.
struct Looker {
    client: Client,
    /// The oldest transaction that had not ended at the last look; none before the first.
    from: Option<String>,
    /// When the last look began.
    last: Instant,
}

impl Looker {
    async fn look(&mut self, told: &Told, lease: &Lease) -> Result<(), Error> {
        let began = Instant::now();
        let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, NULL
                   UNION ALL SELECT NULL, what FROM changes WHERE xact >= $1::text::xid8";
        // Whoever connects knows nothing of before, and starts from here: no transaction is that young.
        let from = self.from.as_deref().unwrap_or("18446744073709551615");
        let rows =
            timeout(DEAD_WITHIN, self.client.query_typed(sql, &[(&from, tokio_postgres::types::Type::TEXT)])).await??;
        if self.from.is_none() || began.saturating_duration_since(self.last) > TOO_LONG {
            told(Ended::Everything);
        }
        for row in &rows {
            match (value::<Option<String>>(row, 0)?, value::<Option<&str>>(row, 1)?) {
                (Some(oldest), _) => self.from = Some(oldest),
                (None, what) => told(read(what.unwrap_or_default())),
            }
        }
        self.last = began;
        lease.renew(began);
        Ok(())
    }
}

/// What a change says: anything that cannot be read may be anything.
fn read(what: &str) -> Ended {
    let key = what.get(1..).unwrap_or_default();
    let ended = match what.as_bytes().first() {
        Some(b'n') => hex(key).map(Ended::Native),
        Some(b's') => hex(key).map(|digest| Ended::Session(Digest(digest))),
        Some(b'c') => hex(key).map(|digest| Ended::Credential(Digest(digest))),
        Some(b'k') => Some(Ended::Client(key.to_owned())),
        _ => None,
    };
    ended.unwrap_or(Ended::Everything)
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_cannot_be_read_may_be_anything() {
        assert_eq!(read(&format!("n{}", "0f".repeat(16))), Ended::Native([15; 16]));
        assert_eq!(read(&format!("s{}", "0f".repeat(32))), Ended::Session(Digest([15; 32])));
        assert_eq!(read(&format!("c{}", "0f".repeat(32))), Ended::Credential(Digest([15; 32])));
        assert_eq!(read("ktv"), Ended::Client("tv".to_owned()));
        for odd in ["", "e", "n", "n0f", "sxx", "ä", "z00"] {
            assert_eq!(read(odd), Ended::Everything, "{odd}");
        }
    }
}
