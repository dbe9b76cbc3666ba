//! The vault from outside: what is in its file, and what an agent says of one that it cannot open.

use std::os::unix::fs::PermissionsExt;

use daypass_agent::{Agent, KeySource};
use daypass_api::ErrorCode;
use daypass_api::view::{Health, VaultView};
use rusqlite::Connection;

use crate::bed::{Bed, account, pass, read, work};

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn change(bed: &Bed, sql: &str) {
    let db = Connection::open(bed.home.vault_file()).unwrap();
    db.execute_batch(sql).unwrap();
}

/// An agent on this bed finds the vault failing, and neither it nor a reader changes a byte of it.
async fn assert_failing(bed: &Bed, words: &str) -> Agent {
    let before = std::fs::read(bed.home.vault_file()).unwrap();
    let agent = bed.agent().await;
    let vault = agent.snapshot().vault.clone();
    assert_eq!(matches!(vault, VaultView::Corrupt { .. }), words.contains("damaged"), "{vault:?}");
    assert!(vault.message().is_some_and(|message| message.contains(words)), "{vault:?}");
    let error = read(&agent).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal, "{error}");
    assert!(agent.add_account(account("discovr", "new")).await.is_err());
    pass(100.0).await;
    agent.stop().await;
    assert!(std::fs::read(bed.home.vault_file()).unwrap() == before, "the file was changed");
    agent
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_the_file() {
    let bed = Bed::new();
    bed.script.plot().grants = true;
    let agent = bed.connected("discover").await;
    read(&agent).await.unwrap();
    for secret in ["credential-of-work", "token-1", "grant-1"] {
        assert!(!contains(&bed.stored_bytes(), secret), "{secret}");
    }
    agent.stop().await;
    for secret in ["credential-of-work", "token-1", "grant-1"] {
        assert!(!contains(&bed.stored_bytes(), secret), "{secret}");
    }
    // The search itself works: what is not secret is there to be found.
    assert!(contains(&bed.stored_bytes(), "work"));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bed.home.vault_file()), 0o600);
    assert_eq!(mode(bed.home.data_dir()), 0o700);
}

