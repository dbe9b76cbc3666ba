//! A `curl` command as it stands in the documentation of an API: what it would send, and where to.

use std::net::IpAddr;

use data_encoding::BASE64;
use daypass_core::Secret;
use http::Method;
use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::RecognizeError;

/// The longest command that is read, in bytes: more than any documentation has.
const MAX_COMMAND: usize = 64 << 10;

/// The longest ending of a host's name, in letters: the signature of a JWT is longer.
const MAX_ENDING: usize = 18;

/// The short options of curl that take a value (curl(1)), besides those that are read here.
const SHORT_WITH_VALUE: &str = "AbcCDeEFhKmoPQrtTUwxyYzZ";

/// The long ones.
const LONG_WITH_VALUE: [&str; 30] = [
    "cacert",
    "capath",
    "cert",
    "cert-type",
    "ciphers",
    "config",
    "connect-timeout",
    "connect-to",
    "cookie",
    "cookie-jar",
    "form",
    "form-string",
    "interface",
    "key",
    "key-type",
    "limit-rate",
    "max-redirs",
    "max-time",
    "noproxy",
    "output",
    "pass",
    "proxy",
    "proxy-user",
    "range",
    "referer",
    "resolve",
    "retry",
    "unix-socket",
    "user-agent",
    "write-out",
];

/// What ends a command in a shell.
const END: [&str; 9] = ["|", "||", "&&", ";", "&", ">", ">>", "2>", "<"];

/// What a command would send.
pub(super) struct Command {
    pub(super) method: Method,
    /// The address as it is written; it may hold placeholders.
    pub(super) address: String,
    /// Names and values.
    pub(super) headers: Vec<(String, Zeroizing<String>)>,
    pub(super) body: Body,
}

/// What it sends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// Nothing, or what cannot be read.
    Nothing,
    Json(Value),
    Form(Vec<(String, String)>),
}

/// The options, as they are found.
#[derive(Default)]
struct Options {
    method: Option<String>,
    address: Option<String>,
    headers: Vec<(String, Zeroizing<String>)>,
    data: Vec<Zeroizing<String>>,
    /// Whether the data goes into the query (`-G`).
    in_query: bool,
    head: bool,
}

impl Command {
    /// Reads the first `curl` of `text`.
    ///
    /// # Errors
    /// [`RecognizeError`]: it is none, or it names no address.
    pub(super) fn read(text: &Secret) -> Result<Self, RecognizeError> {
        if text.expose().len() > MAX_COMMAND {
            return Err(RecognizeError::TooLong);
        }
        let words = words(text.expose());
        let mut words = words.iter().map(|word| word.as_str()).skip_while(|word| !names_curl(word));
        words.next().ok_or(RecognizeError::NotCurl)?;
        let mut options = Options::default();
        while let Some(word) = words.next() {
            if END.contains(&word) || (names_curl(word) && options.address.is_some()) {
                break;
            }
            options.take(word, &mut words);
        }
        options.finish()
    }
}

