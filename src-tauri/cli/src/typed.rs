//! Secrets as they come in: a line of a file or of stdin, or typed on the terminal without echo. Never from the command line.

use std::io::Read;

use daypass_core::Secret;

use crate::failure::Failure;

/// The longest secret that is read, in bytes: far more than any API key.
const MAX_SECRET: u64 = 64 << 10;

/// The secret on `input`: one line, whose line break is not part of it. `what` is its name in messages, such as
/// `credential on stdin`.
///
/// # Errors
/// Where there is none, or something else.
pub(crate) fn line(input: impl Read, what: &str) -> Result<Secret, Failure> {
    let mut text = String::new();
    input.take(MAX_SECRET + 1).read_to_string(&mut text).map_err(|error| {
        Failure::usage(format!("The {what} cannot be read as text: {}.", daypass_api::reason(&error)))
    })?;
    let secret = Secret::new(text);
    let line = secret.expose();
    let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(Failure::usage(format!("There is no {what}.")));
    }
    if line.len() as u64 > MAX_SECRET || line.chars().any(char::is_control) {
        return Err(Failure::usage(format!("The {what} must be one line of at most 64 KiB.")));
    }
    Ok(Secret::new(line))
}

/// Asks for a secret on the terminal.
///
/// # Errors
/// Where nothing is typed, and where the terminal cannot be read.
pub(crate) fn prompt(label: &str) -> Result<Secret, Failure> {
    let typed = rpassword::prompt_password(format!("{label}: "))
        .map_err(|error| Failure::other(format!("The terminal cannot be read: {}.", daypass_api::reason(&error))))?;
    let secret = Secret::new(typed);
    if secret.is_empty() { Err(Failure::usage("Nothing was typed.")) } else { Ok(secret) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    #[test]
    fn one_line_break_is_not_part_of_a_secret() {
        let read = |text: &[u8]| {
            let secret = line(text, "credential on stdin").map_err(|failure| failure.exit)?;
            Ok(secret.expose().to_owned())
        };
        assert_eq!(read(b"abc"), Ok("abc".to_owned()));
        assert_eq!(read(b"abc\n"), Ok("abc".to_owned()));
        assert_eq!(read(b"abc\r\n"), Ok("abc".to_owned()));
        assert_eq!(read(b" abc \n"), Ok(" abc ".to_owned()));
        for wrong in [&b""[..], b"\n", b"abc\n\n", b"a\nb\n", b"a\0b", &[0xff, 0xfe]] {
            assert_eq!(read(wrong), Err(Exit::Usage), "{wrong:?}");
        }
        assert!(read(&vec![b'a'; MAX_SECRET as usize]).is_ok());
        assert!(read(&vec![b'a'; MAX_SECRET as usize + 1]).is_err());
    }
}
