//! What an administrator does: by a process of its own on the same store, while others serve. There is no way here from a
//! request.

use daypass_core::Secret;
use daypass_core::token::opaque;

use super::{STEP, Service};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, SessionFacts, SessionFilter, UserFacts};
use crate::model::{Digest, storable};
use crate::store::Walk;

impl Service {
    /// The newest users, at most `most`.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn users(&self, most: u32) -> Result<Vec<UserFacts>, Error> {
        self.store.users(None, most, self.now()).await
    }

    /// The user with this id, and its credentials.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn user_facts(&self, id: &str) -> Result<Option<(UserFacts, Vec<CredentialFacts>)>, Error> {
        let Some(user) = self.store.users(Some(id.to_owned()), 1, self.now()).await?.pop() else { return Ok(None) };
        Ok(Some((user, self.store.credentials(id.to_owned()).await?)))
    }

    /// Refuses the credentials of a user from now on and ends its sessions; answers whether there is such a user. Its
    /// credentials are kept for [`Service::enable_user`].
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn disable_user(&self, id: &str) -> Result<bool, Error> {
        let found = self.store.disable_user(id.to_owned(), Some(storable(self.now()))).await?;
        // After that: what was opened before is ended, and nothing can be opened since.
        self.end_sessions(&SessionFilter { user: Some(id.to_owned()), ..SessionFilter::default() }).await?;
        Ok(found)
    }

    /// Takes a user's credentials again; answers whether there is such a user. Sessions that were ended stay so.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn enable_user(&self, id: &str) -> Result<bool, Error> {
        self.store.disable_user(id.to_owned(), None).await
    }

    /// Removes a user with its profiles, credentials and sessions, in steps; answers whether there was one. It is disabled
    /// first: nothing is opened for it any more, and where this is broken off, it may be done again.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn remove_user(&self, id: &str) -> Result<bool, Error> {
        if !self.disable_user(id).await? {
            return Ok(false);
        }
        let mut walk = Walk::BEGINNING;
        loop {
            let removed = self.store.remove_user(id.to_owned(), walk, STEP).await?;
            match removed.next {
                Some(next) => walk = next,
                None => return Ok(removed.found),
            }
        }
    }

    /// The clients of the native dialect, by id.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn clients(&self) -> Result<Vec<ClientFacts>, Error> {
        self.store.clients(None, self.now()).await
    }

    /// The client with this id.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn client_facts(&self, id: &str) -> Result<Option<ClientFacts>, Error> {
        Ok(self.store.clients(Some(id.to_owned()), self.now()).await?.pop())
    }

    /// Gives a confidential client another secret, 64 hex digits, in place of its own; `None` where there is no such client, or
    /// it is public. Its sessions live on.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn rotate_client_secret(&self, id: &str) -> Result<Option<Secret>, Error> {
        let secret = opaque::hex("", 32, self.chance());
        let replaced = self.store.replace_client_secret(id.to_owned(), Digest::of(&secret)).await?;
        Ok(replaced.then_some(secret))
    }

    /// Removes a client, and then its sessions, in steps; answers whether there was one. Where this is broken off, it may be
    /// done again.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn remove_client(&self, id: &str) -> Result<bool, Error> {
        let mut found = false;
        loop {
            let removed = self.store.remove_client(id.to_owned(), STEP).await?;
            found |= removed.found;
            if removed.next.is_none() {
                return Ok(found);
            }
        }
    }

    /// The living sessions that are meant, the newest ones first, at most `most`.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn sessions(&self, filter: &SessionFilter, most: u32) -> Result<Vec<SessionFacts>, Error> {
        self.store.sessions(filter.clone(), most, self.now()).await
    }

    /// Ends the sessions that are meant, in steps; answers how many they were. Every process of the store refuses their tokens
    /// within one second.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written; what was ended before stays so.
    pub async fn end_sessions(&self, filter: &SessionFilter) -> Result<usize, Error> {
        let first = self.end_through(filter).await?;
        // Once more: while the first look went through, one that was still ahead may have opened another behind it.
        Ok(if first == 0 { 0 } else { first + self.end_through(filter).await? })
    }

    /// Looks through all sessions once, and ends those that are meant; answers how many they were.
    async fn end_through(&self, filter: &SessionFilter) -> Result<usize, Error> {
        let (mut ended, mut walk) = (0, Walk::to(filter));
        while !walk.is_over() {
            let (more, next) = self.store.end_sessions(filter.clone(), walk, STEP, self.now()).await?;
            ended += more;
            walk = next;
        }
        Ok(ended)
    }
}
