//! Requests as bytes.

/// A `GET`; `headers` end in a line break each.
pub(super) fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\n{}{headers}\r\n", host(headers)).into_bytes()
}

/// A `POST` of `body`, whose kind is among the `headers`.
pub(super) fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\n{}{headers}Content-Length: {length}\r\n\r\n{body}", host(headers)).into_bytes()
}

/// A `POST` of a form.
pub(super) fn form(path: &str, headers: &str, body: &str) -> Vec<u8> {
    post(path, &format!("{headers}Content-Type: application/x-www-form-urlencoded\r\n"), body)
}

/// The same request for the bare handler, which knows `POST /` alone: as long, with the same headers.
pub(super) fn bare(request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(request);
    let (line, rest) = text.split_once("\r\n").unwrap_or((&text, ""));
    let length = if line.starts_with("GET") { "Content-Length: 0\r\n" } else { "" };
    format!("POST / HTTP/1.1\r\n{length}{rest}").into_bytes()
}

/// Every one of the measured is asked by a name of this machine, unless the headers have one.
fn host(headers: &str) -> &'static str {
    if headers.contains("Host: ") { "" } else { "Host: 127.0.0.1\r\n" }
}
