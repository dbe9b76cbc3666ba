//! A provider's definition: what it is, what it can do, and what its operations look like.

use std::collections::BTreeMap;
use std::time::Duration;

use daypass_core::phrase;
use url::Url;

use crate::check::{self, Checked};
use crate::file::{RevokeAll, Span};
use crate::{ProviderError, Target, policy, values};

/// A definition file that was read and checked; there is no unchecked one.
///
/// The format is described in [`crate::format`].
#[derive(Debug, Clone)]
pub struct Definition {
    pub(crate) checked: Checked,
    pub(crate) own: bool,
}

/// What is wrong with a definition file. `Display` is one line: `FILE:LINE: reason`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct DefinitionError {
    /// The file's name, as it was given.
    pub file: String,
    /// The line it stands in, from 1.
    pub line: usize,
    /// What is wrong, in one sentence.
    pub reason: String,
}

/// What the credential is called, and where a user finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialText {
    /// Such as `Master token`.
    pub label: String,
    /// One sentence on where it is found.
    pub help: String,
}

/// A parameter that an account of this provider has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its key, as in `--set KEY=VALUE` and `{param.KEY}`.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// One sentence on what it is.
    pub help: String,
    /// Whether an account must have it.
    pub required: bool,
    /// What is taken where it is not given.
    pub default: Option<String>,
    /// Whether the provider can be asked which values it takes (see [`crate::Engine::offers`]).
    pub offered: bool,
}

/// What can be done at a provider, and what doing it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// Whether the provider lists its sessions.
    pub list: bool,
    /// Whether the credential can be tried without opening a session.
    pub inspect: bool,
    /// Whether a grant renews a session.
    pub renew: bool,
    /// Whether one can sign in by device code.
    pub sign_in: bool,
    /// How a further session is created; `None` where it cannot be.
    pub create: Option<CreateAbility>,
    /// Whether one session can be revoked at the provider.
    pub revoke: bool,
    /// What revoking (or, where that cannot be, forgetting) one session really does: one sentence.
    pub revoke_effect: String,
    /// What revoking all really does: one sentence; `None` where it cannot be done.
    pub revoke_all_effect: Option<String>,
}

/// What a new session can be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAbility {
    /// Whether the name is sent to the provider; otherwise it is kept here only.
    pub name_is_sent: bool,
    /// The life that may be chosen; `None` where the provider decides.
    pub life: Option<LifeRange>,
}

/// The lives that may be chosen, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeRange {
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
    /// The one that is taken where none is chosen.
    pub default: Duration,
}

impl Definition {
    /// Reads and checks a definition of a user's own; `file_name` only serves the messages.
    ///
    /// # Errors
    /// [`DefinitionError`]: the first thing that is wrong.
    pub fn parse(file_name: &str, toml: &str) -> Result<Self, DefinitionError> {
        Ok(Self { checked: check::definition(file_name, toml)?, own: true })
    }

    /// Its name, such as `discovr`: what accounts refer to it by.
    pub fn name(&self) -> &str {
        &self.checked.name
    }

    /// Its name for people, such as `Discovr`.
    pub fn title(&self) -> &str {
        &self.checked.title
    }

    /// One sentence on what it is.
    pub fn about(&self) -> &str {
        &self.checked.about
    }

    /// Whether it comes from a user's file and not from the program.
    pub fn own(&self) -> bool {
        self.own
    }

    /// Where the provider is, unless the account says otherwise.
    pub fn base_url(&self) -> &Url {
        &self.checked.base_url
    }

    /// What the credential is called.
    pub fn credential(&self) -> &CredentialText {
        &self.checked.credential
    }

    /// The parameters, in the order of the file.
    pub fn params(&self) -> &[Param] {
        &self.checked.params
    }

    /// The header that the *session token* is used in, and what stands before it: `("Authorization", "Bearer ")`.
    pub fn header(&self) -> (&str, &str) {
        (&self.checked.header, &self.checked.prefix)
    }

    /// What can be done.
    pub fn abilities(&self) -> &Abilities {
        &self.checked.abilities
    }

    /// Whether a held session's token is the credential of the next call, once there is one (AntiRaid).
    pub fn session_is_credential(&self) -> bool {
        self.checked.session_is_credential
    }

    /// Whether the predecessor is to be revoked after its successor is stored (AntiRaid).
    pub fn deletes_predecessor(&self) -> bool {
        self.checked.deletes_predecessor
    }

    /// Whether a minted token is shown only once, so that a lost answer leaves an orphan: the caller keeps a journal.
    pub fn token_shown_once(&self) -> bool {
        self.checked.token_shown_once
    }

