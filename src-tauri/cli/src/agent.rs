//! `daypass agent`: the headless agent, in the foreground or as other commands start it.

use daypass_agent::{AgentLock, KeySource};
use daypass_api::client::Client;
use daypass_api::request::Shutdown;
use daypass_api::view::StatusView;
use daypass_api::{ApiError, ErrorCode, Home};

use crate::args::AgentArgs;
use crate::failure::{Exit, Failure};
use crate::host::{self, Signals};
use crate::launch::{self, Greeting, Place, Starting};
use crate::{door, output, process};

/// Does what `args` ask.
pub(crate) fn run(args: &AgentArgs) -> Result<(), Failure> {
    if args.stop {
        return stop(&door::home()?);
    }
    host::keep_private();
    if !args.background {
        let (home, key) = named()?;
        let starting = Starting::wait(&home)?;
        let lock = match launch::place(&home)? {
            Place::Ours(lock) => lock,
            Place::Taken(status) => return Err(taken(&status)),
        };
        return serve(&home, key, lock, move || {
            drop(starting);
            output::tell("The agent is ready; Ctrl-C ends it.");
        });
    }
    // The starter waits for one line on our stdout, whatever comes of it; it holds the lock of those who start.
    let started = background();
    if let Err(failure) = &started {
        launch::greet(&Greeting::Failed(told(failure)));
    }
    started
}

fn background() -> Result<(), Failure> {
    // Read while we stand in the starter's folder: what is relative is meant from there.
    let (home, key) = named()?;
    process::detach()?;
    match launch::place(&home)? {
        Place::Ours(lock) => {
            let mut ready = false;
            serve(&home, key, lock, || {
                ready = true;
                launch::greet(&Greeting::Ready);
            })?;
            let ended = || Failure::other("The agent was told to end before it was ready; try again.");
            if ready { Ok(()) } else { Err(ended()) }
        }
        Place::Taken(_) => {
            launch::greet(&Greeting::Ready);
            Ok(())
        }
    }
}

/// The home and the source of the vault's key that the environment names.
fn named() -> Result<(Home, KeySource), Failure> {
    Ok((door::home()?, host::key_source()?))
}

fn serve(home: &Home, key: KeySource, lock: AgentLock, ready: impl FnOnce()) -> Result<(), Failure> {
    crate::run_to_end(async {
        let signals = Signals::catch()?;
        let agent = host::start_agent(home, key).await?;
        host::serve_agent(agent, lock, home, None, signals.end(), ready).await
    })
}

/// There is an agent, and it is this one.
fn taken(by: &StatusView) -> Failure {
    let place = if by.tray { "in the tray app" } else { "headless" };
    Failure::other(format!("An agent is already running {place} (process {}); there is one for each user.", by.pid))
}

/// `--stop`: ends the agent, and comes back when its place is free.
fn stop(home: &Home) -> Result<(), Failure> {
    if !AgentLock::is_held(home) {
        return output::line("No agent is running.");
    }
    // Nobody shall start another one while this one ends.
    let _starting = Starting::wait(home)?;
    let client = Client::new(home)?;
    launch::place_of_one_that_ends(home, || client.post("/v1/shutdown", &Shutdown::default()))?;
    output::line("The agent has ended.")
}

/// The failure in the words of the local API, for the starter; the codes lead to the same exit code there.
fn told(failure: &Failure) -> ApiError {
    let code = match failure.exit {
        Exit::Other => ErrorCode::Internal,
        Exit::Usage => ErrorCode::BadRequest,
        Exit::NeedsSignIn => ErrorCode::NeedsSignIn,
        Exit::Locked => ErrorCode::Locked,
        Exit::Provider => ErrorCode::Offline,
        Exit::Unknown => ErrorCode::UnknownAccount,
        Exit::NotSupported => ErrorCode::NotSupported,
    };
    ApiError::new(code, failure.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starter_ends_with_the_code_of_the_agent() {
        use Exit::{Locked, NeedsSignIn, NotSupported, Other, Provider, Unknown, Usage};
        for exit in [Other, Usage, NeedsSignIn, Locked, Provider, Unknown, NotSupported] {
            let failure = Failure::new(exit, "Why.");
            assert_eq!(Failure::from(told(&failure)), failure);
        }
    }
}
