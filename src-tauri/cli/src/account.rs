//! `daypass account …`: connecting, listing, showing and removing accounts.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use daypass_api::client::Client;
use daypass_api::request::{AddAccount, SignIn};
use daypass_api::view::{AccountView, Health, ProviderView, RemoveView, SignInState, SignInView, Snapshot};
use daypass_api::{ApiError, Home, path};
use daypass_core::{Clock, Secret};

use crate::args::{AccountCommand, AddArgs, ListArgs, RemoveArgs, ShowArgs};
use crate::failure::Failure;
use crate::host::Signals;
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{door, output, session, typed, words};

/// How often a sign-in is asked for: the agent polls the provider at its own pace.
const SIGN_IN_INTERVAL: Duration = Duration::from_secs(1);

/// Does one of the commands.
pub(crate) fn run(command: &AccountCommand) -> Result<(), Failure> {
    let home = door::home()?;
    match command {
        AccountCommand::Add(args) if args.sign_in => sign_in(&home, args),
        AccountCommand::Add(args) => add(&home, args),
        AccountCommand::List(args) => list(&home, args),
        AccountCommand::Show(args) => show(&home, args),
        AccountCommand::Remove(args) => remove(&home, args),
    }
}

fn add(home: &Home, args: &AddArgs) -> Result<(), Failure> {
    let params = params(&args.set)?;
    // Read before an agent is started: a wrong use of the command line starts nothing.
    let from_stdin =
        if args.credential_stdin { Some(typed::line(std::io::stdin().lock(), "credential on stdin")?) } else { None };
    if from_stdin.is_none() && !std::io::stdin().is_terminal() {
        return Err(Failure::usage("Pipe the credential in and say --credential-stdin, or run this in a terminal."));
    }
    let client = door::open(home)?;
    let credential = match from_stdin {
        Some(credential) => credential,
        None => prompt(&client, &args.provider)?,
    };
    let request = AddAccount {
        provider: args.provider.clone(),
        name: args.name.clone(),
        base_url: args.base_url.clone(),
        params,
        credential: Some(credential),
        command: None,
        check: !args.no_check,
        life: args.life.map(|life| life.as_secs()),
        pinned: args.pin,
    };
    let account: AccountView = client.post("/v1/accounts", &request)?;
    output::line(&connected(&account))
}

fn connected(account: &AccountView) -> String {
    format!("Connected {} to {} at {}.", account.name, account.title, account.base_url)
}

/// `--set` as a map; a key that is given twice is a mistake.
fn params(settings: &[(String, String)]) -> Result<BTreeMap<String, String>, Failure> {
    let mut params = BTreeMap::new();
    for (key, value) in settings {
        if params.insert(key.clone(), value.clone()).is_some() {
            return Err(Failure::usage(format!("--set {key}=… is given twice; give it once.")));
        }
    }
    Ok(params)
}

/// Asks for the credential on the terminal, without echo, by the name that the provider has for it.
fn prompt(client: &Client, provider: &str) -> Result<Secret, Failure> {
    let providers: Vec<ProviderView> = client.get("/v1/providers")?;
    let names = || providers.iter().map(|provider| provider.name.as_str()).collect::<Vec<_>>().join(", ");
    let provider = providers
        .iter()
        .find(|known| known.name == provider)
        .ok_or_else(|| Failure::usage(format!("There is no provider called {provider}; there are: {}.", names())))?;
    output::tell(&provider.credential.help);
    typed::prompt(&provider.credential.label)
}

fn list(home: &Home, args: &ListArgs) -> Result<(), Failure> {
    let snapshot: Snapshot = door::read(home, "/v1/snapshot")?;
    let problem = door::vault_problem(&snapshot.vault);
    if let (true, Some(problem)) = (snapshot.accounts.is_empty(), &problem) {
        return Err(problem.clone().into());
    }
    if args.json {
        output::json(&snapshot.accounts)?;
    } else if snapshot.accounts.is_empty() {
        output::tell("There is no account yet; connect one with `daypass account add`.");
    } else {
        output::write_parts(&[&table(&snapshot.accounts).render()])?;
    }
    if let Some(problem) = problem {
        output::tell(&format!("daypass: {}", problem.message));
    }
    Ok(())
}

