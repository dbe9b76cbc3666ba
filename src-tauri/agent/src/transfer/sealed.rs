//! The text of an export: a head that says how it is sealed, the sealed content in lines of base64, and a checksum.
//!
//! ```text
//! daypass-export 1
//! argon2id memory=65536 passes=3 lanes=1 salt=AAAAAAAAAAAAAAAAAAAAAA==
//! xchacha20poly1305 nonce=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
//! (base64 of ciphertext and tag, 76 characters a line)
//! sha256 (of the head and the ciphertext, in hex)
//! ```
//!
//! The key is Argon2id (RFC 9106) of the passphrase; the first three lines are bound to the content as associated data. The
//! checksum is there to tell a file that was cut off or damaged on its way from a wrong passphrase.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use data_encoding::{BASE64, HEXLOWER};
use daypass_core::{Chance, Phrase, Secret, phrase};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::vault::Cost;

/// What the first line begins with.
const NAME: &str = "daypass-export";
/// The version that this program writes and reads.
const VERSION: &str = "1";
/// The length of a line of base64 (RFC 2045).
const LINE: usize = 76;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// The most memory that a file may ask of this machine for its key, in KiB: 512 MiB.
const MOST_MEMORY: u32 = 512 << 10;
/// The most work: 2 GiB of memory passed over, ten times what this program asks.
const MOST_WORK: u64 = 2 << 20;

/// Why a text is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.phrase())]
pub(super) enum SealError {
    NoExport,
    Newer(u32),
    CutOff,
    Damaged,
    Head(&'static str),
    Costly,
    Passphrase,
    NoKey(String),
}

impl SealError {
    /// The sentence that says it.
    pub(super) fn phrase(&self) -> Phrase {
        match self {
            Self::NoExport => phrase!(
                "error-export-none",
                "This is no export of Daypass: its first line is not `{head}`.",
                head = format!("{NAME} {VERSION}"),
            ),
            Self::Newer(version) => phrase!(
                "error-export-newer",
                "The export is of version {version}, which this Daypass does not know; update Daypass.",
                version = version,
            ),
            Self::CutOff => phrase!(
                "error-export-cut-off",
                "The export is cut off: its last line, a checksum, is missing. Take another copy of it."
            ),
            Self::Damaged => phrase!(
                "error-export-damaged",
                "The export is damaged: its checksum does not fit. Take another copy of it."
            ),
            Self::Head(what) => phrase!(
                "error-export-head",
                "The export's head is damaged, or not made by Daypass ({reason}).",
                reason = what,
            ),
            Self::Costly => phrase!(
                "error-export-costly",
                "The export wants more memory or work for its key than is sensible; Daypass does not make such files."
            ),
            Self::Passphrase => phrase!(
                "error-export-wrong-passphrase",
                "The passphrase does not fit the export; nothing was imported."
            ),
            Self::NoKey(why) => {
                phrase!("error-export-no-key", "The export's key cannot be made ({reason}).", reason = why)
            }
        }
    }
}

/// Seals `content` under `passphrase`. Blocking, and slow by intent.
///
/// # Errors
/// `NoKey` where there is not enough memory.
pub(super) fn seal(chance: &dyn Chance, passphrase: &Secret, content: &[u8]) -> Result<String, SealError> {
    let mut salt = [0; SALT_BYTES];
    let mut nonce = [0; NONCE_BYTES];
    chance.fill(&mut salt);
    chance.fill(&mut nonce);
    let Cost { memory, passes, lanes } = Cost::USUAL;
    let head = format!(
        "{NAME} {VERSION}\nargon2id memory={memory} passes={passes} lanes={lanes} salt={}\nxchacha20poly1305 nonce={}\n",
        BASE64.encode(&salt),
        BASE64.encode(&nonce)
    );
    let key = Cost::USUAL.key(passphrase.expose().as_bytes(), &salt).map_err(SealError::NoKey)?;
    let aead = XChaCha20Poly1305::new((&*key).into());
    let payload = Payload { msg: content, aad: head.as_bytes() };
    // Only a content of more than 256 GiB cannot be sealed.
    let sealed = aead.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::NoKey("too long".to_owned()))?;
    let checksum = checksum(&head, &sealed);
    let encoded = BASE64.encode(&sealed);
    let mut text = String::with_capacity(head.len() + encoded.len() + encoded.len() / LINE + 80);
    text.push_str(&head);
    for line in encoded.as_bytes().chunks(LINE) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text.push_str(&format!("sha256 {checksum}\n"));
    Ok(text)
}

/// Opens what [`seal`] made. Blocking, and slow by intent. Blank lines and line breaks of other systems do no harm.
///
/// # Errors
/// Every [`SealError`].
pub(super) fn open(passphrase: &Secret, text: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.first().and_then(|line| line.strip_prefix(NAME)).map(str::trim) {
        Some(VERSION) => {}
        Some(version) => return Err(version.parse().map_or(SealError::NoExport, SealError::Newer)),
        None => return Err(SealError::NoExport),
    }
    let [name, kdf, cipher, body @ .., last] = &lines[..] else { return Err(SealError::CutOff) };
    let Some(sum) = last.strip_prefix("sha256 ") else { return Err(SealError::CutOff) };
    let head = format!("{name}\n{kdf}\n{cipher}\n");
    let sealed = BASE64.decode(body.concat().as_bytes()).map_err(|_| SealError::Damaged)?;
    if sum != checksum(&head, &sealed) {
        return Err(SealError::Damaged);
    }
    let (cost, salt) = read_kdf(kdf)?;
    let nonce = cipher.strip_prefix("xchacha20poly1305 nonce=").and_then(|nonce| BASE64.decode(nonce.as_bytes()).ok());
    let nonce = nonce.and_then(|nonce| <[u8; NONCE_BYTES]>::try_from(nonce).ok());
    let nonce = nonce.ok_or(SealError::Head("its third line is not a cipher and a nonce"))?;
    let key = cost.key(passphrase.expose().as_bytes(), &salt).map_err(SealError::NoKey)?;
    let aead = XChaCha20Poly1305::new((&*key).into());
    let payload = Payload { msg: &sealed, aad: head.as_bytes() };
    aead.decrypt(&XNonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| SealError::Passphrase)
}

