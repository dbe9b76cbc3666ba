//! How requests are read and errors are written: JSON in both directions, whatever goes wrong.

use axum::Json;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daypass_api::{ApiError, ErrorCode, misfit};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::REQUEST_TIMEOUT;

/// The longest body of a request: 64 KiB; a credential may have 8.
pub(super) const MAX_BODY: usize = 64 << 10;
/// The longest body that brings an export: 32 MiB, some ten thousand accounts.
pub(super) const MAX_IMPORT: usize = 32 << 20;

/// An error as it is answered.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) error: ApiError,
}

/// What a handler answers.
pub(super) type Answer<T> = Result<Json<T>, Refused>;

/// A value as JSON, or the error.
pub(super) fn answer<T: Serialize>(result: Result<T, ApiError>) -> Answer<T> {
    result.map(Json).map_err(Refused::from)
}

impl Refused {
    pub(super) fn bad_request(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, error: ApiError::new(ErrorCode::BadRequest, message) }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, error }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let wait = self.error.retry_after;
        let mut response = (self.status, Json(self.error)).into_response();
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

/// The body of a request as JSON; where there is none, `{}`.
///
/// The content type is not asked for: there is no browser on this socket, and `curl -d` sends another one.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request<axum::body::Body>, state: &S) -> Result<Self, Refused> {
        let late = |_| Refused::bad_request(StatusCode::REQUEST_TIMEOUT, "The request's body did not come in time.");
        let bytes = tokio::time::timeout(REQUEST_TIMEOUT, Bytes::from_request(request, state)).await.map_err(late)?;
        let bytes = bytes.map_err(|rejection| {
            let too_long = matches!(&rejection, BytesRejection::FailedToBufferBody(failed)
                if failed.status() == StatusCode::PAYLOAD_TOO_LARGE);
            if too_long {
                Refused::bad_request(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "The request is too long: 64 KiB at most, or 32 MiB for an import.",
                )
            } else {
                Refused::bad_request(StatusCode::BAD_REQUEST, "The request's body was cut off.")
            }
        })?;
        let body = if bytes.is_empty() { &b"{}"[..] } else { &bytes };
        serde_json::from_slice(body).map(Self).map_err(|error| {
            let message = format!("The request does not fit: {}.", misfit(&error));
            Refused::bad_request(StatusCode::BAD_REQUEST, message)
        })
    }
}
