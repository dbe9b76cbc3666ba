//! `daypass authority client …`.

use chrono::{DateTime, Utc};
use daypass_authority::{ClientFacts, ClientKind, Grants, Service};
use daypass_core::lineage::Scopes;
use daypass_core::{Clock as _, Secret};
use serde::Serialize;

use super::{credentials, failed, unknown};
use crate::args::authority::{AddClientArgs, ClientCommand, GrantWord};
use crate::failure::Failure;
use crate::system::SystemClock;
use crate::table::Table;
use crate::{output, words};

/// The command that lists clients.
const LIST: &str = "client list";

/// A client as `--json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    kind: &'static str,
    scopes: String,
    grants: String,
    created_at: DateTime<Utc>,
    sessions: u64,
}

/// A client with the secret that it was just given.
#[derive(Serialize)]
struct Given<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

impl<'a> From<&'a ClientFacts> for Line<'a> {
    fn from(client: &'a ClientFacts) -> Self {
        Self {
            id: &client.id,
            kind: kind(client.kind),
            scopes: client.scopes.to_string(),
            grants: client.grants.to_string(),
            created_at: client.created_at,
            sessions: client.sessions,
        }
    }
}

fn kind(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Confidential => "confidential",
        ClientKind::Public => "public",
    }
}

pub(super) async fn run(service: &Service, command: &ClientCommand) -> Result<(), Failure> {
    match command {
        ClientCommand::Add(args) => add(service, args).await,
        ClientCommand::List(args) => {
            let clients = service.clients().await.map_err(|error| failed(&error))?;
            list(&clients, args.json)
        }
        ClientCommand::Show(args) => {
            let client = found(service, &args.id).await?;
            if args.json { output::json(&Line::from(&client)) } else { show(&client) }
        }
        ClientCommand::RotateSecret(args) => {
            let client = found(service, &args.id).await?;
            if client.kind == ClientKind::Public {
                return Err(Failure::usage(format!("The client {} is public: it has no secret.", args.id)));
            }
            let secret = service.rotate_client_secret(&args.id).await.map_err(|error| failed(&error))?;
            let secret = secret.ok_or_else(|| unknown("client", &args.id, LIST))?;
            given(&args.id, Some(&secret), args.json, "has another secret, which is shown this once")
        }
        ClientCommand::Remove(args) => {
            if service.remove_client(&args.id).await.map_err(|error| failed(&error))? {
                output::line(&format!("The client {} is removed, and its sessions are ended.", args.id))
            } else {
                Err(unknown("client", &args.id, LIST))
            }
        }
    }
}

async fn found(service: &Service, id: &str) -> Result<ClientFacts, Failure> {
    service.client_facts(id).await.map_err(|error| failed(&error))?.ok_or_else(|| unknown("client", id, LIST))
}

async fn add(service: &Service, args: &AddClientArgs) -> Result<(), Failure> {
    let kind = if args.public { ClientKind::Public } else { ClientKind::Confidential };
    let scopes = Scopes::parse(&args.scopes).ok_or_else(|| {
        Failure::usage(format!(
            "{:?} are no scopes: write words with a space between each two (RFC 6749).",
            args.scopes
        ))
    })?;
    let has = |word| args.grants.contains(&word);
    let grants = match args.grants.is_empty() {
        true => Grants::all(kind),
        false => {
            Grants { client_credentials: has(GrantWord::ClientCredentials), device_code: has(GrantWord::DeviceCode) }
        }
    };
    if args.public && grants.client_credentials {
        return Err(Failure::usage("A public client has no secret, and so cannot have client_credentials."));
    }
    let added = service.register_client_for(&args.id, kind, scopes, grants).await.map_err(|error| failed(&error))?;
    let Some(client) = added else {
        return Err(Failure::usage(format!(
            "{:?} cannot be a new client's id: it is taken (see `daypass authority client list`), or is not 1 to 64 \
             letters, digits, -, . and _.",
            args.id
        )));
    };
    let told = if args.public { "was added; it has no secret" } else { "was added. Its secret is shown this once" };
    given(&client.id, client.secret.as_ref(), args.json, told)
}

fn given(id: &str, secret: Option<&Secret>, as_json: bool, told: &str) -> Result<(), Failure> {
    if as_json {
        return output::json(&Given { client_id: id, client_secret: secret.map(Secret::expose) });
    }
    match secret {
        None => output::line(&format!("The client {id} {told}.")),
        Some(secret) => {
            output::line(&format!("The client {id} {told}:"))?;
            credentials(&[("client secret", secret)])
        }
    }
}

fn list(clients: &[ClientFacts], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(&clients.iter().map(Line::from).collect::<Vec<_>>());
    }
    if clients.is_empty() {
        output::tell("There are no clients; `daypass authority client add` registers one.");
        return Ok(());
    }
    let now = SystemClock.now();
    let mut table = Table::new(&["CLIENT", "KIND", "SCOPES", "GRANTS", "ADDED", "SESSIONS"]);
    for client in clients {
        table.row(vec![
            client.id.as_str().into(),
            kind(client.kind).into(),
            client.scopes.to_string().into(),
            client.grants.to_string().into(),
            words::ago(now, Some(client.created_at)).into(),
            client.sessions.to_string().into(),
        ]);
    }
    output::write_parts(&[&table.render()])
}

fn show(client: &ClientFacts) -> Result<(), Failure> {
    output::write_parts(&[&format!(
        "client    {}\nkind      {}\nscopes    {}\ngrants    {}\nadded     {}\nsessions  {}\n",
        client.id,
        kind(client.kind),
        client.scopes,
        client.grants,
        words::instant(client.created_at),
        client.sessions
    )])
}
