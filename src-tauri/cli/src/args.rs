//! The command line as it is typed: every command with its options, its help and an example.

// With their paths: the manual is made of this file in another crate, where they would be looked for beside it.
#[path = "args/authority.rs"]
pub(crate) mod authority;
#[path = "args/serve.rs"]
mod serve;
#[path = "args/setting.rs"]
pub(crate) mod setting;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};

pub(crate) use serve::ServeArgs;

use crate::words::{Since, parse_life, parse_since};

const EXIT_CODES: &str = "\
Exit codes:
  0 done          3 needs sign-in                    6 unknown account or session
  1 other         4 locked                           7 not supported by the provider
  2 wrong usage   5 offline, or the provider fails

Environment:
  DAYPASS_HOME             keeps configuration, data and socket under this folder
  DAYPASS_VAULT_KEY_FILE   a file of 32 bytes or more that opens the vault, in place of the keyring
  DAYPASS_PASSPHRASE_FILE  a file with a passphrase that opens the vault, in place of the keyring

Example:
  daypass account add pocketpaw --name paw
  curl -H \"$(daypass token paw --header)\" http://localhost:8000/api/v1/health";

/// Keeps session tokens alive, and hands out one that still lives.
#[derive(Debug, Parser)]
#[command(name = "daypass", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the embedded authority: a server that issues session tokens itself
    Serve(ServeArgs),
    /// Administer an authority: its users, OAuth clients, keys, sessions and backups
    Authority(authority::AuthorityArgs),
    /// Run the tray app: icon, agent, and the window when it is wanted
    Tray(TrayArgs),
    /// Run the agent in the foreground, without a desktop
    Agent(AgentArgs),
    /// List the providers that accounts can be connected to
    Providers(ProvidersArgs),
    /// Connect, list, show and remove accounts
    #[command(subcommand, after_help = "Example:\n  daypass account list")]
    Account(AccountCommand),
    /// Print a session token that still lives
    Token(TokenArgs),
    /// List the sessions of an account, or of all
    Sessions(SessionsArgs),
    /// Create and revoke sessions
    #[command(subcommand, after_help = "Example:\n  daypass session create work --name ci --life 7d")]
    Session(SessionCommand),
    /// Put a token on the clipboard, through the tray app
    Copy(CopyArgs),
    /// Open the palette for quick copies, or close it: for keys of the window manager
    Palette(PaletteArgs),
    /// Show whether an agent runs, and how it is
    Status(StatusArgs),
    /// Show what happened: every refresh, failure, copy and revocation
    Log(LogArgs),
    /// Show and change the settings
    Settings(SettingsArgs),
    /// Show how the vault is; take its accounts to another machine
    #[command(subcommand, after_help = "Example:\n  daypass vault status")]
    Vault(VaultCommand),
}

/// `daypass tray`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without a display the agent runs all the same, and the accounts are shown in the terminal.\n\n\
                        Example:\n  daypass tray --demo"
)]
pub(crate) struct TrayArgs {
    /// Show everything at once: a scratch home, and an own authority with all four systems connected to it
    #[arg(long)]
    pub(crate) demo: bool,
}

/// `daypass agent`.
#[derive(Debug, Args)]
#[command(
    after_help = "Other commands start an agent in the background when none runs; it stays until it is stopped.\n\n\
                        Example:\n  daypass agent --stop"
)]
pub(crate) struct AgentArgs {
    /// End the agent that runs in the background
    #[arg(long)]
    pub(crate) stop: bool,
    /// How other commands start it: detached, telling on stdout when it is ready.
    #[arg(long, hide = true, conflicts_with = "stop")]
    pub(crate) background: bool,
}

/// `daypass providers`.
#[derive(Debug, Args)]
#[command(after_help = "Definitions of your own are TOML files in the folder `providers` of the configuration.\n\n\
                        Example:\n  daypass providers --json")]
pub(crate) struct ProvidersArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass account …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Connect an account; its credential is tried once before it is stored
    Add(AddArgs),
    /// List the accounts
    List(ListArgs),
    /// Show one account
    Show(ShowArgs),
    /// Remove an account and all that is stored of it; nothing is revoked
    Remove(RemoveArgs),
}

/// `daypass account add`.
#[derive(Debug, Args)]
#[command(after_help = "The credential is read from stdin or from a prompt, never from the command line.\n\n\
                        Example:\n  pass show paw | daypass account add pocketpaw --name paw --credential-stdin")]
pub(crate) struct AddArgs {
    /// The provider, such as discovr (see `daypass providers`)
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) provider: String,
    /// Your name for the account
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    /// Where the provider is, if not at its own address
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// A parameter of the account; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Read the credential from stdin instead of asking for it
    #[arg(long, conflicts_with = "sign_in")]
    pub(crate) credential_stdin: bool,
    /// Sign in on another device instead of giving a credential, where the provider offers it
    #[arg(long, conflicts_with_all = ["no_check", "life", "pin"])]
    pub(crate) sign_in: bool,
    /// Store the credential without trying it
    #[arg(long)]
    pub(crate) no_check: bool,
    /// The life of the account's current session, such as 30m, 12h or 7d, where it can be chosen
    #[arg(long, value_name = "LIFE", value_parser = parse_life)]
    pub(crate) life: Option<Duration>,
    /// Keep its token fresh always, not only while it is used
    #[arg(long)]
    pub(crate) pin: bool,
}

