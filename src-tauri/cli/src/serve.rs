//! `daypass serve`: the embedded authority as a server of its own.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use daypass_api::home::private_folder;
use daypass_api::{Home, reason};
use daypass_authority::{
    Config, DemoUser, Error, Form, Listeners, Log, PasswordFile, Service, Store, Tls, UserCredentials,
};
use daypass_core::Secret;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::args::ServeArgs;
use crate::args::setting::Keep;
use crate::configured::Configured;
use crate::failure::Failure;
use crate::host::{self, Signalled, Signals};
use crate::system::{SystemChance, SystemClock};
use crate::{door, output};

/// The line that `--json` prints when the server is ready.
#[derive(Serialize)]
struct Ready<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    demo: Option<Demo<'a>>,
}

/// The demo user's credentials, by provider; those of the native dialect are its client's.
#[derive(Serialize)]
struct Demo<'a> {
    #[serde(flatten)]
    user: User<'a>,
    native: Native<'a>,
}

/// A user's credentials, by provider.
#[derive(Serialize)]
pub(crate) struct User<'a> {
    discovr: Discovr<'a>,
    pocketpaw: PocketPaw<'a>,
    antiraid: AntiRaid<'a>,
    discover: Discover<'a>,
}

#[derive(Serialize)]
struct Discovr<'a> {
    refresh_token: &'a str,
    profile_id: &'a str,
}

#[derive(Serialize)]
struct PocketPaw<'a> {
    master_token: &'a str,
}

#[derive(Serialize)]
struct AntiRaid<'a> {
    login_token: &'a str,
    user_id: &'a str,
}

#[derive(Serialize)]
struct Discover<'a> {
    api_key: &'a str,
}

#[derive(Serialize)]
struct Native<'a> {
    client_id: &'a str,
    client_secret: &'a str,
}

impl<'a> From<&'a UserCredentials> for User<'a> {
    /// Showing these credentials is what the user was made for: they are fresh, and good for this store alone.
    fn from(user: &'a UserCredentials) -> Self {
        Self {
            discovr: Discovr {
                refresh_token: user.discovr_refresh_token.expose(),
                profile_id: &user.discovr_profile_id,
            },
            pocketpaw: PocketPaw { master_token: user.pocketpaw_master_token.expose() },
            antiraid: AntiRaid { login_token: user.antiraid_login_token.expose(), user_id: &user.antiraid_user_id },
            discover: Discover { api_key: user.discover_api_key.expose() },
        }
    }
}

impl<'a> From<&'a DemoUser> for Demo<'a> {
    fn from(user: &'a DemoUser) -> Self {
        Self {
            user: User::from(&user.user),
            native: Native { client_id: &user.native_client.id, client_secret: client_secret(user) },
        }
    }
}

/// The secret of the demo user's client, which is not a public one.
fn client_secret(user: &DemoUser) -> &str {
    user.native_client.secret.as_ref().map_or("", Secret::expose)
}

/// Serves until a signal ends it.
pub(crate) fn run(args: &ServeArgs) -> Result<(), Failure> {
    host::keep_private();
    host::open_many_files();
    let configured = Configured::read(&args.flags, args.config.as_deref(), door::home().ok().as_ref())?;
    if args.show_config {
        return configured.show(args.json);
    }
    let address = configured.listen();
    let config = configured.config();
    let tls = match configured.tls()? {
        Some((certificate, key)) => Some(
            Tls::read(certificate, key)
                .map_err(|error| Failure::usage(format!("TLS cannot be spoken: {}.", reason(&error))))?,
        ),
        None => None,
    };
    if !address.ip().is_loopback() && tls.is_none() && config.trusted_proxies.is_empty() {
        return Err(Failure::usage(format!(
            "{} is not a loopback address, and tokens must not cross a network in plain HTTP; set tls-cert and tls-key, or \
             trusted-proxies where a TLS proxy is in front.",
            address.ip()
        )));
    }
    let (store, new) = store(&configured, args.demo)?;
    runtime()?.block_on(async {
        let signals = Signals::catch()?;
        let service = service(store, config, log(&configured)?)?;
        let (listener, mut url) = listen(address).await?;
        if tls.is_some() {
            url = url.replacen("http", "https", 1);
        }
        let new = match new {
            Some(new) => new,
            None => args.demo && service.users(1).await.map_err(|error| failed(&error))?.is_empty(),
        };
        let user = if args.demo && new { Some(create_user(&service).await?) } else { None };
        if args.json {
            output::json(&Ready { url: &url, demo: user.as_ref().map(Demo::from) })?;
        } else {
            output::line(&format!("The authority listens on {url}; Ctrl-C ends it."))?;
            if let Some(user) = &user {
                output::write_parts(&introduction(user, &url))?;
            }
        }
        if args.demo && !new {
            output::tell(
                "daypass: the store was there before, so no user was created; its credentials were shown once.",
            );
        }
        drop(user);
        let metrics = match configured.metrics_listen() {
            Some(address) => Some(listen(address).await?.0),
            None => None,
        };
        serve(Listeners { main: listener, metrics, tls }, service, signals).await
    })
}

/// A thread for each processor that this process may use: unlike the others, this command has many to serve.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    crate::event_loop(tokio::runtime::Builder::new_multi_thread())
}

