//! What a user may choose. It stands in one file, `config.toml` in the folder of the configuration, which people can read and
//! edit; the same names are used there, on the local API and in the window.

use std::ops::RangeInclusive;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::error::Said;

/// How long a copied token may stay on the clipboard, in seconds.
pub const CLEAR_AFTER: RangeInclusive<u64> = 5..=600;

/// Everything that a user may choose. What is not given is as [`Settings::default`] says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export)]
pub struct Settings {
    /// Whether the tray app starts when the user logs in.
    pub start_at_login: bool,
    /// How it looks.
    pub appearance: Appearance,
    /// The clipboard.
    pub clipboard: Clipboard,
    /// Which notifications are shown.
    pub notifications: Notifications,
    /// The palette for quick copies.
    pub quick_copy: QuickCopy,
    /// How eagerly tokens are refreshed.
    pub refresh: Refresh,
    /// The local authority.
    pub authority: LocalAuthority,
}

/// How it looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export)]
pub struct Appearance {
    /// Light or dark.
    pub theme: Theme,
    /// The language of tray and window. The command line speaks English.
    pub language: Language,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Theme {
    /// As the desktop is.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// A language that Daypass speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Language {
    /// That of the desktop where it is one of these, else English.
    #[default]
    System,
    /// English.
    En,
    /// German.
    De,
}

/// The clipboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export)]
pub struct Clipboard {
    /// After how many seconds a copied token is cleared away: 5 to 600.
    #[serde(deserialize_with = "clear_after")]
    #[ts(type = "number")]
    pub clear_after: u64,
}

impl Default for Clipboard {
    fn default() -> Self {
        Self { clear_after: 45 }
    }
}

fn clear_after<'de, D: Deserializer<'de>>(value: D) -> Result<u64, D::Error> {
    let seconds = u64::deserialize(value)?;
    if CLEAR_AFTER.contains(&seconds) {
        Ok(seconds)
    } else {
        Err(D::Error::invalid_value(Unexpected::Unsigned(seconds), &"a number of seconds from 5 to 600"))
    }
}

/// Which notifications are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export)]
pub struct Notifications {
    /// A token went to the clipboard.
    pub copied: bool,
    /// The token that was copied has since been replaced or revoked.
    pub copied_is_over: bool,
    /// Tokens run out because refreshing fails, and the end of that.
    pub trouble: bool,
    /// Only the user can help with an account.
    pub needs_you: bool,
    /// Something is wrong with the vault.
    pub vault: bool,
    /// Sessions were revoked.
    pub revoked: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { copied: true, copied_is_over: true, trouble: true, needs_you: true, vault: true, revoked: true }
    }
}

/// The palette for quick copies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export)]
pub struct QuickCopy {
    /// The keys that open it from anywhere, such as `Ctrl+Alt+C`; empty for none.
    pub shortcut: String,
    /// Whether its process is kept in memory, so that it opens at once.
    pub keep_warm: bool,
}

/// How eagerly tokens are refreshed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export)]
pub struct Refresh {
    /// Whose tokens are kept fresh in the background.
    pub keep_fresh: KeepFresh,
    /// Whether nothing is refreshed in the background for now. A token that is asked for is still refreshed first.
    pub paused: bool,
}

/// Whose tokens are kept fresh in the background. Whoever asks for a token gets a live one in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KeepFresh {
    /// Those of accounts that are pinned.
    Pinned,
    /// Those of accounts that are pinned or were used recently.
    #[default]
    Used,
    /// Those of all accounts.
    All,
}

/// The local authority: the embedded issuer of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export)]
pub struct LocalAuthority {
    /// Whether it runs as long as the agent does.
    pub enabled: bool,
    /// The port on the loopback address; 0 for any that is free.
    pub port: u16,
}

impl Default for LocalAuthority {
    fn default() -> Self {
        Self { enabled: false, port: 7277 }
    }
}

/// The settings that are in force, and how their file is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct SettingsView {
    /// What is in force: the last file that could be read.
    pub settings: Settings,
    /// Where the file is; it need not be there.
    pub file: String,
    /// What is wrong with the file now; `null` where it is in force.
    pub error: Option<SettingsError>,
    /// What became of the shortcut that is chosen in [`QuickCopy`].
    #[serde(default)]
    pub shortcut: ShortcutView,
    /// What became of the local authority that is chosen in [`LocalAuthority`].
    #[serde(default)]
    pub authority: AuthorityView,
}

/// What became of the local authority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
#[ts(export)]
pub enum AuthorityView {
    /// It is not wanted.
    #[default]
    Off,
    /// It is about to run.
    Starting,
    /// It answers.
    Running {
        /// Where: `http://127.0.0.1:` and its port.
        url: String,
    },
    /// It is wanted, and cannot run.
    Failed {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
}

/// What became of the chosen shortcut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
#[ts(export)]
pub enum ShortcutView {
    /// None is chosen, or there is no tray app that could take it.
    #[default]
    Off,
    /// It opens the palette.
    Bound {
        /// The keys in the one way to write them, such as `Ctrl+Alt+C`; on Wayland as the desktop calls them.
        keys: String,
    },
    /// Another program has these keys, or the desktop's user declined.
    Taken {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
    /// It is not a shortcut, or the keyboard has no such key.
    Unusable {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
    /// This desktop lets no program have a shortcut.
    Unsupported {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct SettingsError {
    /// The line, from 1; `null` where it is about the file as a whole.
    pub line: Option<u32>,
    /// One sentence on what is wrong there.
    pub message: String,
    /// The same for a face that speaks another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub said: Option<Said>,
}
