//! `daypass authority …`: an administrator's commands, each on the store itself, whatever servers run on it.

mod client;
mod copy;
mod device;
mod key;
mod session;
mod user;

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use daypass_authority::{Error, Store};
use daypass_core::Secret;

use crate::args::authority::{AuthorityArgs, AuthorityCommand, BackupArgs, ClientCommand, RestoreArgs, UserCommand};
use crate::args::setting::Flags;
use crate::args::setting::Keep;
use crate::configured::Configured;
use crate::failure::{Exit, Failure};
use crate::{door, host, output, serve};

/// Does one of the commands.
pub(crate) fn run(args: &AuthorityArgs) -> Result<(), Failure> {
    // What is printed may be a secret, and the store holds keys.
    host::keep_private();
    let begins = matches!(
        args.command,
        AuthorityCommand::User(UserCommand::Add(_)) | AuthorityCommand::Client(ClientCommand::Add(_))
    );
    let flags = Flags::default().with("store", args.store.as_ref());
    let configured = Configured::read(&flags, args.config.as_deref(), door::home().ok().as_ref())?;
    let file = match configured.store() {
        Some(Keep::File(file)) => file,
        Some(Keep::Database(url)) => {
            if matches!(args.command, AuthorityCommand::Backup(_) | AuthorityCommand::Restore(_)) {
                return Err(Failure::usage(
                    "A store in PostgreSQL is backed up by pg_dump, and restored by pg_restore.",
                ));
            }
            return served(args, &configured, serve::database(url).map_err(|error| failed(&error))?);
        }
        None => usual_store()?,
    };
    if let AuthorityCommand::Restore(RestoreArgs { file: from, force }) = &args.command {
        return copy::restore(&file, from, *force);
    }
    if !begins && !file.exists() {
        return Err(Failure::new(
            Exit::Unknown,
            format!(
                "There is no store at {}; `daypass serve` makes one, or name another with --store.",
                file.display()
            ),
        ));
    }
    if let AuthorityCommand::Backup(BackupArgs { file: to, force }) = &args.command {
        return copy::backup(&file, to, *force);
    }
    served(args, &configured, Store::sqlite(&file).map_err(|error| failed(&error))?)
}

/// Does a command that needs a service, over `store`.
fn served(args: &AuthorityArgs, configured: &Configured, store: Store) -> Result<(), Failure> {
    let service = serve::service(store, configured.config(), daypass_authority::Log::silent())?;
    crate::runtime()?.block_on(async {
        match &args.command {
            // Done above: they need no service.
            AuthorityCommand::Backup(_) | AuthorityCommand::Restore(_) => Ok(()),
            AuthorityCommand::User(command) => user::run(&service, command).await,
            AuthorityCommand::Client(command) => client::run(&service, command).await,
            AuthorityCommand::Key(command) => key::run(&service, command).await,
            AuthorityCommand::Session(command) => session::run(&service, command).await,
            AuthorityCommand::Device(command) => device::run(&service, command).await,
        }
    })
}

/// The store of `daypass serve`.
fn usual_store() -> Result<PathBuf, Failure> {
    let home = door::home()?;
    daypass_api::home::private_folder(home.data_dir())?;
    Ok(home.authority_file())
}

/// Asks on the terminal whether `what` is meant, with the lines `about` it: whoever types yes goes on, and to others it is
/// said that it is `undone`.
fn confirm(about: &str, what: &str, undone: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(format!("{what}; say that it is meant with --yes.")));
    }
    output::tell(&format!("{about}{what}. Type yes to do it:"));
    let mut typed = String::new();
    let read = stdin.lock().read_line(&mut typed);
    if read.is_ok() && typed.trim() == "yes" { Ok(()) } else { Err(Failure::usage(undone)) }
}

/// What is told of a store that fails.
fn failed(error: &Error) -> Failure {
    Failure::other(format!("This cannot be done: {error}."))
}

/// That there is no `what` named `id`; `list` shows those that are there.
fn unknown(what: &str, id: &str, list: &str) -> Failure {
    Failure::new(
        Exit::Unknown,
        format!("There is no {what} {id:?} in this store; `daypass authority {list}` shows them."),
    )
}

/// Lines of a name and a value each, the values below each other. A value may be a secret, which is shown this once.
fn credentials(lines: &[(&str, &Secret)]) -> Result<(), Failure> {
    let widest = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, secret) in lines {
        output::write_parts(&[&format!("  {name:widest$}  "), secret.expose(), "\n"])?;
    }
    Ok(())
}