    /// Whether opening a session uses the credential up and answers its successor: the caller keeps a journal.
    pub fn rotates_credential(&self) -> bool {
        let operations = &self.checked.operations;
        [Some(&operations.mint), operations.create.as_ref()]
            .into_iter()
            .flatten()
            .any(|m| m.answer.credential.is_some())
    }

    /// Whether a renewal uses up what it is done with and answers its successor: the caller keeps a journal.
    pub fn renewal_rotates(&self) -> bool {
        let renew = self.checked.operations.renew.as_ref();
        renew.is_some_and(|renew| renew.answer.grant.is_some() || renew.answer.credential.is_some())
    }

    /// Whether revoking all replaces the credential by the one in its answer (PocketPaw): the caller keeps a journal.
    pub fn regenerates_credential(&self) -> bool {
        matches!(&self.checked.operations.revoke_all, Some(RevokeAll::Own(call)) if call.answer.credential.is_some())
    }

    /// Whether `life` may be chosen for a session; `None`, which leaves it to the default, always may.
    ///
    /// # Errors
    /// [`ProviderError::NotSupported`] where the provider lets none be chosen, [`ProviderError::BadRequest`] for one out
    /// of its range.
    pub fn check_life(&self, life: Option<Duration>) -> Result<(), ProviderError> {
        self.check_life_within(self.abilities().create.as_ref().and_then(|create| create.life), life)
    }

    /// The same for an operation whose own range this is.
    pub(crate) fn check_life_within(
        &self,
        range: Option<LifeRange>,
        life: Option<Duration>,
    ) -> Result<(), ProviderError> {
        match (range, life) {
            (_, None) => Ok(()),
            (None, Some(_)) => {
                let message = phrase!(
                    "error-life-fixed",
                    "{provider} does not let the life of a session be chosen.",
                    provider = self.title(),
                );
                Err(ProviderError::NotSupported { message })
            }
            (Some(range), Some(life)) if life < range.min || life > range.max => {
                let (min, max) = (Span(range.min), Span(range.max));
                let message = phrase!(
                    "error-life-range",
                    "A session of {provider} lives from {min} to {max}.",
                    provider = self.title(),
                    min = min,
                    max = max,
                );
                Err(ProviderError::BadRequest { message })
            }
            (Some(_), Some(_)) => Ok(()),
        }
    }

    /// The address of an account: its base URL (the provider's own where `None`) and its parameters.
    ///
    /// # Errors
    /// [`ProviderError::BadRequest`]: the URL is not allowed, a parameter is unknown, empty, or required and missing.
    pub fn target(&self, base_url: Option<&str>, params: BTreeMap<String, String>) -> Result<Target, ProviderError> {
        let target = self.partial_target(base_url, params)?;
        for param in self.params().iter().filter(|param| param.required && param.default.is_none()) {
            if !target.params.contains_key(&param.key) {
                let message = phrase!(
                    "error-parameter-needed",
                    "{provider} needs the parameter {parameter} ({help}).",
                    provider = self.title(),
                    parameter = param.key,
                    help = param.help,
                );
                return Err(ProviderError::BadRequest { message });
            }
        }
        Ok(target)
    }

    /// The same while required parameters may still be missing: enough to sign in and to ask for offers.
    ///
    /// # Errors
    /// [`ProviderError::BadRequest`]: the URL is not allowed, a parameter is unknown or empty.
    pub fn partial_target(
        &self,
        base_url: Option<&str>,
        params: BTreeMap<String, String>,
    ) -> Result<Target, ProviderError> {
        let base_url = match base_url {
            Some(text) => policy::parse(text)?,
            None => self.base_url().clone(),
        };
        for (key, value) in &params {
            if !self.params().iter().any(|param| param.key == *key) {
                let known: Vec<&str> = self.params().iter().map(|param| param.key.as_str()).collect();
                let (provider, parameter) = (self.title(), format!("{key:?}"));
                let message = if known.is_empty() {
                    phrase!(
                        "error-parameters-none",
                        "{provider} has no parameter {parameter}; it has none.",
                        provider = provider,
                        parameter = parameter,
                    )
                } else {
                    phrase!(
                        "error-parameter-unknown",
                        "{provider} has no parameter {parameter}; known: {known}.",
                        provider = provider,
                        parameter = parameter,
                        known = known.join(", "),
                    )
                };
                return Err(ProviderError::BadRequest { message });
            }
            values::read_param(key, self.checked.param_kinds.get(key).copied().unwrap_or_default(), value)?;
        }
        Ok(Target { base_url, params })
    }
}