/// `daypass account list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass account list --json")]
pub(crate) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass account show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass account show work")]
pub(crate) struct ShowArgs {
    /// The account
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass account remove`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass account remove work")]
pub(crate) struct RemoveArgs {
    /// The account
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
}

/// `daypass token`. A parser of its own too, so that the quickest path builds no other command.
#[derive(Debug, PartialEq, Eq, Parser)]
#[command(bin_name = "daypass token", max_term_width = 100)]
#[command(about = "Print a session token that still lives")]
#[command(after_help = "Example:\n  curl -H \"$(daypass token work --header)\" https://api.example.com/me")]
pub(crate) struct TokenArgs {
    /// The account; the only one, or the one used last, if left out
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) account: Option<String>,
    /// Refresh first if the token has less than this left
    #[arg(long, value_name = "SECONDS")]
    pub(crate) min_ttl: Option<u64>,
    /// Refresh first in any case
    #[arg(long)]
    pub(crate) fresh: bool,
    /// The session whose token is wanted, if not the current one
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) session: Option<String>,
    /// Print JSON: the token with its expiry and session
    #[arg(long, conflicts_with = "header")]
    pub(crate) json: bool,
    /// Print the header that the provider wants, such as `Authorization: Bearer …`
    #[arg(long)]
    pub(crate) header: bool,
}

impl TokenArgs {
    /// What the parser would answer to the plain forms in which scripts ask, without building the parser, which takes
    /// longer than all the rest of our part. `None` for any other form: the parser has the last word on those.
    pub(crate) fn plain(typed: &[OsString]) -> Option<Self> {
        let mut args = Self { account: None, min_ttl: None, fresh: false, session: None, json: false, header: false };
        let mut typed = typed.iter().map(|word| word.to_str());
        while let Some(word) = typed.next() {
            match word? {
                "--fresh" if !args.fresh => args.fresh = true,
                "--json" if !args.json && !args.header => args.json = true,
                "--header" if !args.json && !args.header => args.header = true,
                "--min-ttl" if args.min_ttl.is_none() => args.min_ttl = Some(typed.next()??.parse().ok()?),
                account if args.account.is_none() && !account.is_empty() && !account.starts_with('-') => {
                    args.account = Some(account.to_owned());
                }
                _ => return None,
            }
        }
        Some(args)
    }
}

/// `daypass sessions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass sessions work --json")]
pub(crate) struct SessionsArgs {
    /// The account; all if left out
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) account: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass session …`.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Create a session beside the current one
    Create(CreateArgs),
    /// Show what is known of a session, and what its token says of itself
    Show(ShowSessionArgs),
    /// Revoke one session, or all of an account
    Revoke(RevokeArgs),
}

/// `daypass session show`.
#[derive(Debug, Args)]
#[command(after_help = "The claims of a token are shown where it is a JWT, and its signature never is.\n\n\
                        Example:\n  daypass session show work 5f0c9a2e")]
pub(crate) struct ShowSessionArgs {
    /// The account
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) account: String,
    /// The session (see `daypass sessions`)
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass session create`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass session create work --name ci --life 7d")]
pub(crate) struct CreateArgs {
    /// The account
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) account: String,
    /// The session's name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Its life, such as 90s, 30m, 12h or 7d, where the provider lets one choose
    #[arg(long, value_name = "LIFE", value_parser = parse_life)]
    pub(crate) life: Option<Duration>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass session revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass session revoke work 5f0c9a2e")]
pub(crate) struct RevokeArgs {
    /// The account
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) account: String,
    /// The session (see `daypass sessions`)
    #[arg(required_unless_present = "all", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: Option<String>,
    /// Revoke every session of the account
    #[arg(long, conflicts_with_all = ["id", "forget"])]
    pub(crate) all: bool,
    /// Drop the session here only; at the provider it stays valid until it expires
    #[arg(long)]
    pub(crate) forget: bool,
}

/// `daypass copy`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass copy work")]
pub(crate) struct CopyArgs {
    /// The account
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) account: String,
    /// The session whose token is wanted, if not the current one
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) session: Option<String>,
}

/// `daypass palette`.
#[derive(Debug, Args)]
#[command(
    after_help = "It needs the tray app. Its own shortcut is in the settings; where the desktop gives it none, bind keys to \
                        this command.\n\nExample:\n  daypass palette"
)]
pub(crate) struct PaletteArgs {}

