//! A vault of an older format: brought to the present one whole, with a backup, or left as it is.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use daypass_agent::KeySource;
use daypass_api::Home;
use daypass_api::request::LogQuery;
use daypass_api::view::{LogEvent, VaultView};
use rusqlite::Connection;

use crate::bed::{Bed, pass, read};

/// Names the folder in which a test of a killed migration goes on in a process of its own.
const INSIDE: &str = "DAYPASS_TEST_KILLED_IN";
/// The tables that format 1 had.
const TABLES: [&str; 4] = ["vault", "account", "session", "journal"];

/// A bed whose vault, with an account and its token, is of format 1.
async fn old_bed() -> Bed {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    agent.stop().await;
    let path = bed.home.vault_file();
    let old = path.with_extension("old");
    let db = Connection::open(&old).unwrap();
    db.execute_batch(include_str!("vault-format-1.sql")).unwrap();
    db.execute("ATTACH ?1 AS present", [path.to_str().unwrap()]).unwrap();
    for table in TABLES {
        let columns = columns(&db, table).join(", ");
        db.execute_batch(&format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM present.{table}"))
            .unwrap();
    }
    db.execute_batch(
        "DETACH present; PRAGMA journal_mode = WAL;
         INSERT INTO journal (account, intent, begun_at, ended_at) VALUES (1, '{}', 1800000000000000, 1800000000000000)",
    )
    .unwrap();
    drop(db);
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
    }
    std::fs::rename(&old, &path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    bed
}

fn columns(db: &Connection, table: &str) -> Vec<String> {
    let mut query = db.prepare("SELECT name FROM main.pragma_table_info(?1)").unwrap();
    query.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The format, and every row of the tables of format 1 in its columns, as text.
fn content(path: &Path) -> (i64, Vec<String>) {
    let db = Connection::open(path).unwrap();
    let version = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let model = Connection::open_in_memory().unwrap();
    model.execute_batch(include_str!("vault-format-1.sql")).unwrap();
    let mut rows = Vec::new();
    for table in TABLES {
        let columns: Vec<String> = columns(&model, table).iter().map(|column| format!("quote({column})")).collect();
        let mut query = db.prepare(&format!("SELECT {} FROM {table}", columns.join("||'|'||"))).unwrap();
        let read = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.extend(read.map(|row| format!("{table}: {}", row.unwrap())));
    }
    (version, rows)
}

/// The backups beside the vault.
fn backups(home: &Home) -> Vec<PathBuf> {
    let files = std::fs::read_dir(home.data_dir()).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.to_str().unwrap().contains("backup")).collect()
}

#[tokio::test(start_paused = true)]
async fn an_old_vault_comes_to_the_present_format_and_leaves_a_whole_backup() {
    let bed = old_bed().await;
    let (version, rows) = content(&bed.home.vault_file());
    assert_eq!((version, rows.len()), (1, 4), "{rows:?}");
    // The key is not needed for it.
    let KeySource::KeyFile(key) = bed.key.clone() else { unreachable!() };
    std::fs::rename(&key, key.with_extension("away")).unwrap();
    let agent = bed.agent().await;
    assert!(matches!(agent.snapshot().vault, VaultView::Absent { .. }));
    agent.stop().await;
    assert_eq!(content(&bed.home.vault_file()), (2, rows.clone()));
    let [backup] = &backups(&bed.home)[..] else { panic!("{:?}", backups(&bed.home)) };
    let name = backup.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("vault.sqlite.format-1.") && name.ends_with(".backup"), "{name}");
    assert_eq!(std::fs::metadata(backup).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(content(backup), (1, rows));

    // Its secrets open, and so do those of the backup once it is put back.
    std::fs::rename(key.with_extension("away"), &key).unwrap();
    let agent = bed.agent().await;
    let token = read(&agent).await.unwrap().token;
    agent.stop().await;
    assert_eq!(bed.script.count("mint"), 1, "the token that was held");
    std::fs::rename(backup, bed.home.vault_file()).unwrap();
    let agent = bed.agent().await;
    assert_eq!(read(&agent).await.unwrap().token, token);
    let log = agent.log(LogQuery::default()).await.unwrap();
    let told = log.entries.iter().filter(|entry| entry.event == LogEvent::VaultUpgraded);
    assert_eq!(told.count(), 1, "{log:?}");
    agent.stop().await;
    assert_eq!(content(&bed.home.vault_file()).0, 2);
}

#[tokio::test(start_paused = true)]
async fn a_migrated_vault_is_like_a_new_one() {
    let schema = |path: PathBuf| -> Vec<String> {
        let db = Connection::open(path).unwrap();
        let mut query = db
            .prepare(
                "SELECT s.name || ' ' || c.name || ' ' || c.type || c.\"notnull\" || c.pk
                 FROM sqlite_schema s, pragma_table_xinfo(s.name) c WHERE s.type = 'table'
                 UNION ALL SELECT name || ' ' || sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL
                 ORDER BY 1",
            )
            .unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let old = old_bed().await;
    old.agent().await.stop().await;
    let new = Bed::new();
    new.agent().await.stop().await;
    let made = schema(new.home.vault_file());
    assert!(made.iter().any(|line| line.starts_with("log took_ms INTEGER")), "{made:?}");
    assert_eq!(schema(old.home.vault_file()), made);
}

#[tokio::test(start_paused = true)]
async fn without_a_backup_there_is_no_migration() {
    let bed = old_bed().await;
    let before = content(&bed.home.vault_file());
    // In the way of the backup, for root as well.
    let in_the_way = bed.home.data_dir().join("vault.sqlite.backup-unfinished");
    std::fs::create_dir(&in_the_way).unwrap();
    let agent = bed.agent().await;
    assert!(
        matches!(&agent.snapshot().vault, VaultView::Failing { message, .. } if message.contains("no backup of it")),
        "{:?}",
        agent.snapshot().vault
    );
    read(&agent).await.unwrap_err();
    assert_eq!(content(&bed.home.vault_file()), before);
    std::fs::remove_dir(&in_the_way).unwrap();
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    read(&agent).await.unwrap();
    assert_eq!(backups(&bed.home).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_fails_halfway_leaves_the_old_vault() {
    let bed = old_bed().await;
    let change = |sql| Connection::open(bed.home.vault_file()).unwrap().execute_batch(sql).unwrap();
    // The last of what the migration makes is there already.
    change("CREATE TABLE in_the_way (at INTEGER); CREATE INDEX log_at ON in_the_way (at)");
    let before = content(&bed.home.vault_file());
    let agent = bed.agent().await;
    assert!(matches!(agent.snapshot().vault, VaultView::Failing { .. } | VaultView::Corrupt { .. }));
    assert_eq!(content(&bed.home.vault_file()), before);
    assert_eq!(content(&backups(&bed.home)[0]), before);
    change("DROP TABLE in_the_way");
    pass(40.0).await;
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_killed_migration_starts_again() {
    if let Some(dir) = std::env::var_os(INSIDE) {
        let dir = PathBuf::from(dir);
        let bed = Bed { home: Home::under(&dir), key: KeySource::KeyFile(dir.join("key")), ..Bed::new() };
        bed.agent().await.stop().await;
        return;
    }
    for point in ["vault.backed-up", "vault.migrating"] {
        let bed = old_bed().await;
        let before = content(&bed.home.vault_file());
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "migration::a_killed_migration_starts_again", "--nocapture"])
            .env(INSIDE, bed.dir.path())
            .env("DAYPASS_KILL_AT", point)
            .output()
            .unwrap();
        let signal = std::os::unix::process::ExitStatusExt::signal(&killed.status);
        assert_eq!(signal, Some(9), "{point}: {}", String::from_utf8_lossy(&killed.stderr));
        assert_eq!(content(&bed.home.vault_file()), before, "{point}");
        let agent = bed.agent().await;
        read(&agent).await.unwrap();
        agent.stop().await;
        assert_eq!(content(&bed.home.vault_file()).0, 2);
        assert_eq!(content(&backups(&bed.home)[0]), before);
        assert_eq!(backups(&bed.home).len(), 1);
    }
}