/// The accounts, one a line.
pub(crate) fn table(accounts: &[AccountView]) -> Table {
    let now = SystemClock.now();
    let mut table = Table::new(&["ACCOUNT", "PROVIDER", "TOKEN", "STATE", "USED"]);
    for account in accounts {
        let (state, tone) = health(account);
        let life = match (&account.current, account.expires_at) {
            (None, _) => Cell::toned("none yet", Tone::Dim),
            (Some(_), end) => words::left(now, end).into(),
        };
        let used = Cell::toned(words::ago(now, account.last_used_at), Tone::Dim);
        table.row(vec![
            account.name.as_str().into(),
            account.title.as_str().into(),
            life,
            Cell::toned(state, tone),
            used,
        ]);
    }
    table
}

fn health(account: &AccountView) -> (&'static str, Tone) {
    match account.health {
        Health::Well => ("well", Tone::Plain),
        Health::Refreshing => ("refreshing", Tone::Plain),
        Health::Trouble => ("trouble", Tone::Warn),
        Health::NeedsYou => ("needs you", Tone::Bad),
    }
}

fn show(home: &Home, args: &ShowArgs) -> Result<(), Failure> {
    let account: AccountView = door::read(home, &path::account(&args.name)?)?;
    if args.json {
        return output::json(&account);
    }
    let now = SystemClock.now();
    let mut lines = vec![
        ("account", account.name.clone()),
        ("provider", format!("{} ({})", account.title, account.provider)),
        ("address", account.base_url.clone()),
    ];
    lines.extend(account.params.iter().map(|(key, value)| ("parameter", format!("{key} = {value}"))));
    lines.push(("state", health(&account).0.to_owned()));
    if let Some(problem) = &account.problem {
        lines.push(("problem", problem.message.clone()));
    }
    if let Some(end) = account.expires_at {
        lines.push(("token", format!("{}, until {}", words::left(now, Some(end)), words::instant(end))));
    }
    if let Some(at) = account.next_refresh_at {
        lines.push(("refresh", format!("planned for {}", words::instant(at))));
    }
    lines.push(("used", words::ago(now, account.last_used_at)));
    lines.push(("kept fresh", if account.pinned { "always" } else { "while it is used" }.to_owned()));
    let mut text = String::new();
    for (key, value) in lines {
        text.push_str(&format!("{key:<10}  {value}\n"));
    }
    if !account.sessions.is_empty() {
        text.push('\n');
        text.push_str(&session::table(&account.sessions, false).render());
    }
    output::write_parts(&[&text])
}

fn remove(home: &Home, args: &RemoveArgs) -> Result<(), Failure> {
    door::open(home)?.delete::<RemoveView>(&path::account(&args.name)?)?;
    output::line(&format!("Removed {}; nothing was revoked at the provider.", args.name))
}

/// Connects by device code: shows the code, and waits until it was typed elsewhere.
fn sign_in(home: &Home, args: &AddArgs) -> Result<(), Failure> {
    let request = SignIn {
        provider: args.provider.clone(),
        name: args.name.clone(),
        base_url: args.base_url.clone(),
        params: params(&args.set)?,
    };
    let client = door::open(home)?;
    let name = crate::runtime()?.block_on(async {
        // Caught before the sign-in begins, so that it is given up cleanly from its first moment on.
        let signals = Signals::catch()?;
        let begun: SignInView = client.post("/v1/sign-ins", &request)?;
        output::tell(&format!(
            "Enter the code {} at {} on another device, until {}. Waiting …",
            begun.user_code,
            args.provider,
            words::instant(begun.expires_at)
        ));
        let path = path::sign_in(&begun.id)?;
        tokio::select! {
            ended = signed_in(&client, &path) => ended,
            () = signals.end() => {
                client.delete::<()>(&path)?;
                Err(Failure::other("The sign-in was given up; nothing was stored."))
            }
        }
    })?;
    let account: AccountView = client.get(&path::account(&name)?)?;
    output::line(&connected(&account))
}

/// Waits for the end of a sign-in, and answers the account's name.
async fn signed_in(client: &Client, path: &str) -> Result<String, Failure> {
    let mut pace = tokio::time::interval(SIGN_IN_INTERVAL);
    loop {
        pace.tick().await;
        let view: SignInView = client.get(path)?;
        match view.state {
            SignInState::Pending => {}
            SignInState::Done { account } => return Ok(account),
            SignInState::Failed { error } => return Err(ApiError::into(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_given_once() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(params(&[pair("a", "1"), pair("b", "2")]).map(|params| params.len()), Ok(2));
        assert!(params(&[pair("a", "1"), pair("a", "2")]).is_err());
    }
}
