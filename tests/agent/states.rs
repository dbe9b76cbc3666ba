//! What becomes of the vault while the agent runs: moved away, replaced, damaged, a full disk. Each is told, loses nothing
//! that is held, and is left again without a restart.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use daypass_agent::{Agent, KeySource};
use daypass_api::ErrorCode;
use daypass_api::view::VaultView;
use rusqlite::Connection;

use crate::bed::{Bed, account, pass, read, read_fresh};

/// Set in a test that runs in a mount namespace of its own.
const INSIDE: &str = "DAYPASS_TEST_ON_A_SMALL_DISK";

fn file_of_log(bed: &Bed) -> PathBuf {
    PathBuf::from(format!("{}-wal", bed.home.vault_file().display()))
}

/// The sentence of the state that is no `Open`.
fn told(agent: &Agent) -> String {
    agent.snapshot().vault.message().expect("the vault is open").to_owned()
}

/// The token of `work` as another agent finds it in the vault, once `agent` has ended.
async fn stored(bed: &Bed, agent: Agent) -> String {
    agent.stop().await;
    let (agent, minted) = (bed.agent().await, bed.script.count("mint"));
    let token = read(&agent).await.unwrap().token;
    assert_eq!(bed.script.count("mint"), minted, "the stored token is not the held one");
    agent.stop().await;
    token.expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_is_moved_away_is_not_made_anew_and_taken_back() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let (file, away) = (bed.home.vault_file(), bed.dir.path().join("away"));
    fs::rename(&file, &away).unwrap();
    // Without a write nobody could know; what is held is served, and what is new is kept in memory.
    let token = read_fresh(&agent).await.unwrap().token;
    assert!(matches!(agent.snapshot().vault, VaultView::Failing { .. }));
    assert!(told(&agent).contains("moved away or removed; put it back"), "{}", told(&agent));
    assert_eq!(agent.add_account(account("discovr", "new")).await.unwrap_err().code, ErrorCode::Internal);
    pass(100.0).await;
    assert!(!file.exists(), "nobody asked for a new one");
    assert_eq!(read(&agent).await.unwrap().token, token);

    fs::rename(&away, &file).unwrap();
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    assert_eq!(stored(&bed, agent).await, token.expose());
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_is_removed_is_not_made_anew_by_the_agent_that_runs() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    fs::remove_file(bed.home.vault_file()).unwrap();
    fs::remove_file(file_of_log(&bed)).unwrap();
    read_fresh(&agent).await.unwrap();
    pass(100.0).await;
    assert!(told(&agent).contains("moved away or removed"), "{}", told(&agent));
    agent.stop().await;
    assert!(!bed.home.vault_file().exists());
    // The next one begins with nothing, as the user may have wanted.
    let agent = bed.agent().await;
    assert_eq!((agent.snapshot().vault.clone(), agent.snapshot().accounts.len()), (VaultView::Open, 0));
}

#[tokio::test(start_paused = true)]
async fn another_file_in_the_vaults_place_is_left_alone() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    // A backup is put back while the agent runs, the way most tools do it.
    let backup = bed.dir.path().join("backup");
    let db = Connection::open(bed.home.vault_file()).unwrap();
    db.execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    drop(db);
    let (whole, token) = (fs::read(&backup).unwrap(), read(&agent).await.unwrap().token);
    fs::rename(&backup, bed.home.vault_file()).unwrap();
    let held = read_fresh(&agent).await.unwrap().token;
    assert!(told(&agent).contains("replaced by another file"), "{}", told(&agent));
    pass(100.0).await;
    assert_eq!(read(&agent).await.unwrap().token, held, "what is held goes on being served");
    agent.stop().await;
    assert!(fs::read(bed.home.vault_file()).unwrap() == whole, "it was written to");
    let agent = bed.agent().await;
    assert_eq!(stored(&bed, agent).await, token.expose());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_removed_takes_nothing_with_it() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    fs::remove_file(file_of_log(&bed)).unwrap();
    let token = read_fresh(&agent).await.unwrap().token;
    assert!(told(&agent).contains("a part of it was removed"), "{}", told(&agent));
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    assert_eq!(stored(&bed, agent).await, token.expose());
}

/// Overwrites every page behind the first, in a way that the agent's connection reads them anew; answers the whole file.
fn damage(bed: &Bed) -> Vec<u8> {
    damage_pages(bed, |_| true)
}

/// Overwrites the first pages of those tables and indices whose names are chosen.
fn damage_pages(bed: &Bed, chosen: impl Fn(&str) -> bool) -> Vec<u8> {
    let db = Connection::open(bed.home.vault_file()).unwrap();
    db.execute_batch("UPDATE vault SET one = 1").unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let mut pages = db.prepare("SELECT name, rootpage FROM sqlite_schema").unwrap();
    let pages = pages.query_map([], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize))).unwrap();
    let pages: Vec<(String, usize)> = pages.collect::<Result<_, _>>().unwrap();
    let whole = fs::read(bed.home.vault_file()).unwrap();
    let mut damaged = whole.clone();
    for (_, page) in pages.iter().filter(|(name, _)| chosen(name)) {
        damaged[(page - 1) * 4096..page * 4096].fill(0xa5);
    }
    write_in_place(&bed.home.vault_file(), &damaged);
    whole
}

fn write_in_place(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[tokio::test(start_paused = true)]
async fn damage_in_the_middle_is_told_and_what_is_held_is_kept() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let whole = damage(&bed);
    let token = read_fresh(&agent).await.unwrap().token;
    assert!(matches!(agent.snapshot().vault, VaultView::Corrupt { .. }), "{:?}", agent.snapshot().vault);
    assert_eq!(agent.add_account(account("discovr", "new")).await.unwrap_err().code, ErrorCode::Internal);
    pass(100.0).await;
    assert!(matches!(agent.snapshot().vault, VaultView::Corrupt { .. }), "{:?}", agent.snapshot().vault);
    assert_eq!(read(&agent).await.unwrap().token, token);

    write_in_place(&bed.home.vault_file(), &whole);
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    assert_eq!(stored(&bed, agent).await, token.expose());
}

