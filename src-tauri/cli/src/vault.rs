//! `daypass vault …`: how the vault is, and its accounts on their way to another machine.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use daypass_api::client::Client;
use daypass_api::home::sync_folder;
use daypass_api::reason;
use daypass_api::request::{Export, Import};
use daypass_api::view::{ExportView, ImportView, VaultFileView};
use daypass_core::{Clock, Secret};

use crate::args::{ExportArgs, ImportArgs, VaultCommand, VaultStatusArgs};
use crate::failure::Failure;
use crate::system::SystemClock;
use crate::{door, output, typed};

/// The longest export that is read, in bytes: as long as the longest that the agent takes.
const MAX_EXPORT: u64 = 32 << 20;
/// What stands for stdin or stdout in the place of a file.
const STREAM: &str = "-";

/// Does one of the commands.
pub(crate) fn run(command: &VaultCommand) -> Result<(), Failure> {
    match command {
        VaultCommand::Status(args) => status(args),
        VaultCommand::Export(args) => export(args),
        VaultCommand::Import(args) => import(args),
    }
}

fn status(args: &VaultStatusArgs) -> Result<(), Failure> {
    let vault: VaultFileView = door::open(&door::home()?)?.get("/v1/vault")?;
    if args.json {
        return output::json(&vault);
    }
    let state = door::vault_problem(&vault.vault).map_or_else(|| "open".to_owned(), |problem| problem.message);
    let key = match vault.key.as_deref() {
        Some("keyring") => "in the keyring",
        Some("key_file") => "made of a key file (DAYPASS_VAULT_KEY_FILE)",
        Some("passphrase") => "made of a passphrase (DAYPASS_PASSPHRASE_FILE)",
        Some(_) | None => "unknown",
    };
    let format = vault.format.map(|format| format!(", format {format}")).unwrap_or_default();
    let mut lines = format!("state   {state}\nfile    {} ({}{format})\nkey     {key}\n", vault.file, size(vault.bytes));
    for backup in &vault.backups {
        lines.push_str(&format!("backup  {} ({})\n", backup.file, size(backup.bytes)));
    }
    output::write_parts(&[&lines])
}

fn export(args: &ExportArgs) -> Result<(), Failure> {
    let file = match &args.file {
        Some(file) => file.clone(),
        None => PathBuf::from(format!("daypass-export-{}.txt", SystemClock.now().format("%Y-%m-%d"))),
    };
    let to_stdout = file == Path::new(STREAM);
    // Before anybody thinks up a passphrase.
    if !to_stdout && !args.force && file.exists() {
        return Err(taken(&file));
    }
    let passphrase = match given_passphrase(args.passphrase_file.as_deref())? {
        Some(passphrase) => passphrase,
        None => {
            let passphrase = typed::prompt("Passphrase for the export (12 characters or more)")?;
            if typed::prompt("The same again")? != passphrase {
                return Err(Failure::usage("The two passphrases differ; nothing was exported."));
            }
            passphrase
        }
    };
    let exported: ExportView = client()?.post("/v1/vault/export", &Export { passphrase })?;
    let accounts = counted(exported.accounts as usize);
    if to_stdout {
        output::write_parts(&[&exported.sealed])?;
    } else {
        write(&file, &exported.sealed, args.force)?;
        output::line(&format!("Exported {accounts} to {}.", file.display()))?;
    }
    output::tell(
        "This machine goes on using its accounts until they are removed here; a credential that can be used only once \
         must not be used from two machines.",
    );
    Ok(())
}

fn import(args: &ImportArgs) -> Result<(), Failure> {
    let from_stdin = args.file == Path::new(STREAM);
    if from_stdin && args.passphrase_file.is_none() {
        return Err(Failure::usage("Where the export comes on stdin, give the passphrase by --passphrase-file."));
    }
    let sealed = read(&args.file, from_stdin)?;
    let passphrase = match given_passphrase(args.passphrase_file.as_deref())? {
        Some(passphrase) => passphrase,
        None => typed::prompt("Passphrase of the export")?,
    };
    let request = Import { passphrase, sealed, replace: args.replace };
    let done: ImportView = client()?.post("/v1/vault/import", &request)?;
    let mut lines = String::new();
    for (names, what, end) in [
        (&done.added, "Imported", "."),
        (&done.replaced, "Replaced", "."),
        (
            &done.left_out,
            "Left out",
            "; there are accounts of that name here, and --replace puts the imported in their place.",
        ),
    ] {
        if !names.is_empty() {
            lines.push_str(&format!("{what} {}: {}{end}\n", counted(names.len()), names.join(", ")));
        }
    }
    output::write_parts(&[&lines])?;
    if !(done.added.is_empty() && done.replaced.is_empty()) {
        output::tell(
            "What was imported rests until it is used here; a credential that can be used only once must not be used from \
             two machines, so remove the accounts where they come from.",
        );
    }
    Ok(())
}

fn client() -> Result<Client, Failure> {
    door::open(&door::home()?)
}

/// The passphrase, where it need not be asked for: from the file, or from stdin where that is no terminal.
fn given_passphrase(file: Option<&Path>) -> Result<Option<Secret>, Failure> {
    match file {
        Some(file) => {
            let opened = File::open(file).map_err(|error| cannot_read(file, &error))?;
            typed::line(opened, &format!("passphrase in {}", file.display())).map(Some)
        }
        None if std::io::stdin().is_terminal() => Ok(None),
        None => typed::line(std::io::stdin().lock(), "passphrase on stdin").map(Some),
    }
}

fn read(file: &Path, from_stdin: bool) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if from_stdin {
        std::io::stdin().lock().take(MAX_EXPORT + 1).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|opened| opened.take(MAX_EXPORT + 1).read_to_string(&mut text))
    };
    let read = read.map_err(|error| cannot_read(file, &error))?;
    if read as u64 > MAX_EXPORT {
        return Err(Failure::usage(format!("{} is longer than any export.", file.display())));
    }
    Ok(text)
}

/// Writes the whole text under another name first, for its owner alone, so that under its own there is all of it or none.
fn write(file: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed =
        |error: std::io::Error| Failure::other(format!("{} cannot be written: {}.", file.display(), reason(&error)));
    let mut unfinished = tempfile::Builder::new().prefix(".daypass-export-").tempfile_in(folder).map_err(failed)?;
    unfinished.write_all(text.as_bytes()).and_then(|()| unfinished.as_file().sync_all()).map_err(failed)?;
    let kept = if force { unfinished.persist(file) } else { unfinished.persist_noclobber(file) };
    match kept {
        Ok(_) => sync_folder(folder).map_err(failed),
        // Made by somebody else in the meantime.
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(taken(file)),
        Err(error) => Err(failed(error.error)),
    }
}

fn taken(file: &Path) -> Failure {
    Failure::usage(format!("{} is there already; name another file, or add --force.", file.display()))
}

fn cannot_read(file: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be read: {}.", file.display(), reason(error)))
}

fn counted(accounts: usize) -> String {
    if accounts == 1 { "1 account".to_owned() } else { format!("{accounts} accounts") }
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
