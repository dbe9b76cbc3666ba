//! What a pasted command says of an account, and to which part of a form an error belongs.

use std::collections::BTreeMap;

use daypass_api::request::Recognize;
use daypass_api::view::RecognizedView;
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Secret, phrase};
use daypass_providers::{Definition, ProviderError, Recognized};

use crate::failure;
use crate::inner::Inner;

impl Inner {
    /// What a pasted command says of an account, without the credential in it.
    ///
    /// # Errors
    /// As [`Agent::recognize`](crate::Agent::recognize).
    pub(crate) fn recognize(&self, request: &Recognize) -> Result<RecognizedView, ApiError> {
        let Recognized { definition, base_url, params, credential } = self.recognized(&request.command)?;
        Ok(RecognizedView {
            provider: definition.name().to_owned(),
            base_url: base_url.as_ref().map(written),
            params,
            credential: credential.is_some(),
        })
    }

    /// The credential that an account of `definition` is to be connected with: as it was given, or as it stands in a command,
    /// and then with where that takes it, unless that is the provider's own address.
    ///
    /// # Errors
    /// `bad_request` unless exactly one of them is given, and where none for this provider stands in the command.
    pub(crate) fn given(
        &self,
        definition: &Definition,
        credential: Option<Secret>,
        command: Option<Secret>,
    ) -> Result<(Secret, Option<String>), ApiError> {
        match (credential, command) {
            (Some(credential), None) => Ok((credential, None)),
            (None, Some(command)) => self.credential_in(definition, &command).map_err(|error| error.about("command")),
            _ => {
                let either = phrase!("error-curl-either", "Give either the credential, or the command that holds it.");
                Err(ApiError::of(ErrorCode::BadRequest, &either).about("credential"))
            }
        }
    }

    fn credential_in(&self, definition: &Definition, command: &Secret) -> Result<(Secret, Option<String>), ApiError> {
        let found = self.recognized(command)?;
        let (title, other) = (definition.title(), found.definition.title());
        if found.definition.name() != definition.name() {
            let wrong = phrase!(
                "error-curl-other",
                "The command is one for {other}, not for {title}.",
                other = other,
                title = title
            );
            return Err(ApiError::of(ErrorCode::BadRequest, &wrong));
        }
        let empty = || phrase!("error-curl-empty", "The command holds no credential, only a placeholder for one.");
        let calls = found.base_url.as_ref().map(written);
        let credential = found.credential.ok_or_else(|| ApiError::of(ErrorCode::BadRequest, &empty()))?;
        Ok((credential, calls))
    }

    fn recognized(&self, command: &Secret) -> Result<Recognized, ApiError> {
        let found = self.setup.catalog.recognize(command);
        found.map_err(|error| ApiError::of(ErrorCode::BadRequest, &error.phrase()))
    }
}

/// A base URL as people write it.
fn written(url: &impl AsRef<str>) -> String {
    url.as_ref().trim_end_matches('/').to_owned()
}

/// A failure of [`Definition::target`] or [`Definition::partial_target`] for these, with what it is about.
pub(crate) fn misplaced(
    definition: &Definition,
    base_url: Option<&str>,
    params: &BTreeMap<String, String>,
    error: &ProviderError,
) -> ApiError {
    let told = failure::told(error);
    if definition.partial_target(base_url, BTreeMap::new()).is_err() {
        return told.about("base_url");
    }
    let is_wrong = |key: &str, value: &str| {
        definition.partial_target(None, BTreeMap::from([(key.to_owned(), value.to_owned())])).is_err()
    };
    let wrong = params.iter().find(|(key, value)| is_wrong(key, value)).map(|(key, _)| key);
    let lacks = |key: &&String| !params.contains_key(*key);
    let needed = definition.params().iter().filter(|param| param.required && param.default.is_none());
    match wrong.or_else(|| needed.map(|param| &param.key).find(lacks)) {
        Some(key) => told.about(format!("params.{key}")),
        None => told,
    }
}