/// Serves until a signal asks for the end, and what is under way is done; or until a second one.
async fn serve(listeners: Listeners, service: Arc<Service>, mut signals: Signals) -> Result<(), Failure> {
    let (end, asked) = oneshot::channel::<()>();
    let tls = listeners.tls.clone();
    // A terminal that is closed ends a server; where there is a certificate, SIGHUP is how to say that there is a new one.
    let mut next = async || {
        while let (Signalled::HangUp, Some(tls)) = (signals.next().await, &tls) {
            tls.look();
        }
    };
    let serving = daypass_authority::run_at(listeners, service, async { drop(asked.await) });
    let signalled = async {
        next().await;
        drop(end);
        next().await;
    };
    tokio::select! {
        ended = serving => ended.map_err(|error| Failure::other(format!("The server has stopped: {error}."))),
        () = signalled => Err(Failure::other("A second signal came, so what was under way was cut off.")),
    }
}

/// The demo user's credentials for a person, shown this once.
fn introduction<'a>(user: &'a DemoUser, url: &'a str) -> [&'a str; 23] {
    let secret = Secret::expose;
    [
        "\nOne user was created. The credentials are shown this once:\n  discovr    refresh token  ",
        secret(&user.discovr_refresh_token),
        "\n             profile_id     ",
        &user.discovr_profile_id,
        "\n  pocketpaw  master token   ",
        secret(&user.pocketpaw_master_token),
        "\n  antiraid   login token    ",
        secret(&user.antiraid_login_token),
        "\n             user id        ",
        &user.antiraid_user_id,
        "\n  discover   API key        ",
        secret(&user.discover_api_key),
        "\n  OAuth 2.0  client id      ",
        &user.native_client.id,
        "\n             client secret  ",
        client_secret(user),
        "\nConnect one, and paste its credential:\n  daypass account add pocketpaw --name paw --base-url ",
        url,
        "\nor ask for a token as an OAuth client; it asks for the secret:\n  curl -u ",
        &user.native_client.id,
        " -d grant_type=client_credentials ",
        url,
        "/oauth2/token\n",
    ]
}

/// The store that is configured, and whether it is a new one; of a database nobody knows that yet.
fn store(configured: &Configured, demo: bool) -> Result<(Store, Option<bool>), Failure> {
    let file = match configured.store() {
        Some(Keep::File(file)) => file,
        Some(Keep::Database(url)) => return Ok((database(url).map_err(|error| failed(&error))?, None)),
        None if demo => return Ok((Store::in_memory().map_err(|error| failed(&error))?, Some(true))),
        None => {
            let home: Home = door::home()?;
            private_folder(home.data_dir())?;
            home.authority_file()
        }
    };
    // An empty file is what a start that failed may have left behind.
    let new = std::fs::metadata(&file).map_or(true, |there| there.len() == 0);
    let store = Store::sqlite(&file).map_err(|error| failed(&error))?;
    Ok((store, Some(new)))
}

/// The store in the database at `url`. Its password is where PostgreSQL's own programs look for it, and others cannot: in
/// `PGPASSWORD`, in the environment of this process, or in a password file. One that is not to be used is told, and passed
/// over: perhaps no password is asked for.
pub(crate) fn database(url: String) -> Result<Store, Error> {
    let url = Secret::new(url);
    let said = std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty()).map(Secret::new);
    let password = match (said, password_file()) {
        (None, Some(file)) => match file.password(&url) {
            Err(problem @ Error::PasswordFile { .. }) => {
                output::tell(&format!("daypass: {problem}."));
                None
            }
            found => found?,
        },
        (said, _) => said,
    };
    Store::postgres(&url, password.as_ref())
}

/// The password file that `PGPASSFILE` names, or the usual one of this user; none where there is no home.
fn password_file() -> Option<PasswordFile> {
    let place = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(path) = place("PGPASSFILE") else {
        #[cfg(unix)]
        let usual = place("HOME").map(|home| home.join(".pgpass"));
        #[cfg(not(unix))]
        let usual = place("APPDATA").map(|folder| folder.join("postgresql").join("pgpass.conf"));
        return usual.map(PasswordFile::new);
    };
    // Where systemd puts what `LoadCredential=` names: the folder is the service's alone.
    let guarded = place("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
    Some(if guarded { PasswordFile::guarded(path) } else { PasswordFile::new(path) })
}

/// The log on stderr, as it is configured.
fn log(configured: &Configured) -> Result<Log, Failure> {
    let Some(level) = configured.log_level() else { return Ok(Log::silent()) };
    let stderr = std::io::stderr();
    let usual = if stderr.is_terminal() { Form::Text } else { Form::Json };
    Log::start(Box::new(stderr), configured.log_form().unwrap_or(usual), level, Arc::new(SystemClock))
        .map_err(|error| Failure::other(format!("The log cannot be started: {}.", reason(&error))))
}

/// The service over `store`, in the machine's time and chance.
pub(crate) fn service(store: Store, config: Config, log: Log) -> Result<Arc<Service>, Failure> {
    Service::open_logged(store, Arc::new(SystemClock), Arc::new(SystemChance), config, log)
        .map_err(|error| failed(&error))
}

/// A listener on `address`, and the URL that leads to it.
pub(crate) async fn listen(address: SocketAddr) -> Result<(TcpListener, String), Failure> {
    let cannot = |error: std::io::Error| {
        Failure::other(format!("Nothing can listen on {address}: {}; choose another with --listen.", reason(&error)))
    };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let url = format!("http://{}", listener.local_addr().map_err(cannot)?);
    Ok((listener, url))
}

/// The demo user of a new store.
pub(crate) async fn create_user(service: &Service) -> Result<DemoUser, Failure> {
    service.create_demo_user().await.map_err(|error| failed(&error))
}

fn failed(error: &daypass_authority::Error) -> Failure {
    Failure::other(format!("The authority cannot start: {error}."))
}
