//! What the tray says, in the user's language. The texts are in message files (Project Fluent), `messages/<language>/*.ftl`; the
//! page reads the files that it shares with the tray by the same names, and has its own in `ui/src/messages/`.
//!
//! English is complete, and what another language does not have is said in English: a gap is a defect that a test finds, not
//! a hole in a menu.

use std::borrow::Cow;

use daypass_api::Said;
use daypass_api::locale::Locale;
use daypass_api::settings::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::{LanguageIdentifier, langid};

/// The files of a language, by name.
type Files = &'static [(&'static str, &'static str)];

/// A language's files: `messages/<language>/<name>.ftl`.
macro_rules! files {
    ($language:literal, $($name:literal),+) => {
        &[$(($name, include_str!(concat!("../messages/", $language, "/", $name, ".ftl")))),+]
    };
}

const ENGLISH: Files = files!("en", "errors", "menu", "notes");
const GERMAN: Files = files!("de", "errors", "menu", "notes");

/// A language, with everything that can be said in it.
pub struct Words {
    language: Spoken,
    bundle: FluentBundle<FluentResource>,
    /// English, where that is another.
    fallback: Option<FluentBundle<FluentResource>>,
}

/// A language that Daypass speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// English.
    English,
    /// German.
    German,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Words").field(&self.language).finish()
    }
}

impl Spoken {
    /// The language that is chosen, or the first of the environment's that we speak, read through `var` (a stand-in for
    /// `std::env::var`). Where we speak none of them it is English.
    pub fn of(chosen: Language, var: impl Fn(&str) -> Option<String>) -> Self {
        match chosen {
            Language::En => Self::English,
            Language::De => Self::German,
            Language::System => {
                let known = |tag: &String| match tag.split('-').next() {
                    Some("en") => Some(Self::English),
                    Some("de") => Some(Self::German),
                    _ => None,
                };
                Locale::of(var).languages.iter().find_map(known).unwrap_or(Self::English)
            }
        }
    }

    fn files(self) -> Files {
        match self {
            Self::English => ENGLISH,
            Self::German => GERMAN,
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::English => langid!("en"),
            Self::German => langid!("de"),
        }
    }
}

impl Words {
    /// The words of a language.
    pub fn new(language: Spoken) -> Self {
        let fallback = (language != Spoken::English).then(|| bundle(Spoken::English));
        Self { language, bundle: bundle(language), fallback }
    }

    /// Which language it is.
    pub fn language(&self) -> Spoken {
        self.language
    }

    /// The message `id` with these variables. An id that there is not is said as it is: a test finds it before a user does.
    pub fn say<const N: usize>(&self, id: &str, args: [(&'static str, FluentValue<'_>); N]) -> String {
        let args: FluentArgs<'_> = args.into_iter().collect();
        self.find(id, &args).unwrap_or_else(|| id.to_owned())
    }

    /// A sentence of the agent's in this language; `message`, its English one, where this language does not have it.
    pub fn sentence<'a>(&self, said: Option<&Said>, message: &'a str) -> Cow<'a, str> {
        said.and_then(|said| self.said(said)).map_or(Cow::Borrowed(message), Cow::Owned)
    }

    /// All of it, or nothing.
    fn said(&self, said: &Said) -> Option<String> {
        let args = said.args.iter().map(|(name, value)| (name.as_str(), FluentValue::from(value.as_str())));
        let mut text = format(&self.bundle, &said.id, &args.collect())?;
        for next in &said.then {
            text = format!("{text} {}", self.said(next)?);
        }
        Some(text)
    }

    fn find(&self, id: &str, args: &FluentArgs<'_>) -> Option<String> {
        format(&self.bundle, id, args).or_else(|| format(self.fallback.as_ref()?, id, args))
    }
}

fn bundle(language: Spoken) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    // The marks that isolate a variable's direction would be drawn as boxes by some panels.
    bundle.set_use_isolating(false);
    // The agent's sentences come in English: in memory, theirs would be the largest part.
    let is_spoken = |name: &str| language != Spoken::English || name != "errors";
    for (_, text) in language.files().iter().filter(|(name, _)| is_spoken(name)) {
        // What a file has besides its mistakes is used; a test finds the mistakes.
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn format(bundle: &FluentBundle<FluentResource>, id: &str, args: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    // A variable that is missing is shown by its name.
    Some(bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
}

#[cfg(test)]
mod sources;
#[cfg(test)]
mod tests;
