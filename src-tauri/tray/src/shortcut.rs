//! A shortcut as a user writes it, such as `Ctrl+Alt+C`, and as X11 and the desktop's portal know it.

use std::fmt;
use std::str::FromStr;

use daypass_api::Said;
use daypass_api::settings::ShortcutView;

use crate::desktop::Unbound;

/// Modifiers and one key. What is written in any accepted way is shown in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortcut {
    /// Ctrl.
    pub ctrl: bool,
    /// Alt.
    pub alt: bool,
    /// Shift.
    pub shift: bool,
    /// The key with the desktop's mark.
    pub logo: bool,
    /// The key that is pressed with them.
    pub key: Key,
}

/// A key by what stands on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A letter in lower case, a digit, or a sign.
    Sign(char),
    /// F1 to F24.
    Function(u8),
    /// One with a name: the name, and its row in `NAMED`.
    Named(&'static Named),
}

/// A key with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is shown.
    name: &'static str,
    /// As X11's key symbols call it (`keysymdef.h`), without `XK_`.
    symbol: &'static str,
    /// Its number there.
    number: u32,
}

/// Keys with a name. The first of a number is the one that is shown.
static NAMED: [Named; 20] = [
    named("Space", "space", 0x20),
    named("Plus", "plus", 0x2b),
    named("Enter", "Return", 0xff0d),
    named("Return", "Return", 0xff0d),
    named("Tab", "Tab", 0xff09),
    named("Backspace", "BackSpace", 0xff08),
    named("Delete", "Delete", 0xffff),
    named("Insert", "Insert", 0xff63),
    named("Home", "Home", 0xff50),
    named("End", "End", 0xff57),
    named("PageUp", "Prior", 0xff55),
    named("PageDown", "Next", 0xff56),
    named("Up", "Up", 0xff52),
    named("Down", "Down", 0xff54),
    named("Left", "Left", 0xff51),
    named("Right", "Right", 0xff53),
    named("Print", "Print", 0xff61),
    named("Pause", "Pause", 0xff13),
    named("ScrollLock", "Scroll_Lock", 0xff14),
    named("Menu", "Menu", 0xff67),
];

const fn named(name: &'static str, symbol: &'static str, number: u32) -> Named {
    Named { name, symbol, number }
}

/// Why a text is no shortcut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShortcutError {
    /// A part that is neither a modifier nor a key.
    #[error("A shortcut is written like Ctrl+Alt+C; {0:?} is no key.")]
    Part(String),
    /// Modifiers alone, or more than one key.
    #[error("A shortcut has one key beside Ctrl, Alt, Shift or Super, such as Ctrl+Alt+C.")]
    OneKey,
    /// A key that is needed for typing.
    #[error("A shortcut needs Ctrl, Alt or Super with it, or the key could not be typed any more.")]
    Bare,
}

impl FromStr for Shortcut {
    type Err = ShortcutError;

    fn from_str(text: &str) -> Result<Self, ShortcutError> {
        let (mut ctrl, mut alt, mut shift, mut logo, mut key) = (false, false, false, false, None);
        for part in text.split('+').map(str::trim) {
            match part.to_lowercase().as_str() {
                "ctrl" | "control" | "strg" => ctrl = true,
                "alt" | "option" => alt = true,
                "shift" | "umschalt" => shift = true,
                "super" | "meta" | "win" | "cmd" | "logo" => logo = true,
                _ if key.is_some() => return Err(ShortcutError::OneKey),
                _ => key = Some(Key::of(part).ok_or_else(|| ShortcutError::Part(part.to_owned()))?),
            }
        }
        let key = key.ok_or(ShortcutError::OneKey)?;
        let typed = matches!(key, Key::Sign(_)) || matches!(key, Key::Named(named) if named.number < 0xff50);
        if typed && !(ctrl || alt || logo) {
            return Err(ShortcutError::Bare);
        }
        Ok(Self { ctrl, alt, shift, logo, key })
    }
}

impl fmt::Display for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modifiers = [(self.ctrl, "Ctrl"), (self.alt, "Alt"), (self.shift, "Shift"), (self.logo, "Super")];
        for (_, name) in modifiers.iter().filter(|(held, _)| *held) {
            write!(f, "{name}+")?;
        }
        match self.key {
            Key::Sign(sign) => sign.to_uppercase().try_for_each(|sign| write!(f, "{sign}")),
            Key::Function(number) => write!(f, "F{number}"),
            Key::Named(named) => f.write_str(named.name),
        }
    }
}

impl Shortcut {
    /// As the portal wants it: the shortcuts specification of freedesktop.org, such as `CTRL+ALT+c`.
    pub fn trigger(&self) -> String {
        let modifiers = [(self.ctrl, "CTRL"), (self.alt, "ALT"), (self.shift, "SHIFT"), (self.logo, "LOGO")];
        let mut parts: Vec<String> =
            modifiers.iter().filter(|(held, _)| *held).map(|(_, name)| (*name).to_owned()).collect();
        parts.push(match self.key {
            Key::Sign(sign) if sign.is_ascii_alphanumeric() => sign.to_string(),
            // Every sign has a name by its number, beside the one that only tables know.
            Key::Sign(sign) => format!("U{:04X}", u32::from(sign)),
            Key::Function(number) => format!("F{number}"),
            Key::Named(named) => named.symbol.to_owned(),
        });
        parts.join("+")
    }

