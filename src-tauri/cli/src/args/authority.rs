//! `daypass authority …` as it is typed: what an administrator does on a store, while servers run on it.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

/// `daypass authority`.
#[derive(Debug, Args)]
#[command(
    after_help = "These commands work on the store itself, while servers run on it: what they end is dead at every server \
                        within a second. There is no such door over HTTP.\n\n\
                        Example:\n  daypass authority session list --dialect native"
)]
pub(crate) struct AuthorityArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: AuthorityCommand,
    /// The store, sqlite:FILE or postgres://USER@HOST/DATABASE; that of `daypass serve` if left out
    #[arg(long, global = true, value_name = "STORE")]
    pub(crate) store: Option<String>,
    /// The file with the settings, as `daypass serve` has it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `daypass authority …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthorityCommand {
    /// Add, list, show, disable and remove users
    #[command(subcommand, after_help = "Example:\n  daypass authority user add")]
    User(UserCommand),
    /// Register, list, show and remove OAuth clients
    #[command(subcommand, after_help = "Example:\n  daypass authority client add web --scopes \"read write\"")]
    Client(ClientCommand),
    /// List, rotate and withdraw the keys that sign access tokens
    #[command(subcommand, after_help = "Example:\n  daypass authority key list")]
    Key(KeyCommand),
    /// List, show and revoke sessions of every dialect
    #[command(subcommand, after_help = "Example:\n  daypass authority session revoke --user 123456789012345678")]
    Session(StoredCommand),
    /// List, show, approve and deny device sign-ins that wait
    #[command(subcommand, after_help = "Example:\n  daypass authority device approve BCDF-GHJK")]
    Device(DeviceCommand),
    /// Write the store to a file, as it is at one instant, while servers run
    Backup(BackupArgs),
    /// Put a backup in the place of the store; no server may run on it
    Restore(RestoreArgs),
}

/// `daypass authority backup`.
#[derive(Debug, Args)]
#[command(
    after_help = "The backup is one file that its owner alone can read. It holds the signing keys, and of tokens hashes.\n\n\
                        Example:\n  daypass authority backup authority-2026-11-20.sqlite"
)]
pub(crate) struct BackupArgs {
    /// The file to write
    pub(crate) file: PathBuf,
    /// Write it although there is one
    #[arg(long)]
    pub(crate) force: bool,
}

/// `daypass authority restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "Sessions and credentials are as they were then: what was revoked since lives again, and refresh tokens \
                        that were used since may be refused.\n\n\
                        Example:\n  daypass authority restore authority-2026-11-20.sqlite"
)]
pub(crate) struct RestoreArgs {
    /// The file that `daypass authority backup` wrote
    pub(crate) file: PathBuf,
    /// Overwrite the store that is there
    #[arg(long)]
    pub(crate) force: bool,
}

/// `daypass authority user …`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user, and print its credentials for the four dialects this once
    #[command(after_help = "Example:\n  daypass authority user add --json")]
    Add(PlainArgs),
    /// List the users, the newest first
    #[command(after_help = "Example:\n  daypass authority user list --limit 20")]
    List(ListedArgs),
    /// Show a user and what credentials it has
    #[command(after_help = "Example:\n  daypass authority user show 123456789012345678")]
    Show(NamedArgs),
    /// Refuse a user's credentials, and end its sessions
    #[command(after_help = "Example:\n  daypass authority user disable 123456789012345678")]
    Disable(IdArgs),
    /// Take a disabled user's credentials again
    #[command(after_help = "Example:\n  daypass authority user enable 123456789012345678")]
    Enable(IdArgs),
    /// Remove a user with its profiles, credentials and sessions
    #[command(after_help = "Example:\n  daypass authority user remove 123456789012345678")]
    Remove(IdArgs),
}

/// `daypass authority client …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register a client, and print its secret this once
    Add(AddClientArgs),
    /// List the clients
    #[command(after_help = "Example:\n  daypass authority client list --json")]
    List(PlainArgs),
    /// Show a client
    #[command(after_help = "Example:\n  daypass authority client show web")]
    Show(NamedArgs),
    /// Give a client another secret, and print it this once; the one before is refused at once
    #[command(after_help = "Example:\n  daypass authority client rotate-secret web")]
    RotateSecret(NamedArgs),
    /// Remove a client with its sessions
    #[command(after_help = "Example:\n  daypass authority client remove web")]
    Remove(IdArgs),
}

/// `daypass authority client add`.
#[derive(Debug, Args)]
#[command(
    after_help = "There are no redirects to register: a person signs in by device code (RFC 8628), and a client acts for \
                        itself by its secret.\n\n\
                        Example:\n  daypass authority client add tv --public --scopes read --grants device_code"
)]
pub(crate) struct AddClientArgs {
    /// Its id: at most 64 letters, digits, `-`, `.` and `_`
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
    /// It cannot keep a secret, as a program on a user's machine cannot; it signs people in, and never acts for itself
    #[arg(long)]
    pub(crate) public: bool,
    /// What its tokens may be allowed, with spaces between
    #[arg(long, value_name = "SCOPES", default_value = "")]
    pub(crate) scopes: String,
    /// How it may come to a token; all that its kind may if left out
    #[arg(long, value_name = "GRANT", value_enum, value_delimiter = ',')]
    pub(crate) grants: Vec<GrantWord>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A grant as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum GrantWord {
    /// For itself, by its secret
    ClientCredentials,
    /// For people who sign in, whose sessions it renews
    DeviceCode,
}

/// `daypass authority key …`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List the keys with where they stand
    #[command(after_help = "Example:\n  daypass authority key list --json")]
    List(PlainArgs),
    /// Publish the next key; it signs a day later, so that verifiers have it by then
    Rotate(RotateArgs),
    /// Refuse all that a key has signed, at once: it is compromised. Sessions live on, with tokens of the next key
    #[command(after_help = "Example:\n  daypass authority key withdraw kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    Withdraw(NamedArgs),
}