impl Options {
    fn take<'a>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'a str>) {
        if let Some(long) = word.strip_prefix("--") {
            // curl wants a blank; other programs' habits are understood as well.
            match long.split_once('=') {
                Some((name, value)) => self.long(name, &mut std::iter::once(value)),
                None => self.long(long, rest),
            }
        } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
            self.short(short, rest);
        } else if self.address.as_ref().is_none_or(|there| !there.contains("://") && word.contains("://"))
            && may_be_address(word)
        {
            self.address = Some(word.to_owned());
        }
    }

    fn long<'a>(&mut self, name: &str, rest: &mut impl Iterator<Item = &'a str>) {
        match name {
            "request" => self.method = rest.next().map(str::to_owned),
            "url" => self.address = rest.next().map(str::to_owned),
            "header" => self.header(rest.next()),
            "data" | "data-ascii" | "data-binary" | "data-raw" | "data-urlencode" => self.data(rest.next()),
            "json" => {
                self.data(rest.next());
                self.header(Some("Content-Type: application/json"));
            }
            "user" => self.user(rest.next()),
            "oauth2-bearer" => {
                let bearer = rest.next().map(|token| Zeroizing::new(format!("Authorization: Bearer {token}")));
                self.header(bearer.as_ref().map(|header| header.as_str()));
            }
            "get" => self.in_query = true,
            "head" => self.head = true,
            other if LONG_WITH_VALUE.contains(&other) => drop(rest.next()),
            _ => {}
        }
    }

    /// One word of short options: the value of the last may stand in the same word.
    fn short<'a>(&mut self, letters: &str, rest: &mut impl Iterator<Item = &'a str>) {
        for (at, letter) in letters.char_indices() {
            let behind = &letters[at + letter.len_utf8()..];
            let mut value = || if behind.is_empty() { rest.next() } else { Some(behind) };
            match letter {
                'X' => self.method = value().map(str::to_owned),
                'H' => self.header(value()),
                'd' => self.data(value()),
                'u' => self.user(value()),
                'G' => {
                    self.in_query = true;
                    continue;
                }
                'I' => {
                    self.head = true;
                    continue;
                }
                _ if SHORT_WITH_VALUE.contains(letter) => drop(value()),
                _ => continue,
            }
            return;
        }
    }

    fn header(&mut self, line: Option<&str>) {
        if let Some((name, value)) = line.and_then(|line| line.split_once(':')) {
            self.headers.push((name.trim().to_owned(), Zeroizing::new(value.trim().to_owned())));
        }
    }

    /// A file's content is not in the command.
    fn data(&mut self, data: Option<&str>) {
        let data = data.filter(|data| !data.starts_with('@'));
        self.data.push(Zeroizing::new(data.unwrap_or_default().to_owned()));
    }

    /// As curl sends it (RFC 7617).
    fn user(&mut self, user: Option<&str>) {
        if let Some(user) = user {
            let basic = Zeroizing::new(BASE64.encode(user.as_bytes()));
            self.headers.push(("Authorization".to_owned(), Zeroizing::new(format!("Basic {}", basic.as_str()))));
        }
    }

    fn finish(self) -> Result<Command, RecognizeError> {
        let mut address = self.address.ok_or(RecognizeError::NoAddress)?;
        let data = Zeroizing::new(self.data.iter().map(|data| data.as_str()).collect::<Vec<_>>().join("&"));
        let sends = !self.data.is_empty() && !self.in_query;
        if self.in_query && !data.is_empty() {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&data);
        }
        let method = match &self.method {
            Some(method) => Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap_or_default(),
            None if sends => Method::POST,
            None if self.head => Method::HEAD,
            None => Method::GET,
        };
        let body = if sends { body(&data) } else { Body::Nothing };
        Ok(Command { method, address, headers: self.headers, body })
    }
}

/// JSON where it is JSON, else a form.
fn body(data: &str) -> Body {
    match serde_json::from_str(data) {
        Ok(json) => Body::Json(json),
        Err(_) if data.contains('=') && !data.trim_start().starts_with(['{', '[']) => {
            Body::Form(form_urlencoded::parse(data.as_bytes()).into_owned().collect())
        }
        Err(_) => Body::Nothing,
    }
}

/// Whether a word without a name before it may be an address. Where the quotes of a header are missing, a part of that stands
/// there, such as its token, which no message must repeat.
fn may_be_address(word: &str) -> bool {
    let host = word.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let named = |ending: &str| (2..=MAX_ENDING).contains(&ending.len()) && ending.chars().all(char::is_alphabetic);
    word.contains("://")
        || word.contains(['<', '>', '{', '}', '$'])
        || name.eq_ignore_ascii_case("localhost")
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        || (!port.is_empty() && port.chars().all(|c| c.is_ascii_digit()))
        || name.rsplit_once('.').is_some_and(|(before, ending)| !before.is_empty() && named(ending))
}

fn names_curl(word: &str) -> bool {
    word == "curl" || word == "curl.exe" || word.ends_with("/curl")
}

/// The words of `text` as a POSIX shell splits them (XCU 2.2 and 2.3). Where its quotes do not match, as in some documentation, what
/// stands between blanks: enough to see where it leads, while what it sends may be cut at the wrong place and is left out.
fn words(text: &str) -> Zeroizing<Vec<String>> {
    let text = Zeroizing::new(plain(text));
    if let Some(words) = shlex::split(&text) {
        return Zeroizing::new(words);
    }
    let bare = |word: &str| word.trim_matches(['\'', '"', '\\']).to_owned();
    let mut takes = false;
    let mut kept = Vec::new();
    for word in text.split_whitespace().map(bare) {
        // The method is one word, whatever the quotes; a header or a body is not.
        let follows = std::mem::replace(&mut takes, word == "-X" || word == "--request");
        if follows || takes || names_curl(&word) || word.contains("://") {
            kept.push(word);
        }
    }
    Zeroizing::new(kept)
}

