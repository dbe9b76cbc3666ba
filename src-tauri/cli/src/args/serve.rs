//! `daypass serve` as it is typed.

use std::path::PathBuf;

use clap::Args;

use super::setting::Flags;

/// `daypass serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Every setting can also stand in a file, or in the environment: --session-ttl is session_ttl in the file \
                        and DAYPASS_AUTHORITY_SESSION_TTL in the environment. A flag goes before the environment, the \
                        environment before the file.\n\n\
                        Example:\n  daypass serve --demo --listen 127.0.0.1:0 --session-ttl 60 --json"
)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) flags: Flags,
    /// The file with the settings (TOML); authority.toml in the configuration folder or in /etc/daypass if left out
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print what is in force and where it was said, and do not serve
    #[arg(long)]
    pub(crate) show_config: bool,
    /// Create one user with fresh random credentials in a new store, and print them
    #[arg(long)]
    pub(crate) demo: bool,
    /// Print one line of JSON when ready
    #[arg(long)]
    pub(crate) json: bool,
}
