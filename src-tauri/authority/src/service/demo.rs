//! The demo user: one with fresh credentials of every dialect, so that everything can be tried at once.

use std::ops::Deref;
use std::time::Duration;

use daypass_core::token::opaque;
use daypass_core::{Secret, clock, lineage};

use super::{ClientKind, DISCOVR_REFRESH_LIFE, RegisteredClient, Service, Wanted};
use crate::Error;
use crate::model::{CredentialKind, Scopes, SessionKind, Subject};

/// The life of an AntiRaid web login: one hour, as documented.
const LOGIN_LIFE: Duration = Duration::from_secs(3600);

/// The credentials of a user that [`Service::create_user`] made. They are nowhere else: the store has hashes.
#[derive(Debug)]
pub struct UserCredentials {
    /// Discovr's refresh token, `rt_` and 64 hex digits, good for 90 days.
    pub discovr_refresh_token: Secret,
    /// The Discovr profile that the user starts with.
    pub discovr_profile_id: String,
    /// PocketPaw's master token, a UUID, good until it is regenerated.
    pub pocketpaw_master_token: Secret,
    /// The token of an AntiRaid login session, 128 alphanumerics, good for one hour (or [`crate::Config::session_ttl`]
    /// where that is longer).
    pub antiraid_login_token: Secret,
    /// The user's id at AntiRaid: 18 digits.
    pub antiraid_user_id: String,
    /// Sitecore Discover's API key, 52 characters, with every scope, good for ever.
    pub discover_api_key: Secret,
}

/// A user that [`Service::create_demo_user`] made, and a client.
#[derive(Debug)]
pub struct DemoUser {
    /// The user's credentials; their fields can be named as those of this one.
    pub user: UserCredentials,
    /// A confidential client of the native dialect that may ask for `read` and `write`.
    pub native_client: RegisteredClient,
}

impl Deref for DemoUser {
    type Target = UserCredentials;

    fn deref(&self) -> &UserCredentials {
        &self.user
    }
}

/// What the demo user's client may ask for.
const DEMO_SCOPES: &str = "read write";

impl Service {
    /// Creates a user with fresh random credentials of the four dialects that have some.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn create_user(&self) -> Result<UserCredentials, Error> {
        let mut user = self.user();
        let refresh_token = opaque::hex("rt_", 32, self.chance());
        let master_token = Secret::new(opaque::uuid(self.chance()));
        let login_token = opaque::alphanumeric(128, self.chance());
        let api_key = api_key(self);

        let mut key = self.credential(&api_key, CredentialKind::DiscoverKey, None);
        key.scopes = Some(Scopes::all());
        user.credentials = vec![
            self.credential(&refresh_token, CredentialKind::DiscovrRefresh, Some(DISCOVR_REFRESH_LIFE)),
            self.credential(&master_token, CredentialKind::PocketPawMaster, None),
            key,
        ];
        let now = self.now();
        // The login is what API tokens are made with: it is not cut short together with them.
        let life = self.config().life(LOGIN_LIFE).max(LOGIN_LIFE);
        let login = Wanted {
            id: opaque::uuid(self.chance()),
            kind: SessionKind::Login,
            name: None,
            subject: Subject::Everything,
            expires_at: clock::later(now, life),
        };
        user.sessions = vec![self.session(&login_token, login, now)];

        let (antiraid_user_id, discovr_profile_id) = (user.id.clone(), user.profile.id.clone());
        self.store.add_user(user).await?;
        Ok(UserCredentials {
            discovr_refresh_token: refresh_token,
            discovr_profile_id,
            pocketpaw_master_token: master_token,
            antiraid_login_token: login_token,
            antiraid_user_id,
            discover_api_key: api_key,
        })
    }

    /// Creates a user with fresh random credentials, and a client of the native dialect.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn create_demo_user(&self) -> Result<DemoUser, Error> {
        let user = self.create_user().await?;
        let name = opaque::hex("demo-", 4, self.chance());
        let scopes = lineage::Scopes::parse(DEMO_SCOPES).unwrap_or_default();
        let client = self.register_client(name.expose(), ClientKind::Confidential, scopes).await?;
        Ok(DemoUser { user, native_client: client.ok_or(Error::Damaged("a fresh client id is taken"))? })
    }
}

/// An API key in Sitecore's form: `01-`, 8 hex digits, a hyphen, 40 hex digits.
fn api_key(service: &Service) -> Secret {
    let head = opaque::hex("01-", 4, service.chance());
    let tail = opaque::hex("-", 20, service.chance());
    Secret::new(format!("{}{}", head.expose(), tail.expose()))
}