    /// The number of the key's symbol on X11 (`keysymdef.h`).
    pub fn symbol(&self) -> u32 {
        match self.key {
            // Latin 1 has its own numbers, every other sign that of Unicode above this mark.
            Key::Sign(sign) => match u32::from(sign) {
                latin @ 0..=0xff => latin,
                other => 0x0100_0000 + other,
            },
            Key::Function(number) => 0xffbd + u32::from(number),
            Key::Named(named) => named.number,
        }
    }
}

impl Key {
    fn of(part: &str) -> Option<Self> {
        if let Some(named) = NAMED.iter().find(|named| named.name.eq_ignore_ascii_case(part)) {
            return Some(Self::Named(named));
        }
        let mut signs = part.chars().flat_map(char::to_lowercase);
        if let (Some(sign), None) = (signs.next(), signs.next()) {
            return (!sign.is_whitespace() && !sign.is_control()).then_some(Self::Sign(sign));
        }
        let number = part.strip_prefix(['F', 'f'])?.parse().ok()?;
        (1..=24).contains(&number).then_some(Self::Function(number))
    }
}

/// What the settings show of a text that is no shortcut.
pub(crate) fn unreadable(error: &ShortcutError) -> ShortcutView {
    let said = match error {
        ShortcutError::Part(part) => Said::new("error-shortcut-part", [("part", part.clone())]),
        ShortcutError::OneKey => Said::new("error-shortcut-one-key", []),
        ShortcutError::Bare => Said::new("error-shortcut-bare", []),
    };
    ShortcutView::Unusable { message: error.to_string(), said: Some(said) }
}

/// What the settings show of an answer of the desktop.
pub(crate) fn bound(result: Result<String, Unbound>) -> ShortcutView {
    let error = match result {
        Ok(keys) => return ShortcutView::Bound { keys },
        Err(error) => error,
    };
    let message = error.to_string();
    match error {
        Unbound::Taken(keys) => {
            let said = Some(Said::new("error-shortcut-taken", [("keys", keys)]));
            ShortcutView::Taken { message, said }
        }
        Unbound::Declined => ShortcutView::Taken { message, said: Some(Said::new("error-shortcut-declined", [])) },
        Unbound::NoKey(keys) => {
            let said = Some(Said::new("error-shortcut-no-key", [("keys", keys)]));
            ShortcutView::Unusable { message, said }
        }
        Unbound::NoWay => ShortcutView::Unsupported { message, said: Some(Said::new("error-shortcut-no-way", [])) },
        Unbound::Failed(why) => {
            let said = Some(Said::new("error-shortcut-failed", [("why", why)]));
            ShortcutView::Unsupported { message, said }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Shortcut, ShortcutError> {
        text.parse()
    }

    #[test]
    fn what_is_written_in_any_way_is_shown_in_one() {
        for (text, shown) in [
            ("Ctrl+Alt+C", "Ctrl+Alt+C"),
            ("alt + control+c", "Ctrl+Alt+C"),
            ("Strg+Umschalt+ä", "Ctrl+Shift+Ä"),
            ("Meta+space", "Super+Space"),
            ("Ctrl+plus", "Ctrl+Plus"),
            ("win+return", "Super+Return"),
            ("f12", "F12"),
            ("Ctrl+1", "Ctrl+1"),
            ("Alt+;", "Alt+;"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_shortcut_is_told() {
        assert_eq!(read("Ctrl+Foo"), Err(ShortcutError::Part("Foo".to_owned())));
        assert_eq!(read("Ctrl++"), Err(ShortcutError::Part(String::new())));
        assert_eq!(read("Ctrl+F25"), Err(ShortcutError::Part("F25".to_owned())));
        assert_eq!(read("Ctrl+Alt"), Err(ShortcutError::OneKey));
        assert_eq!(read("Ctrl+A+B"), Err(ShortcutError::OneKey));
        assert_eq!(read("C"), Err(ShortcutError::Bare));
        assert_eq!(read("Shift+Space"), Err(ShortcutError::Bare));
        assert_eq!(read("Enter"), Err(ShortcutError::Bare));
    }

    #[test]
    fn the_portal_and_x11_have_names_and_numbers_of_their_own() {
        let known = |text: &str| (read(text).unwrap().trigger(), read(text).unwrap().symbol());
        assert_eq!(known("Ctrl+Alt+C"), ("CTRL+ALT+c".to_owned(), 0x63));
        assert_eq!(known("Shift+Super+F3"), ("SHIFT+LOGO+F3".to_owned(), 0xffc0));
        assert_eq!(known("Super+Space"), ("LOGO+space".to_owned(), 0x20));
        assert_eq!(known("Ctrl+ß"), ("CTRL+U00DF".to_owned(), 0xdf));
        assert_eq!(known("Ctrl+я"), ("CTRL+U044F".to_owned(), 0x0100_044f));
    }
}