#[tokio::test(start_paused = true)]
async fn damage_that_only_some_writes_meet_is_not_forgotten() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let whole = damage_pages(&bed, |name| name.starts_with("log"));
    assert_eq!(agent.add_account(account("discovr", "new")).await.unwrap_err().code, ErrorCode::Internal);
    pass(100.0).await;
    assert!(matches!(agent.snapshot().vault, VaultView::Corrupt { .. }), "{:?}", agent.snapshot().vault);
    write_in_place(&bed.home.vault_file(), &whole);
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    agent.add_account(account("discovr", "new")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn damage_at_the_start_is_told_and_left_without_a_restart() {
    let bed = Bed::new();
    bed.connected("discovr").await.stop().await;
    let whole = damage(&bed);
    let agent = bed.agent().await;
    assert!(matches!(agent.snapshot().vault, VaultView::Corrupt { .. }), "{:?}", agent.snapshot().vault);
    read(&agent).await.unwrap_err();
    // Restored by a file of its own, for this one is not open.
    fs::write(bed.dir.path().join("backup"), &whole).unwrap();
    fs::rename(bed.dir.path().join("backup"), bed.home.vault_file()).unwrap();
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_right_key_is_taken_whenever_it_comes_and_needed_once() {
    let bed = Bed::new();
    bed.connected("discovr").await.stop().await;
    let KeySource::KeyFile(path) = &bed.key else { unreachable!() };
    let right = fs::read(path).unwrap();
    fs::write(path, [1; 32]).unwrap();
    let agent = bed.agent().await;
    assert!(told(&agent).contains("does not fit"), "{}", told(&agent));
    fs::write(path, &right).unwrap();
    pass(40.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    // From here on it is in memory.
    fs::remove_file(path).unwrap();
    let token = read_fresh(&agent).await.unwrap().token;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    fs::write(path, &right).unwrap();
    assert_eq!(stored(&bed, agent).await, token.expose());
}

/// Runs `story` in the test of this name, with its scratch folders on a disk of `kib` KiB. Where a namespace of mounts
/// cannot be had (a container may forbid it) the story is not told: the full vault has a unit test besides.
fn on_a_small_disk<F: Future<Output = ()>>(test: &str, kib: u32, story: impl FnOnce() -> F) {
    if std::env::var_os(INSIDE).is_some() {
        let builder = &mut tokio::runtime::Builder::new_current_thread();
        return builder.enable_all().start_paused(true).build().unwrap().block_on(story());
    }
    let namespace = ["--user", "--map-root-user", "--mount"];
    if !Command::new("unshare").args(namespace).arg("true").status().is_ok_and(|status| status.success()) {
        return;
    }
    let disk = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", "mount -t tmpfs -o \"size=$2k\" none \"$1\" && shift 2 && exec \"$@\"", "sh"])
        .args([disk.path().as_os_str(), kib.to_string().as_ref(), std::env::current_exe().unwrap().as_os_str()])
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .env("TMPDIR", disk.path())
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// Fills the disk to its last byte; removing the file makes room again.
fn fill(bed: &Bed) -> PathBuf {
    let path = bed.dir.path().join("filler");
    let mut filler = fs::File::create(&path).unwrap();
    while filler.write_all(&[1; 512]).is_ok() {}
    path
}

#[test]
fn a_full_disk_costs_nothing_that_is_held() {
    on_a_small_disk("states::a_full_disk_costs_nothing_that_is_held", 1024, || async {
        let bed = Bed::new();
        let agent = bed.connected("discovr").await;
        agent.add_account(account("antiraid", "other")).await.unwrap();
        let filler = fill(&bed);
        let token = read_fresh(&agent).await.unwrap().token;
        assert!(matches!(agent.snapshot().vault, VaultView::Full { .. }), "{:?}", agent.snapshot().vault);
        assert_eq!(read(&agent).await.unwrap().token, token);
        // What must be written down first is not asked for.
        let asked = bed.script.count("mint");
        assert_eq!(agent.refresh("other").await.unwrap_err().code, ErrorCode::Internal);
        assert_eq!(bed.script.count("mint"), asked);
        pass(100.0).await;
        assert!(matches!(agent.snapshot().vault, VaultView::Full { .. }), "{:?}", agent.snapshot().vault);
        fs::remove_file(filler).unwrap();
        pass(40.0).await;
        assert_eq!(agent.snapshot().vault, VaultView::Open);
        agent.refresh("other").await.unwrap();
        assert_eq!(stored(&bed, agent).await, token.expose());
    });
}

#[test]
fn a_disk_that_is_full_at_the_start_is_told() {
    on_a_small_disk("states::a_disk_that_is_full_at_the_start_is_told", 1024, || async {
        for made in [false, true] {
            let bed = Bed::new();
            if made {
                bed.connected("discovr").await.stop().await;
            }
            let filler = fill(&bed);
            let agent = bed.agent().await;
            assert!(matches!(agent.snapshot().vault, VaultView::Full { .. }), "{made} {:?}", agent.snapshot().vault);
            pass(100.0).await;
            fs::remove_file(filler).unwrap();
            pass(40.0).await;
            assert_eq!(agent.snapshot().vault, VaultView::Open);
            if !made {
                agent.add_account(account("discovr", "work")).await.unwrap();
            }
            read(&agent).await.unwrap();
            agent.stop().await;
        }
    });
}
