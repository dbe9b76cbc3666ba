//! What the notifications say.

use daypass_agent::Notice;
use daypass_api::view::CopyView;
use daypass_api::{ApiError, ErrorCode};
use daypass_tray::{Note, Topic};

use crate::made::{after, now};

#[test]
fn each_notice_has_its_words() {
    let account = || "work".to_owned();
    let told = |notice: Notice| {
        let Note { topic, account, title, body } = Note::of(&notice, now());
        assert_eq!(account, "work");
        (topic, title, body)
    };
    assert_eq!(
        told(Notice::NeedsYou { account: account(), message: "The login token was refused.".to_owned() }),
        (Topic::NeedsYou, "work needs you".to_owned(), "The login token was refused.".to_owned())
    );
    assert_eq!(
        told(Notice::Recovered { account: account(), expires_at: Some(after(1500)) }),
        (Topic::Recovered, "work is fresh again".to_owned(), "The new token lives for 25 min.".to_owned())
    );
    assert_eq!(
        told(Notice::Recovered { account: account(), expires_at: None }),
        (Topic::Recovered, "work is fresh again".to_owned(), "There is a new token.".to_owned())
    );
    assert_eq!(
        told(Notice::Revoked { account: account(), message: "The session ended at once.".to_owned() }),
        (Topic::Revoked, "Revoked: work".to_owned(), "The session ended at once.".to_owned())
    );
}

#[test]
fn a_copy_tells_its_life_and_when_the_clipboard_is_cleared() {
    let view = CopyView {
        account: "work".to_owned(),
        session_id: "s1".to_owned(),
        expires_at: Some(after(1500)),
        cleared_at: after(45),
    };
    let note = Note::copied(&view, None, now());
    assert_eq!(note.title, "Copied: work");
    assert_eq!(note.body, "It lives for 25 min. The clipboard is cleared in 45 s.");

    let short = CopyView { expires_at: Some(after(20)), ..view };
    let because = ApiError::new(ErrorCode::Offline, "AntiRaid does not answer.");
    let note = Note::copied(&short, Some(&because), now());
    let expected =
        "It lives for 20 s. It could not be refreshed: AntiRaid does not answer. The clipboard is cleared in 45 s.";
    assert_eq!(note.body, expected);
}

#[test]
fn a_notification_replaces_its_like() {
    let copied = |account: &str| {
        let (account, session_id) = (account.to_owned(), "s1".to_owned());
        Note::copied(&CopyView { account, session_id, expires_at: None, cleared_at: now() }, None, now())
    };
    let needy =
        |account: &str| Note::of(&Notice::NeedsYou { account: account.to_owned(), message: String::new() }, now());
    // A clipboard holds one token, but several accounts can need the user.
    assert_eq!(copied("work").place(), copied("home").place());
    assert_ne!(needy("work").place(), needy("home").place());
    assert_eq!(needy("work").place(), needy("work").place());
    assert_ne!(copied("work").place(), needy("work").place());
}