/// `argon2id memory=KiB passes=N lanes=N salt=BASE64`, within what is sensible.
fn read_kdf(line: &str) -> Result<(Cost, Vec<u8>), SealError> {
    let words: Vec<&str> = line.split(' ').collect();
    let ["argon2id", memory, passes, lanes, salt] = words[..] else {
        return Err(SealError::Head("its second line is not `argon2id` with four values"));
    };
    let number = |word: &str, name: &str| {
        let value =
            word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).and_then(|value| value.parse().ok());
        value.ok_or(SealError::Head("a value of its second line is no number"))
    };
    let cost =
        Cost { memory: number(memory, "memory")?, passes: number(passes, "passes")?, lanes: number(lanes, "lanes")? };
    let work = u64::from(cost.memory).saturating_mul(cost.passes.into());
    if cost.memory > MOST_MEMORY || work > MOST_WORK || cost.lanes > 64 {
        return Err(SealError::Costly);
    }
    let salt = salt.strip_prefix("salt=").and_then(|salt| BASE64.decode(salt.as_bytes()).ok());
    match salt.filter(|salt| salt.len() == SALT_BYTES) {
        Some(salt) => Ok((cost, salt)),
        None => Err(SealError::Head("its salt is not 16 bytes")),
    }
}

fn checksum(head: &str, sealed: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::new().chain_update(head).chain_update(sealed).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing here depends on chance.
    struct Same;

    impl Chance for Same {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn sealed() -> String {
        seal(&Same, &Secret::new("correct horse"), &[42; 1000]).unwrap()
    }

    fn open(text: &str) -> Result<Vec<u8>, SealError> {
        super::open(&Secret::new("correct horse"), text).map(|content| content.to_vec())
    }

    #[test]
    fn opens_under_its_passphrase_alone() {
        let text = sealed();
        assert!(text.starts_with("daypass-export 1\nargon2id memory=65536 passes=3 lanes=1 salt="), "{text}");
        assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
        assert_eq!(open(&text), Ok(vec![42; 1000]));
        assert_eq!(super::open(&Secret::new("correct hors"), &text), Err(SealError::Passphrase));
        // As a mail, or another system, may bend it.
        assert_eq!(open(&format!("\r\n{}", text.replace('\n', "\r\n"))), Ok(vec![42; 1000]));
    }

    #[test]
    fn what_is_wrong_is_told_exactly() {
        let text = sealed();
        for nothing in ["", "\n", "hello", "-----BEGIN PGP MESSAGE-----", "daypass-export x\n"] {
            assert_eq!(open(nothing), Err(SealError::NoExport), "{nothing:?}");
        }
        assert_eq!(open(&text.replace("export 1", "export 2")), Err(SealError::Newer(2)));
        for length in (17..text.len() - 70).step_by(7) {
            assert_eq!(open(&text[..length]), Err(SealError::CutOff), "{length}");
        }
        for at in (text.find("argon2id").unwrap()..text.len() - 1).step_by(5) {
            let mut bent = text.clone().into_bytes();
            bent[at] ^= 1;
            let bent = open(&String::from_utf8(bent).unwrap());
            assert!(matches!(bent, Err(SealError::Damaged | SealError::CutOff)), "{at}: {bent:?}");
        }
    }

    /// The text with another head, and the checksum that fits it.
    fn with_head(from: &str, to: &str) -> String {
        let text = sealed();
        let at = text.find("sha256").unwrap();
        let (head_and_body, _) = text.split_at(at);
        let changed = head_and_body.replace(from, to);
        let lines: Vec<&str> = changed.lines().collect();
        let body = BASE64.decode(lines[3..].concat().as_bytes()).unwrap();
        let head = format!("{}\n", lines[..3].join("\n"));
        format!("{changed}sha256 {}\n", checksum(&head, &body))
    }

    #[test]
    fn a_hostile_head_is_refused_before_it_costs_anything() {
        for costly in ["memory=4294967295", "memory=524289"] {
            assert_eq!(open(&with_head("memory=65536", costly)), Err(SealError::Costly), "{costly}");
        }
        assert_eq!(open(&with_head("passes=3", "passes=33")), Err(SealError::Costly));
        assert_eq!(open(&with_head("lanes=1", "lanes=16777215")), Err(SealError::Costly));
        for none in ["memory=-1", "memory=99999999999", "memory"] {
            assert!(matches!(open(&with_head("memory=65536", none)), Err(SealError::Head(_))), "{none}");
        }
        for zero in [("memory=65536", "memory=0"), ("passes=3", "passes=0"), ("lanes=1", "lanes=0")] {
            assert!(matches!(open(&with_head(zero.0, zero.1)), Err(SealError::NoKey(_))), "{zero:?}");
        }
        assert!(matches!(open(&with_head("salt=", "salt=A")), Err(SealError::Head(_))));
        // The head is bound to the content: with another, but sensible one it does not open.
        assert_eq!(open(&with_head("passes=3", "passes=2")), Err(SealError::Passphrase));
    }
}
