//! What a shell may put in where the user presses Tab: commands and options as the parser knows them, accounts as the agent that
//! runs has them. The scripts that ask come with a package (`src-tauri/package/`).

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::CommandFactory;
use clap_complete::env::CompleteEnv;
use clap_complete::{ArgValueCandidates, CompletionCandidate};
use daypass_api::Home;
use daypass_api::client::Client;
use daypass_api::view::Snapshot;
use daypass_providers::{Catalog, Definition};

use crate::args::Cli;

/// The variable by which a shell asks; its value is the shell's name.
const VARIABLE: &str = "DAYPASS_COMPLETE";

/// Answers a shell that asks what may follow `typed`; `None` where none asks.
pub(crate) fn answer(typed: &[OsString]) -> Option<ExitCode> {
    std::env::var_os(VARIABLE)?;
    let folder = std::env::current_dir().ok();
    match CompleteEnv::with_factory(command).var(VARIABLE).try_complete(typed, folder.as_deref()) {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        Err(error) => Some(crate::not_parsed(&error)),
    }
}

/// Every command, with what its arguments may be.
fn command() -> clap::Command {
    let named = |command: clap::Command| command.mut_arg("name", |arg| arg.add(ArgValueCandidates::new(accounts)));
    offering(Cli::command())
        .mut_subcommand("account", |account| account.mut_subcommand("show", named).mut_subcommand("remove", named))
}

/// `command` and all below it: whatever is called an account or a provider is offered as one.
fn offering(command: clap::Command) -> clap::Command {
    command.mut_subcommands(offering).mut_args(|arg| match arg.get_id().as_str() {
        "account" => arg.add(ArgValueCandidates::new(accounts)),
        "provider" => arg.add(ArgValueCandidates::new(providers)),
        _ => arg,
    })
}

/// The accounts of the agent that runs. None is started for it: pressing Tab opens no vault.
fn accounts() -> Vec<CompletionCandidate> {
    let snapshot = home().and_then(|home| Client::new(&home).ok()?.get::<Snapshot>("/v1/snapshot").ok());
    let accounts = snapshot.into_iter().flat_map(|snapshot| snapshot.accounts);
    accounts.map(|account| CompletionCandidate::new(account.name).help(Some(account.title.into()))).collect()
}

/// The providers, the user's own included; a broken definition is told by other commands.
fn providers() -> Vec<CompletionCandidate> {
    let Some(home) = home() else { return Vec::new() };
    let (catalog, _) = Catalog::load(&home.providers_dir());
    let offered = |known: &Arc<Definition>| {
        CompletionCandidate::new(known.name().to_owned()).help(Some(known.title().to_owned().into()))
    };
    catalog.all().map(offered).collect()
}

fn home() -> Option<Home> {
    Home::from_env(|name| std::env::var_os(name)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments of `command` and of all below it, by the words that lead there, for which something is offered.
    fn offered(command: &clap::Command, path: &str) -> Vec<String> {
        let own = command.get_arguments().filter(|arg| arg.get::<ArgValueCandidates>().is_some());
        let own = own.map(|arg| format!("{path}{}", arg.get_id()));
        let below = command.get_subcommands().flat_map(|below| offered(below, &format!("{path}{} ", below.get_name())));
        own.chain(below).collect()
    }

    #[test]
    fn accounts_and_providers_are_offered_where_they_are_typed() {
        let offered = offered(&command(), "");
        for place in [
            "token account",
            "copy account",
            "log account",
            "session revoke account",
            "account add provider",
            "account remove name",
        ] {
            assert!(offered.iter().any(|known| known == place), "{place}: {offered:?}");
        }
    }
}
