//! Discovr's sign-in by device code: the device's two calls. The person's part is the page beside this.

use data_encoding::BASE64;
use daypass_core::Secret;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use serde_json::json;

use crate::Service;
use crate::call::{Call, Problem, Reply, ok};
use crate::service::{DEVICE_CODE_LIFE, Poll};

/// `POST /auth/device-codes`: no credential is needed.
pub(super) async fn begin(service: &Service, call: &Call) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    struct Request {
        #[serde(rename = "clientID")]
        client_id: String,
    }
    let Request { client_id } = call.json()?;
    if client_id.trim().is_empty() || client_id.chars().count() > 128 || client_id.chars().any(char::is_control) {
        return Err(Problem::WrongShape("The clientID must have 1 to 128 characters".into()));
    }
    let code = service.begin_sign_in(client_id, None).await?.ok_or(Problem::TooOften(DEVICE_CODE_LIFE))?;
    let page = format!("{}/device?user_code={}", call.origin, code.user_code.expose());
    ok(&json!({
        "deviceCode": code.device_code.expose(),
        "userCode": code.user_code.expose(),
        "authQRCode": picture(&page).ok_or(Problem::Unavailable)?,
        // Milliseconds, unlike every other time of this contract.
        "expiresIn": DEVICE_CODE_LIFE.as_millis() as u64,
    }))
}

/// `POST /auth/device-codes/{deviceCode}/poll`: 401 ends the asking, as documented.
pub(super) async fn poll(service: &Service, device_code: &str) -> Result<Reply, Problem> {
    match service.poll_sign_in(&Secret::new(device_code)).await? {
        Poll::Pending => ok(&json!({ "status": "pending" })),
        Poll::Approved { refresh_token, public_id, expires_at } => ok(&json!({
            "refreshToken": refresh_token.expose(),
            "publicId": public_id,
            "expiresAt": expires_at.timestamp(),
        })),
        Poll::Unknown => Err(Problem::BadCredential),
        Poll::Expired => Err(Problem::ExpiredCredential),
    }
}

/// A QR code of `text` as an SVG in a data URL; nothing where `text` is too long for one.
fn picture(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Some(format!("data:image/svg+xml;base64,{}", BASE64.encode(image.as_bytes())))
}