/// `daypass authority key rotate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Keys follow each other by themselves; no session ends by it. Who verifies tokens on its own must look for \
                        keys again when it meets one that it does not know, before --now is safe.\n\n\
                        Example:\n  daypass authority key rotate"
)]
pub(crate) struct RotateArgs {
    /// Let it sign now
    #[arg(long)]
    pub(crate) now: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass authority session …`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoredCommand {
    /// List the sessions that live, the newest first
    #[command(after_help = "Example:\n  daypass authority session list --client web --json")]
    List(ListStoredArgs),
    /// Show a session
    #[command(after_help = "Example:\n  daypass authority session show 0f8fad5bd9cb469fa16570867728950e")]
    Show(NamedArgs),
    /// Revoke a session, or all of a user, of a client, of a dialect, or of the store
    Revoke(RevokeStoredArgs),
}

/// Which sessions.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Those of this user
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: Option<String>,
    /// Those of this OAuth client
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) client: Option<String>,
    /// Those of this dialect
    #[arg(long, value_enum)]
    pub(crate) dialect: Option<DialectWord>,
}

/// A dialect as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
pub(crate) enum DialectWord {
    /// Discovr
    Discovr,
    /// PocketPaw
    PocketPaw,
    /// AntiRaid
    AntiRaid,
    /// Sitecore Discover
    Discover,
    /// OAuth 2.0
    Native,
}

/// `daypass authority session list`.
#[derive(Debug, Args)]
pub(crate) struct ListStoredArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Show at most the newest N
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass authority session revoke`.
#[derive(Debug, Args)]
#[command(after_help = "A user's credentials bring new sessions: `daypass authority user disable` ends those too.\n\n\
                        Example:\n  daypass authority session revoke 0f8fad5bd9cb469fa16570867728950e")]
pub(crate) struct RevokeStoredArgs {
    /// The session (see `daypass authority session list`)
    #[arg(value_parser = NonEmptyStringValueParser::new(), conflicts_with_all = ["user", "client", "dialect", "all"])]
    #[arg(allow_hyphen_values = true, required_unless_present_any = ["user", "client", "dialect", "all"])]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Every session of the store
    #[arg(long, conflicts_with_all = ["user", "client", "dialect"])]
    pub(crate) all: bool,
    /// Do not ask whether --all is meant
    #[arg(long, requires = "all")]
    pub(crate) yes: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass authority device …`.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the device sign-ins that wait to be approved, the newest first; their codes are known to the devices alone
    #[command(after_help = "Example:\n  daypass authority device list")]
    List(ListedArgs),
    /// Show what is asked for with a code
    #[command(after_help = "Example:\n  daypass authority device show BCDF-GHJK")]
    Show(ShowSignInArgs),
    /// Sign a device in
    Approve(ApproveArgs),
    /// Refuse a device: it is told so
    #[command(after_help = "Example:\n  daypass authority device deny BCDF-GHJK")]
    Deny(SignInArgs),
}

/// `daypass authority device deny`.
#[derive(Debug, Args)]
pub(crate) struct SignInArgs {
    /// The code that the device shows, in any case, with or without the hyphen
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) code: String,
}

/// `daypass authority device show`.
#[derive(Debug, Args)]
pub(crate) struct ShowSignInArgs {
    #[command(flatten)]
    pub(crate) of: SignInArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `daypass authority device approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Read the code from the device itself, or from whoever has it in hand: a code that somebody sends you may \
                        sign in a device of theirs. Where the user has as many OAuth sessions as may be, the one that was \
                        used longest ago ends when the device signs in.\n\n\
                        Example:\n  daypass authority device approve BCDF-GHJK --user 123456789012345678"
)]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    pub(crate) of: SignInArgs,
    /// Whose the session is to be (see `daypass authority user list`); a new user's if left out
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: Option<String>,
    /// Do not ask whether it is meant
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A command without options of its own.
#[derive(Debug, Args)]
pub(crate) struct PlainArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A list that may be long.
#[derive(Debug, Args)]
pub(crate) struct ListedArgs {
    /// Show at most the newest N
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// One thing, shown.
#[derive(Debug, Args)]
pub(crate) struct NamedArgs {
    /// Its id, as the list shows it
    // That of a key may begin with a hyphen.
    #[arg(value_parser = NonEmptyStringValueParser::new(), allow_hyphen_values = true)]
    pub(crate) id: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// One thing.
#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// Its id, as the list shows it
    // That of a key may begin with a hyphen.
    #[arg(value_parser = NonEmptyStringValueParser::new(), allow_hyphen_values = true)]
    pub(crate) id: String,
}
