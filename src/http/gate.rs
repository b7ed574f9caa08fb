//! The gate before every handler: the body's limit, who is asking, whether the row lets them in, and that
//! an unsafe request comes from one of our own pages.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;

use super::House;
use super::respond::{Refusal, Refused};
use super::routes::{Entrance, Route};

/// What the gate of one row knows.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) house: House,
    pub(super) route: &'static Route,
    pub(super) entrance: Entrance,
}

/// The row that answered, for the log, the metrics and the form of a refusal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub(super) template: &'static str,
    pub(super) format: super::respond::Format,
}

pub(super) async fn pass(State(door): State<Door>, request: Request, next: Next) -> Response {
    let answered = Answered { template: door.route.path, format: door.route.format };
    let mut response = match check(&door, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    response.extensions_mut().insert(answered);
    response
}

async fn check(door: &Door, request: Request) -> Result<Request, Refusal> {
    let limit = door.house.front.limits.body(door.route.body);
    limit_body(request, limit)
}

/// Refuses a body that says it is too large before reading any of it, and stops reading one that does not say.
fn limit_body(request: Request, limit: usize) -> Result<Request, Refusal> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limit as u64) {
        return Err(too_large(limit));
    }
    Ok(request.map(|body| Body::new(Limited::new(body, limit))))
}

fn too_large(limit: usize) -> Refusal {
    let mib = limit / (1 << 20);
    let most = if mib == 0 { format!("{} KiB", limit >> 10) } else { format!("{mib} MiB") };
    Refusal::saying(
        Refused::TooLarge,
        format!(
            "This is larger than the box takes here: {most} is the most. Nothing was kept. Send it in smaller parts."
        ),
    )
}
