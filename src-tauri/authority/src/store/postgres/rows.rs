//! The statements of the four documented dialects in the PostgreSQL store: each function is one step of
//! [`crate::store::Backend`] or a part of one. What they mean stands beside their like in the SQLite store.

use daypass_core::Time;
use tokio_postgres::Row;

use super::changes::SWEEP;
use super::link::{Link, Then};
use super::values::{instant, life, millis, some_instant, some_word, text, value, word};
use crate::Error;
use crate::model::{
    Credential, CredentialKind, Digest, Door, NewCredential, NewSession, NewUser, Opening, Profile, Refused, Scopes,
    Session, SessionKind, Subject,
};
use crate::store::rows::micros;

/// Adds a user, inside a transaction.
pub(super) async fn add_user(db: &Link, user: &NewUser) -> Result<(), Error> {
    db.change("INSERT INTO users (id, created_at) VALUES ($1, $2)", &[&user.id, &micros(user.created_at)]).await?;
    insert_profile(db, &user.id, &user.profile, i64::MAX).await?;
    for credential in &user.credentials {
        insert_credential(db, &user.id, credential).await?;
    }
    for session in &user.sessions {
        insert_session(db, &user.id, None, session).await?;
    }
    Ok(())
}

/// The statement that selects what [`read_credential`] reads; nothing of a user that is disabled.
const CREDENTIAL: &str = "SELECT id, user_id, kind, scopes, life, expires_at FROM credentials
    WHERE digest = $1 AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)";

pub(super) async fn credential(db: &Link, digest: Digest) -> Result<Option<Credential>, Error> {
    let found = db.row(CREDENTIAL, &[&digest.0.as_slice()]).await?;
    found.map(|row| read_credential(&row)).transpose()
}

fn read_credential(row: &Row) -> Result<Credential, Error> {
    Ok(Credential {
        id: value(row, 0)?,
        user_id: value(row, 1)?,
        kind: word(row, 2, CredentialKind::from_word)?,
        scopes: some_word(row, 3, scopes)?,
        life: life(row, 4)?,
        expires_at: some_instant(row, 5)?,
    })
}

/// The statement that selects what [`read_session`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, kind, name, subject, created_at, expires_at, root,
                root IS NULL OR EXISTS (SELECT 1 FROM credentials WHERE credentials.id = root) FROM sessions ",
            $rest
        )
    };
}

fn read_session(row: &Row) -> Result<Session, Error> {
    let kind = word(row, 2, SessionKind::from_word)?;
    let subject = match (value::<Option<String>>(row, 4)?, kind) {
        (None, _) => Subject::Everything,
        (Some(_), SessionKind::Discover) => Subject::Scopes(word(row, 4, scopes)?),
        (Some(profile), _) => Subject::Profile(profile),
    };
    Ok(Session {
        id: value(row, 0)?,
        user_id: value(row, 1)?,
        kind,
        name: value(row, 3)?,
        subject,
        created_at: instant(row, 5)?,
        expires_at: instant(row, 6)?,
        root: value(row, 7)?,
        rooted: value(row, 8)?,
    })
}

pub(super) async fn session(db: &Link, digest: Digest) -> Result<Option<Session>, Error> {
    let found = db.row(select!("WHERE digest = $1"), &[&digest.0.as_slice()]).await?;
    found.map(|row| read_session(&row)).transpose()
}

/// The statement that holds, together with others, the user of what has the digest `$1`, until the end of the transaction.
macro_rules! hold_shared {
    ($table:literal) => {
        concat!(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('daypass user ' || user_id, 0)) FROM ",
            $table,
            " WHERE digest = $1"
        )
    };
}

/// What is opened holds its user until it is there: who disables or removes a user waits for that, and finds it. What is
/// removed beside it is not held. A session that is rooted in a credential has ended with it in either order, and to the
/// others the opening was before.
pub(super) async fn open(db: &Link, opening: &Opening, now: Time) -> Result<Result<String, Refused>, Error> {
    let by = opening.by.0.as_slice();
    let held = match opening.door {
        Door::Credential(_) => db.begin_with(hold_shared!("credentials"), &[&by]).await?,
        Door::AntiRaidSession => db.begin_with(hold_shared!("sessions"), &[&by]).await?,
    };
    drop(held);
    let opened = match allowed(db, opening, now).await {
        Ok(opened) => opened,
        Err(refused) => {
            db.roll_back().await?;
            return refused.map(Err);
        }
    };
    let (user_id, root) = opened;
    if let Some(refresh) = &opening.refresh {
        insert_credential(db, &user_id, refresh).await?;
    }
    let root = root.filter(|_| opening.session.kind == SessionKind::PocketPaw);
    insert_session_and(db, &user_id, root, &opening.session, Then::Commit).await?;
    Ok(Ok(user_id))
}

