//! The program's own files: the same for everybody, without record data, and so without an entry in the log.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::respond::Refusal;
use super::ui::assets;

/// `GET /static/{hash}/{name}`: the address changes with the content, so that it may be kept for ever.
pub(super) async fn file(request: Request) -> Result<Response, Refusal> {
    let asset = assets::at(request.uri().path()).ok_or(Refusal::not_found())?;
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes());
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, asset.etag.as_str()),
        (header::CONTENT_TYPE, asset.content_type),
    ];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, asset.bytes.clone().into_owned()).into_response())
}
