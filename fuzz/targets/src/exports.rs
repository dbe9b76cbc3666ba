//! The file of an export. An input is the file, or, where it begins with a brace, what is sealed in it.
//!
//! What is wrong is told in a sentence. What is taken is written back as the same, whether it is read once or twice.

use data_encoding::{BASE64, HEXLOWER};
use daypass_agent::transfer_fuzzing::{open_export, reread_content};
use daypass_core::Secret;
use sha2::{Digest, Sha256};

use crate::is_a_sentence;

/// What the files of the corpus are sealed under.
const PASSPHRASE: &str = "correct horse battery";
/// The most memory, in KiB, and passes of a head that a fuzzer may have run: a real one takes a tenth of a second.
const CHEAP: (u32, u32) = (64, 4);

/// See the module.
pub fn exports(bytes: &[u8]) {
    if bytes.first() == Some(&b'{') {
        return content(bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    opened(text);
    if let Some(text) = with_its_checksum(text) {
        opened(&text);
    }
}

fn opened(text: &str) {
    match open_export(&Secret::new(PASSPHRASE), text) {
        Ok(inside) => {
            assert!(open_export(&Secret::new("another"), text).is_err(), "it opens under any passphrase");
            content(&inside);
        }
        Err(error) => {
            assert!(is_a_sentence(&error.message), "{error:?}");
            assert!(!error.message.contains(PASSPHRASE), "{error:?}");
        }
    }
}

fn content(inside: &[u8]) {
    match reread_content(inside) {
        Ok(once) => assert_eq!(reread_content(&once).as_ref(), Ok(&once), "it is written as it was read"),
        Err(error) => assert!(is_a_sentence(&error.message), "{error:?}"),
    }
}

/// The text with the checksum that fits it, which no chance would find; `None` where its head is costly or none.
fn with_its_checksum(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let [name, kdf, cipher, body @ .., _] = &lines[..] else { return None };
    let number = |name: &str| kdf.split(' ').find_map(|word| word.strip_prefix(name)?.parse::<u32>().ok());
    let (memory, passes, lanes) = (number("memory=")?, number("passes=")?, number("lanes=")?);
    if memory > CHEAP.0 || passes > CHEAP.1 || lanes > CHEAP.1 {
        return None;
    }
    let head = format!("{name}\n{kdf}\n{cipher}\n");
    let sealed = BASE64.decode(body.concat().as_bytes()).ok()?;
    let sum = HEXLOWER.encode(&Sha256::new().chain_update(&head).chain_update(&sealed).finalize());
    Some(format!("{head}{}\nsha256 {sum}\n", body.join("\n")))
}