/// Whose session is opened, and in which credential it is rooted; or why it is not.
async fn allowed(db: &Link, opening: &Opening, now: Time) -> Result<(String, Option<i64>), Result<Refused, Error>> {
    let (user_id, root, scopes) = match opening.door {
        Door::Credential(kind) => {
            match credential(db, opening.by).await.map_err(Err)?.filter(|found| found.kind == kind) {
                None => return Err(Ok(Refused::Unknown)),
                Some(found) if found.expires_at.is_some_and(|at| now >= at) => return Err(Ok(Refused::Expired)),
                Some(found) => (found.user_id, Some(found.id), found.scopes),
            }
        }
        Door::AntiRaidSession => {
            match session(db, opening.by).await.map_err(Err)?.filter(|found| found.kind.is_antiraid()) {
                None => return Err(Ok(Refused::Unknown)),
                Some(found) if now >= found.expires_at => return Err(Ok(Refused::Expired)),
                Some(found) => (found.user_id, None, None),
            }
        }
    };
    match &opening.session.subject {
        Subject::Profile(id) if !owns_profile(db, &user_id, id).await.map_err(Err)? => Err(Ok(Refused::Profile)),
        Subject::Scopes(asked) if !scopes.is_some_and(|allowed| allowed.include(asked)) => Err(Ok(Refused::Scope)),
        Subject::Everything | Subject::Profile(_) | Subject::Scopes(_) => Ok((user_id, root)),
    }
}

pub(super) async fn antiraid_sessions(db: &Link, user_id: &str, now: Time) -> Result<Vec<Session>, Error> {
    let rows = db
        .rows(
            select!("WHERE user_id = $1 AND kind IN ('login', 'app_login', 'api') AND expires_at > $2 ORDER BY seq"),
            &[&text(user_id), &micros(now)],
        )
        .await?;
    rows.iter().map(read_session).collect()
}

pub(super) async fn end_antiraid_session(db: &Link, user_id: &str, id: &str, now: Time) -> Result<bool, Error> {
    let ended = db
        .change(
            "DELETE FROM sessions
             WHERE id = $1 AND user_id = $2 AND kind IN ('login', 'app_login', 'api') AND expires_at > $3",
            &[&text(id), &text(user_id), &micros(now)],
        )
        .await?;
    Ok(ended > 0)
}

pub(super) async fn replace_credential(db: &Link, id: i64, successor: &NewCredential) -> Result<bool, Error> {
    db.together(async {
        let gone = db.row("DELETE FROM credentials WHERE id = $1 RETURNING user_id", &[&id]).await?;
        let Some(gone) = gone else { return Ok(false) };
        insert_credential(db, value(&gone, 0)?, successor).await?;
        Ok(true)
    })
    .await
}

pub(super) async fn remove_credential(db: &Link, digest: Digest, kind: CredentialKind) -> Result<bool, Error> {
    let removed = db
        .change("DELETE FROM credentials WHERE digest = $1 AND kind = $2", &[&digest.0.as_slice(), &kind.word()])
        .await?;
    Ok(removed > 0)
}

pub(super) async fn profiles(db: &Link, user_id: &str) -> Result<Vec<Profile>, Error> {
    let rows = db
        .rows(
            "SELECT id, name, avatar_url, created_at FROM profiles WHERE user_id = $1
             ORDER BY created_at DESC, seq DESC",
            &[&text(user_id)],
        )
        .await?;
    let profile = |row: &Row| {
        Ok(Profile {
            id: value(row, 0)?,
            name: value(row, 1)?,
            avatar_url: value(row, 2)?,
            created_at: instant(row, 3)?,
        })
    };
    rows.iter().map(profile).collect()
}

