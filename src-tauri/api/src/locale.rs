//! Which languages the desktop is set to, by its environment.

use serde::Serialize;

/// What the environment says of languages, as BCP 47 tags such as `de-AT`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Locale {
    /// The languages of texts, the one that is liked most first.
    pub languages: Vec<String>,
    /// That of dates and numbers.
    pub time: Option<String>,
}

impl Locale {
    /// The locale of an environment that is read through `var` (a stand-in for `std::env::var`).
    ///
    /// A category is the first of `LC_ALL`, its own variable and `LANG` that is set (POSIX, XBD 8.2). Where that of texts is
    /// one of a language, the list in `LANGUAGE` goes before it (GNU gettext, "The LANGUAGE variable").
    pub fn of(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let category = |own| ["LC_ALL", own, "LANG"].into_iter().find_map(set).and_then(|name| tag(&name));
        let texts = category("LC_MESSAGES");
        let liked = set("LANGUAGE").filter(|_| texts.is_some()).unwrap_or_default();
        let languages = liked.split(':').filter_map(tag).chain(texts).collect();
        Self { languages, time: category("LC_TIME") }
    }
}

/// The tag of a locale's name, such as `de_AT.UTF-8@euro`; `None` for `C` and `POSIX`, which are no language's.
fn tag(name: &str) -> Option<String> {
    let name = name.split(['.', '@']).next().unwrap_or_default();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && !matches!(name, "C" | "POSIX")).then(|| name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> (Vec<String>, Option<String>) {
        let var = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let Locale { languages, time } = Locale::of(var);
        (languages, time)
    }

    fn said(languages: &[&str], time: Option<&str>) -> (Vec<String>, Option<String>) {
        (languages.iter().map(|&tag| tag.to_owned()).collect(), time.map(str::to_owned))
    }

    #[test]
    fn the_environment_names_the_languages_and_the_country() {
        assert_eq!(of(&[]), said(&[], None));
        assert_eq!(of(&[("LANG", "C.UTF-8")]), said(&[], None));
        assert_eq!(of(&[("LANG", "de_AT.UTF-8")]), said(&["de-AT"], Some("de-AT")));
        assert_eq!(of(&[("LANG", "en_US.UTF-8"), ("LC_TIME", "de_DE@euro")]), said(&["en-US"], Some("de-DE")));
        assert_eq!(
            of(&[("LANG", "de_DE"), ("LC_ALL", "fr_FR"), ("LC_TIME", "de_DE")]),
            said(&["fr-FR"], Some("fr-FR"))
        );
        assert_eq!(of(&[("LANG", "de"), ("LC_ALL", "")]), said(&["de"], Some("de")));
        assert_eq!(of(&[("LANG", "en_US"), ("LANGUAGE", "de:fr")]), said(&["de", "fr", "en-US"], Some("en-US")));
        assert_eq!(of(&[("LANG", "C"), ("LANGUAGE", "de")]), said(&[], None));
        assert_eq!(of(&[("LANG", "\"; alert(1)")]), said(&[], None));
    }
}
