//! Daypass: the command line, and the one place where agent, tray and authority are put together in a process.

mod account;
mod admin;
mod agent;
mod args;
mod authority;
mod autostart;
mod complete;
mod configured;
mod demo;
mod display;
mod door;
mod failure;
mod host;
mod launch;
mod live;
mod log;
mod machine;
mod output;
#[cfg_attr(unix, path = "process/unix.rs")]
#[cfg_attr(windows, path = "process/windows.rs")]
mod process;
mod providers;
mod serve;
mod session;
mod settings;
mod status;
mod system;
mod table;
mod token;
mod tray;
mod typed;
mod vault;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command, TokenArgs};
use crate::failure::{Exit, Failure};

fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    // `daypass token` stands in scripts and prompts, so its way is kept short.
    if let [_, command, rest @ ..] = typed.as_slice()
        && command == "token"
    {
        return match TokenArgs::plain(rest).map_or_else(|| TokenArgs::try_parse_from(&typed[1..]), Ok) {
            Ok(args) => ended(token::run(&args)),
            Err(error) => not_parsed(&error),
        };
    }
    if let Some(answered) = complete::answer(&typed) {
        return answered;
    }
    match Cli::try_parse_from(typed) {
        #[cfg(target_os = "macos")]
        Ok(Cli { command: command @ Command::Tray(_) }) => {
            daypass_tray::beside_the_main_thread(move || code(run(&command)))
        }
        Ok(cli) => ended(run(&cli.command)),
        Err(error) => not_parsed(&error),
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(args),
        Command::Authority(args) => admin::run(args),
        Command::Tray(args) => tray::run(args),
        Command::Agent(args) => agent::run(args),
        Command::Providers(args) => providers::run(args),
        Command::Account(command) => account::run(command),
        Command::Token(args) => token::run(args),
        Command::Sessions(args) => session::list(args),
        Command::Session(command) => session::run(command),
        Command::Copy(args) => status::copy(args),
        Command::Palette(_) => status::palette(),
        Command::Status(args) => status::status(args),
        Command::Log(args) => log::run(args),
        Command::Settings(args) => settings::run(args),
        Command::Vault(command) => vault::run(command),
    }
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    ExitCode::from(code(result))
}

/// Tells what went wrong, and answers the code to end with.
fn code(result: Result<(), Failure>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(failure) => {
            let advice = advice(failure.exit).map(|advice| format!(" {advice}"));
            output::tell(&format!("daypass: {}{}", failure.message, advice.unwrap_or_default()));
            failure.exit as u8
        }
    }
}

/// What can be typed about a failure. The failure's own words say nothing of it where the window shows them as well.
fn advice(exit: Exit) -> Option<String> {
    match exit {
        Exit::Locked => door::home().ok().and_then(|home| door::unused_key(&home)),
        Exit::NeedsSignIn => Some("`daypass account add` takes another credential, or signs in.".to_owned()),
        _ => None,
    }
}

/// Help and version go to stdout and are no failure; a wrong use goes to stderr.
fn not_parsed(error: &clap::Error) -> ExitCode {
    // Where neither can be written, nothing is left to be said.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Runs a long-lived part of the program to its end, and does not wait for what then still blocks a thread: a keyring that
/// never answers must not keep a process that has ended alive.
fn run_to_end(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(work);
    runtime.shutdown_background();
    ended
}

/// A runtime on this thread alone: an agent waits far more than it computes, and threads cost memory.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    event_loop(tokio::runtime::Builder::new_current_thread())
}

/// What `kind` builds, with timers and input.
fn event_loop(mut kind: tokio::runtime::Builder) -> Result<tokio::runtime::Runtime, Failure> {
    let built = kind.enable_all().build();
    built.map_err(|error| Failure::other(format!("The event loop cannot be made: {error}.")))
}