/// `daypass status`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass status --json")]
pub(crate) struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass log`.
#[derive(Debug, Args)]
#[command(
    after_help = "Times are shown in UTC. What is older than 90 days is dropped. No secret is ever in it: a token is told \
                        by its fingerprint, the head of its SHA-256.\n\n\
                        Example:\n  daypass log --account work --since 2h"
)]
pub(crate) struct LogArgs {
    /// Only what happened to this account; it may have been removed
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) account: Option<String>,
    /// Only what happened to this session, by its id as `daypass session list` shows it
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) session: Option<String>,
    /// Only what happened since then: a span back such as 2h or 3d, a date, or an instant (RFC 3339)
    #[arg(long, value_name = "WHEN", value_parser = parse_since)]
    pub(crate) since: Option<Since>,
    /// Show at most the last N; 100 if neither this nor --since is given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Go on with what happens, until Ctrl-C or the end of the agent
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Print JSON, one entry a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass settings`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "They stand in a file that explains each of them; an edit of it is in force at once.\n\n\
                        Example:\n  daypass settings --json"
)]
pub(crate) struct SettingsArgs {
    /// What to do, if not to show them.
    #[command(subcommand)]
    pub(crate) command: Option<SettingsCommand>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass settings …`.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Change one setting, in force and in the file
    Set(SetArgs),
    /// Print where the file is; it need not be there
    #[command(after_help = "Example:\n  $EDITOR \"$(daypass settings path)\"")]
    Path,
}

/// `daypass settings set`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass settings set clipboard.clear_after 30")]
pub(crate) struct SetArgs {
    /// The setting, as `daypass settings` names it
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) key: String,
    /// Its new value: true, false, a number, or a word
    pub(crate) value: String,
}

/// `daypass vault …`.
#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Show the vault's state, its file, what guards it, and its backups
    Status(VaultStatusArgs),
    /// Write every account with its secrets to a file, sealed under a passphrase
    Export(ExportArgs),
    /// Take the accounts of such a file into the vault of this machine
    Import(ImportArgs),
}

/// `daypass vault status`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass vault status --json")]
pub(crate) struct VaultStatusArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass vault export`.
#[derive(Debug, Args)]
#[command(
    after_help = "The passphrase is asked for twice, or read from stdin where that is no terminal. Without it the file is \
                        worth nothing, and with it everything: keep the two apart.\n\n\
                        Example:\n  daypass vault export laptop.txt"
)]
pub(crate) struct ExportArgs {
    /// The file to write, or - for stdout; daypass-export-DATE.txt in this folder if left out
    pub(crate) file: Option<PathBuf>,
    /// Read the passphrase from this file, which holds it on one line
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Write the file although there is one
    #[arg(long)]
    pub(crate) force: bool,
}

/// `daypass vault import`.
#[derive(Debug, Args)]
#[command(
    after_help = "An account whose name is taken here is left out. What is imported rests until it is used here.\n\n\
                        Example:\n  daypass vault import laptop.txt"
)]
pub(crate) struct ImportArgs {
    /// The file that `daypass vault export` wrote, or - for stdin
    pub(crate) file: PathBuf,
    /// Put accounts in the place of those of the same name
    #[arg(long)]
    pub(crate) replace: bool,
    /// Read the passphrase from this file, which holds it on one line
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// `KEY=VALUE`, split at the first `=`.
fn parse_setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
        TokenArgs::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &mut clap::Command) {
            let help = command.render_help().to_string();
            assert!(help.contains("Example:\n  "), "`{}` has no example", command.get_name());
            command.get_subcommands_mut().for_each(check);
        }
        // Without the generated `help`, which only lists the others.
        check(&mut Cli::command().disable_help_subcommand(true));
    }

    #[test]
    fn the_plain_forms_are_read_as_the_parser_reads_them() {
        let words = [
            "token",
            "work",
            "--json",
            "--header",
            "--fresh",
            "--min-ttl",
            "60",
            "+60",
            "-1",
            "--",
            "-",
            "",
            "--min-ttl=5",
        ];
        let mut plain = 0;
        // Every command line of up to three of these words after the command.
        let longer = |lines: Vec<Vec<&'static str>>| -> Vec<Vec<&'static str>> {
            lines.iter().flat_map(|line| words.map(|word| [line.as_slice(), &[word]].concat())).collect()
        };
        let (none, one) = (vec![Vec::new()], longer(vec![Vec::new()]));
        let two = longer(one.clone());
        let three = longer(two.clone());
        for line in [none, one, two, three].concat() {
            let typed: Vec<OsString> = line.iter().map(OsString::from).collect();
            if let Some(args) = TokenArgs::plain(&typed) {
                plain += 1;
                let parsed = TokenArgs::try_parse_from([&["token"], line.as_slice()].concat());
                assert_eq!(Some(args), parsed.ok(), "{line:?}");
            }
        }
        assert!(plain > 100, "only {plain} forms are plain");
    }

    #[test]
    fn settings_and_stores_are_read() {
        assert_eq!(parse_setting("scope=a=b"), Ok(("scope".to_owned(), "a=b".to_owned())));
        assert_eq!(parse_setting("scope="), Ok(("scope".to_owned(), String::new())));
        assert!(parse_setting("=x").is_err() && parse_setting("scope").is_err());
    }
}