/// The user's row is locked, so that two that count at once do not both find room.
pub(super) async fn add_profile(db: &Link, user_id: &str, profile: &Profile, most: u32) -> Result<bool, Error> {
    db.together(async {
        if db.row("SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE", &[&text(user_id)]).await?.is_none() {
            return Ok(false);
        }
        insert_profile(db, user_id, profile, i64::from(most)).await
    })
    .await
}

async fn insert_profile(db: &Link, user_id: &str, profile: &Profile, most: i64) -> Result<bool, Error> {
    let added = db
        .change(
            "INSERT INTO profiles (id, user_id, name, avatar_url, created_at)
             SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM profiles WHERE user_id = $2) < $6",
            &[
                &profile.id,
                &text(user_id),
                &text(&profile.name),
                &profile.avatar_url.as_deref().map(text),
                &micros(profile.created_at),
                &most,
            ],
        )
        .await?;
    Ok(added > 0)
}

async fn owns_profile(db: &Link, user_id: &str, id: &str) -> Result<bool, Error> {
    let found = db.row("SELECT 1 FROM profiles WHERE id = $1 AND user_id = $2", &[&text(id), &text(user_id)]).await?;
    Ok(found.is_some())
}

/// Rows that another process is just removing are left to it.
pub(super) async fn expire(db: &Link, now: Time, credentials_before: Time, most: u32) -> Result<usize, Error> {
    let (now, before, most) = (micros(now), micros(credentials_before), i64::from(most));
    let removed = db
        .together(async {
            // The triggers are to be silent about these.
            db.rows("SELECT set_config('daypass.sweeping', 'on', TRUE)", &[]).await?;
            db.change(SWEEP, &[]).await?;
            let sessions = db
                .change(
                    "DELETE FROM sessions WHERE seq = ANY (ARRAY (SELECT seq FROM sessions WHERE expires_at <= $1
                     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
                    &[&now, &most],
                )
                .await?;
            let credentials = db
                .change(
                    "DELETE FROM credentials WHERE id = ANY (ARRAY (SELECT id FROM credentials WHERE expires_at <= $1
                     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
                    &[&before, &most],
                )
                .await?;
            let codes = db
                .change(
                    "DELETE FROM device_codes WHERE digest = ANY (ARRAY (SELECT digest FROM device_codes WHERE expires_at <= $1
                     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
                    &[&before, &most],
                )
                .await?;
            let native = db
                .change(
                    "DELETE FROM native_sessions WHERE id = ANY (ARRAY (SELECT id FROM native_sessions WHERE forgotten_at <= $1
                     ORDER BY forgotten_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
                    &[&now, &most],
                )
                .await?;
            Ok(sessions + credentials + codes + native)
        })
        .await?;
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}

pub(super) async fn insert_credential(db: &Link, user_id: &str, credential: &NewCredential) -> Result<(), Error> {
    db.change(
        "INSERT INTO credentials (digest, user_id, kind, scopes, life, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &credential.digest.0.as_slice(),
            &user_id,
            &credential.kind.word(),
            &credential.scopes.as_ref().map(Scopes::to_string),
            &credential.life.map(millis),
            &micros(credential.created_at),
            &credential.expires_at.map(micros),
        ],
    )
    .await?;
    Ok(())
}

async fn insert_session(db: &Link, user_id: &str, root: Option<i64>, session: &NewSession) -> Result<(), Error> {
    insert_session_and(db, user_id, root, session, Then::GoOn).await
}

async fn insert_session_and(
    db: &Link,
    user_id: &str,
    root: Option<i64>,
    session: &NewSession,
    then: Then,
) -> Result<(), Error> {
    let subject = match &session.subject {
        Subject::Everything => None,
        Subject::Profile(id) => Some(id.clone()),
        Subject::Scopes(scopes) => Some(scopes.to_string()),
    };
    db.change_and(
        then,
        "INSERT INTO sessions (digest, id, user_id, root, kind, name, subject, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING",
        &[
            &session.digest.0.as_slice(),
            &session.id,
            &user_id,
            &root,
            &session.kind.word(),
            &session.name.as_deref().map(text),
            &subject,
            &micros(session.created_at),
            &micros(session.expires_at),
        ],
    )
    .await?;
    Ok(())
}

fn scopes(text: &str) -> Option<Scopes> {
    Scopes::from_words(text.split(' '))
}