/// The text with what word processors and web pages do to a command undone: curly quotes, line ends, blanks behind the
/// backslash that ends a line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        match bare.strip_suffix('\\') {
            // Two are one that means itself.
            Some(joined) if !joined.ends_with('\\') => {
                plain.push_str(joined);
                plain.push(' ');
            }
            _ => {
                plain.push_str(line.trim_end_matches(['\r', '\n']));
                plain.push('\n');
            }
        }
    }
    plain
        .replace(['\u{2018}', '\u{2019}'], "'")
        .replace(['\u{201c}', '\u{201d}', '\u{201e}'], "\"")
        .replace('\u{a0}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Command {
        Command::read(&Secret::new(text)).unwrap()
    }

    fn header<'a>(command: &'a Command, name: &str) -> Option<&'a str> {
        command.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn options_are_read_as_curl_reads_them() {
        let command =
            read("$ curl -sSL -XPUT --url https://a.example/b -H'X-Key: k 1' -o out.json -d 'x=1' -d y=2 | jq .");
        assert_eq!((&command.method, command.address.as_str()), (&Method::PUT, "https://a.example/b"));
        assert_eq!(command.headers.len(), 1);
        assert_eq!(command.headers[0].1.as_str(), "k 1");
        let form = [("x", "1"), ("y", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(command.body, Body::Form(form.to_vec()));
        assert_eq!(read("curl https://a.example --json '{\"a\": 1}'").body, Body::Json(serde_json::json!({"a": 1})));
        assert_eq!(read("curl https://a.example -d @file").method, Method::POST);
        assert_eq!(read("curl -G https://a.example -d a=b").address, "https://a.example?a=b");
        assert_eq!(header(&read("curl -u me:pw a.example"), "Authorization"), Some("Basic bWU6cHc="));
        assert_eq!(header(&read("curl --oauth2-bearer t a.example"), "Authorization"), Some("Bearer t"));
        assert_eq!(read("curl -I a.example").method, Method::HEAD);
    }

    #[test]
    fn lines_that_go_on_are_one_command() {
        let command = read(
            "curl -X POST \\\r\n\r\n  https://a.example/b \\ \n\n  -H \u{201c}A: b\u{201d} \\\n -d ''\ncurl other",
        );
        assert_eq!((&command.method, command.address.as_str()), (&Method::POST, "https://a.example/b"));
        assert_eq!(header(&command, "A"), Some("b"));
    }

    #[test]
    fn quotes_that_do_not_match_leave_the_address() {
        let command = read("curl -X PUT https://a.example/b -H 'Authorization': Bearer x' -H 'C: d'");
        assert_eq!((&command.method, command.address.as_str()), (&Method::PUT, "https://a.example/b"));
        assert!(command.headers.is_empty());
    }

    #[test]
    fn what_belongs_to_a_header_is_no_address() {
        for header in [
            "-H Authorization: s3cr3t",
            "-H Authorization: Bearer s3cr3t",
            "-H Authorization: eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
            "--proxy-header s3cr3t",
            "--some-key k.example",
        ] {
            assert_eq!(read(&format!("curl {header} https://a.example/b")).address, "https://a.example/b");
        }
        let none = Command::read(&Secret::new("curl -H Authorization: s3cr3t"));
        assert_eq!(none.err(), Some(RecognizeError::NoAddress));
        for address in ["a.example/b", "localhost", "localhost:8000/b", "box:80", "127.0.0.1/b", "[::1]:80", "$HOST/b"]
        {
            assert_eq!(read(&format!("curl -s {address}")).address, address);
        }
    }

    #[test]
    fn what_is_no_command_is_told() {
        let error = |text: &str| Command::read(&Secret::new(text)).err();
        assert_eq!(error("wget https://a.example"), Some(RecognizeError::NotCurl));
        assert_eq!(error("curl -H 'A: b'"), Some(RecognizeError::NoAddress));
        assert_eq!(error(&"x".repeat(MAX_COMMAND + 1)), Some(RecognizeError::TooLong));
        assert_eq!(error("curl -X"), Some(RecognizeError::NoAddress));
    }
}