#[tokio::test(start_paused = true)]
async fn a_vault_is_opened_by_the_key_that_it_was_made_with_alone() {
    let mut bed = Bed::new();
    bed.connected("discovr").await.stop().await;
    let right = bed.key.clone();
    let other = bed.dir.path().join("other");
    std::fs::write(&other, [1; 32]).unwrap();
    bed.key = KeySource::KeyFile(other.clone());
    assert_failing(&bed, "The key does not fit").await;
    bed.key = KeySource::PassphraseFile(other);
    assert_failing(&bed, "was made with a key file").await;
    bed.key = right;
    read(&bed.agent().await).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_passphrase_opens_it_again() {
    let mut bed = Bed::new();
    let file = bed.dir.path().join("passphrase");
    std::fs::write(&file, "correct horse battery staple\n").unwrap();
    bed.key = KeySource::PassphraseFile(file.clone());
    bed.connected("discovr").await.stop().await;
    std::fs::write(&file, "correct horse battery staple").unwrap();
    let agent = bed.agent().await;
    read(&agent).await.unwrap();
    agent.stop().await;
    std::fs::write(&file, "wrong horse").unwrap();
    assert_failing(&bed, "The key does not fit").await;
}

#[tokio::test(start_paused = true)]
async fn a_key_file_that_comes_late_is_found_without_a_restart() {
    let mut bed = Bed::new();
    bed.connected("discovr").await.stop().await;
    let KeySource::KeyFile(path) = bed.key.clone() else { unreachable!() };
    let key = std::fs::read(&path).unwrap();
    for unusable in [None, Some(&key[..31]), Some(&[0; 70_000][..])] {
        match unusable {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        let agent = bed.agent().await;
        assert!(matches!(&agent.snapshot().vault, VaultView::Absent { message, .. } if message.contains("key")));
        assert_eq!(work(&agent).provider, "discovr", "what is no secret is shown all the same");
        assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Locked);
        assert_eq!(agent.remove_account("work").await.unwrap_err().code, ErrorCode::Locked);

        std::fs::write(&path, &key).unwrap();
        pass(40.0).await;
        assert_eq!(agent.snapshot().vault, VaultView::Open);
        agent.stop().await;
    }
    // Or at once, because somebody needs it.
    std::fs::remove_file(&path).unwrap();
    let agent = bed.agent().await;
    read(&agent).await.unwrap_err();
    std::fs::write(&path, &key).unwrap();
    read(&agent).await.unwrap();
    bed.key = KeySource::KeyFile(path);
}

#[tokio::test(start_paused = true)]
async fn swapped_and_damaged_rows_are_found_out_and_kept() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    agent.add_account(account("discovr", "other")).await.unwrap();
    read(&agent).await.unwrap();
    agent.stop().await;
    // Each account gets the other's sealed credential.
    change(
        &bed,
        "CREATE TEMP TABLE t AS SELECT id, credential_sealed c FROM account;
         UPDATE account SET credential_sealed = (SELECT c FROM t WHERE t.id != account.id);",
    );
    let agent = bed.agent().await;
    assert_eq!(work(&agent).health, Health::NeedsYou);
    assert_eq!(agent.refresh("work").await.unwrap_err().code, ErrorCode::NeedsSignIn);
    read(&agent).await.expect("the session's own row is sound");
    // The account is stored anew, and what does not open stays as it is in the file.
    agent.revoke_session("work", "s2", true).await.unwrap();
    agent.stop().await;
    // Put back, they open: nothing was overwritten.
    change(
        &bed,
        "CREATE TEMP TABLE t AS SELECT id, credential_sealed c FROM account;
         UPDATE account SET credential_sealed = (SELECT c FROM t WHERE t.id != account.id);",
    );
    let agent = bed.agent().await;
    agent.refresh("work").await.unwrap();
    agent.refresh("other").await.unwrap();
    agent.stop().await;
    // A damaged token: the session is not shown, the account mints another.
    change(&bed, "UPDATE session SET token_sealed = zeroblob(60)");
    let agent = bed.agent().await;
    assert_eq!(work(&agent).sessions, []);
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_vault_is_left_alone() {
    let bed = Bed::new();
    std::fs::create_dir_all(bed.home.data_dir()).unwrap();
    std::fs::write(bed.home.vault_file(), b"This is not a database, and long enough to be read as one. ".repeat(20))
        .unwrap();
    assert_failing(&bed, "is damaged").await;
    std::fs::remove_file(bed.home.vault_file()).unwrap();
    change(&bed, "CREATE TABLE something (else_ TEXT)");
    assert_failing(&bed, "is damaged").await;
}

#[tokio::test(start_paused = true)]
async fn a_truncated_vault_is_damaged_and_kept() {
    let bed = Bed::new();
    bed.connected("discovr").await.stop().await;
    change(&bed, "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = std::fs::read(bed.home.vault_file()).unwrap();
    std::fs::write(bed.home.vault_file(), &whole[..whole.len() / 2]).unwrap();
    assert_failing(&bed, "is damaged").await;
    std::fs::write(bed.home.vault_file(), &whole).unwrap();
    read(&bed.agent().await).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_newer_format_asks_for_a_newer_daypass() {
    let bed = Bed::new();
    bed.connected("discovr").await.stop().await;
    change(&bed, "PRAGMA user_version = 3");
    assert_failing(&bed, "update Daypass").await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_is_no_vault_yet() {
    let bed = Bed::new();
    std::fs::create_dir_all(bed.home.data_dir()).unwrap();
    std::fs::write(bed.home.vault_file(), b"").unwrap();
    read(&bed.connected("discovr").await).await.unwrap();
    // Nor is what is left of one whose making broke off on a full disk.
    let bed = Bed::new();
    std::fs::create_dir_all(bed.home.data_dir()).unwrap();
    change(&bed, "PRAGMA journal_mode = WAL; CREATE TABLE t (c); DROP TABLE t");
    read(&bed.connected("discovr").await).await.unwrap();
}

/// Another process writes to the vault, and does not come to an end: nothing can be stored meanwhile.
struct Blocked(Connection);

impl Blocked {
    fn new(bed: &Bed) -> Self {
        let db = Connection::open(bed.home.vault_file()).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(db)
    }

    fn release(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_stored_is_served_and_stored_later() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let blocked = Blocked::new(&bed);
    let token = read(&agent).await.unwrap();
    assert!(matches!(agent.snapshot().vault, VaultView::Failing { .. }));
    assert_eq!(read(&agent).await.unwrap().token, token.token);
    assert_eq!(bed.script.count("mint"), 1);
    let refused = agent.add_account(account("discovr", "new")).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Internal);
    assert_eq!(agent.snapshot().accounts.len(), 1);

    blocked.release();
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    agent.stop().await;
    let agent = bed.agent().await;
    assert_eq!(read(&agent).await.unwrap().token, token.token);
}

#[tokio::test(start_paused = true)]
async fn what_must_be_written_down_first_is_not_asked_for_when_it_cannot_be() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let blocked = Blocked::new(&bed);
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Internal);
    assert_eq!(bed.script.plot().calls, Vec::<String>::new());
    blocked.release();
    pass(40.0).await;
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_master_that_cannot_be_stored_is_not_lost() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    bed.script.plot().regenerated = Some(daypass_providers::Regenerated {
        credential: Some(daypass_core::Secret::new("new-master")),
        ..Default::default()
    });
    bed.script.plot().delay = std::time::Duration::from_secs(5);
    let revoking = agent.clone();
    let revoking = tokio::spawn(async move { revoking.revoke_all("work").await });
    // The intent is written; then the disk gives up, and the call brings the only copy of the new master.
    pass(1.0).await;
    let blocked = Blocked::new(&bed);
    revoking.await.unwrap().unwrap();
    assert!(matches!(agent.snapshot().vault, VaultView::Failing { .. }));
    blocked.release();
    pass(40.0).await;
    agent.stop().await;
    let agent = bed.agent().await;
    read(&agent).await.unwrap();
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint new-master");
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_that_cannot_be_stored_is_not_forgotten() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let gone = daypass_providers::Regenerated { signed_out: true, ..Default::default() };
    bed.script.plot().regenerated = Some(gone);
    let blocked = Blocked::new(&bed);
    agent.revoke_all("work").await.unwrap();
    blocked.release();
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    assert_eq!((work(&agent).health, work(&agent).sessions.len()), (Health::NeedsYou, 0));
    agent.stop().await;
    assert_eq!(work(&bed.agent().await).health, Health::NeedsYou);
}
