//! The keyring of the desktop: where the vault's key is kept, and nothing else.
//!
//! Every call stands alone: it connects, asks, and lets go, so that a keyring that was started, restarted or unlocked
//! later is found by the next call. The calls block (a prompt may stand open for minutes): see [`super::key`].

use zeroize::Zeroizing;

/// The service that our entries bear.
pub(crate) const SERVICE: &str = "daypass";

/// Why the keyring gave no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyringError {
    /// Locked, and not unlocked.
    Locked,
    /// There is none.
    Absent(String),
    /// It has no such entry.
    NoEntry,
}

#[cfg(target_os = "linux")]
pub(crate) use secret_service_entry::{read, write};

#[cfg(target_os = "linux")]
mod secret_service_entry {
    //! The freedesktop Secret Service, directly: the general keyring libraries connect once for the life of the process
    //! and open a prompt with every search, and we must do neither.

    use std::collections::HashMap;

    use daypass_api::reason;
    use secret_service::blocking::{Collection, SecretService};
    use secret_service::{EncryptionType, Error};

    use super::{KeyringError, SERVICE, Zeroizing};

    /// Why there is no keyring, where nobody speaks for one.
    const NO_SERVICE: &str = "no Secret Service on the session bus";

    /// The secret of `user`. Only with `unlock` may the user be prompted.
    pub(crate) fn read(user: &str, unlock: bool) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let service = connect()?;
        let found = service.search_items(attributes(user)).map_err(failed)?;
        if let Some(item) = found.unlocked.first() {
            return item.get_secret().map(Zeroizing::new).map_err(failed);
        }
        let Some(item) = found.locked.first() else {
            // A locked collection may hide what it has, so an absence only counts where it is unlocked.
            return Err(match service.get_default_collection().and_then(|collection| collection.is_locked()) {
                Ok(true) => {
                    if !unlock {
                        return Err(KeyringError::Locked);
                    }
                    service.get_default_collection().and_then(|collection| collection.unlock()).map_err(failed)?;
                    return read(user, false);
                }
                Ok(false) | Err(_) => KeyringError::NoEntry,
            });
        };
        if !unlock {
            return Err(KeyringError::Locked);
        }
        item.unlock().map_err(failed)?;
        item.get_secret().map(Zeroizing::new).map_err(failed)
    }

    /// Stores `secret` for `user`, who has no entry yet. Only with `unlock` may the user be prompted.
    pub(crate) fn write(user: &str, secret: &[u8], unlock: bool) -> Result<(), KeyringError> {
        let service = connect()?;
        let collection = match service.get_default_collection() {
            Ok(collection) => collection,
            Err(Error::NoResult) if unlock => service.create_collection("Login", "default").map_err(failed)?,
            Err(Error::NoResult) => return Err(KeyringError::Locked),
            Err(error) => return Err(failed(error)),
        };
        ensure_unlocked(&collection, unlock)?;
        collection
            .create_item("Daypass vault key", attributes(user), secret, false, "text/plain")
            .map(drop)
            .map_err(failed)
    }

    fn ensure_unlocked(collection: &Collection<'_>, unlock: bool) -> Result<(), KeyringError> {
        match collection.is_locked().map_err(failed)? {
            false => Ok(()),
            true if unlock => collection.unlock().map_err(failed),
            true => Err(KeyringError::Locked),
        }
    }

    fn connect() -> Result<SecretService<'static>, KeyringError> {
        SecretService::connect(EncryptionType::Dh).map_err(|error| match error {
            Error::Unavailable => KeyringError::Absent(NO_SERVICE.to_owned()),
            error => failed(error),
        })
    }

    /// The attributes by which `secret-tool lookup service daypass username …` finds the same entry.
    fn attributes(user: &str) -> HashMap<&str, &str> {
        HashMap::from([("service", SERVICE), ("username", user)])
    }

    fn failed(error: Error) -> KeyringError {
        match error {
            Error::Locked | Error::Prompt | Error::PromptDisconnected => KeyringError::Locked,
            Error::NoResult => KeyringError::NoEntry,
            // What the library puts before it means nothing to a user: the bus is how a keyring is reached.
            Error::Zbus(error) => KeyringError::Absent(match reason(&error) {
                // The bus's own name for it (D-Bus Specification, "org.freedesktop.DBus.Error.ServiceUnknown").
                unknown if unknown.contains(".ServiceUnknown") => NO_SERVICE.to_owned(),
                other => format!("the session bus: {other}"),
            }),
            error => KeyringError::Absent(reason(&error)),
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use native_entry::{read, write};

#[cfg(not(target_os = "linux"))]
mod native_entry {
    //! The keyring of the platform.

    use daypass_api::reason;
    use keyring::{Entry, Error};

    use super::{KeyringError, SERVICE, Zeroizing};

    /// The secret of `user`. The platform decides by itself whether the user is prompted.
    pub(crate) fn read(user: &str, _unlock: bool) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        Entry::new(SERVICE, user).and_then(|entry| entry.get_secret()).map(Zeroizing::new).map_err(failed)
    }

    /// Stores `secret` for `user`.
    pub(crate) fn write(user: &str, secret: &[u8], _unlock: bool) -> Result<(), KeyringError> {
        Entry::new(SERVICE, user).and_then(|entry| entry.set_secret(secret)).map_err(failed)
    }

    fn failed(error: Error) -> KeyringError {
        match error {
            Error::NoEntry => KeyringError::NoEntry,
            Error::NoStorageAccess(_) => KeyringError::Locked,
            error => KeyringError::Absent(reason(&error)),
        }
    }
}
