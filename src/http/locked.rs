//! What a box answers that was started without its key: the unlock page, and to watchers that it is locked.
//! It has no store, so there is nothing else that it could tell.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::gate;
use super::pages::{self, Face};
use super::respond::{Refusal, Refused};
use super::routes::Entrance;
use crate::base::Secret;

/// Tries a passphrase. `Err` is a sentence for whoever typed it.
pub type TryPassphrase =
    Arc<dyn Fn(Secret<String>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// A locked box, as its pages know it.
#[derive(Clone)]
pub struct Locked {
    face: Face,
    unlock: TryPassphrase,
    /// One try at a time: each takes 64 MiB and some tenths of a second.
    turn: Arc<Semaphore>,
}

impl Locked {
    pub fn new(face: Face, unlock: TryPassphrase) -> Self {
        Self { face, unlock, turn: Arc::new(Semaphore::new(1)) }
    }

    /// What a listener answers while the box is locked. It is unlocked on the clinic's network only.
    pub fn router(self, entrance: Entrance) -> Router {
        let router = Router::new().route("/healthz", get(async || "locked\n"));
        let router = match entrance {
            Entrance::Clinic => router.route("/", get(page)).route("/unlock", post(unlock)),
            Entrance::Portal | Entrance::Welcome | Entrance::Ops => router,
        };
        router.fallback(async || Refusal::new(Refused::Locked)).with_state(self)
    }
}

async fn page(State(locked): State<Locked>) -> Result<Response, Refusal> {
    pages::locked(&locked.face, None)
}

#[derive(Deserialize)]
struct Typed {
    passphrase: Secret<String>,
}

async fn unlock(State(locked): State<Locked>, headers: HeaderMap, request: Request) -> Result<Response, Refusal> {
    let authority = request.uri().authority().map(http::uri::Authority::as_str).map(str::to_owned);
    gate::from_our_own_origin(&headers, authority.as_deref())?;
    let request = gate::limit_body(request, 4 << 10).await?;
    let Form(Typed { passphrase }) =
        Form::from_request(request, &()).await.map_err(|_| Refusal::new(Refused::Malformed))?;
    let Ok(_turn) = locked.turn.try_acquire() else {
        return Err(Refusal::new(Refused::Throttled { seconds: 2 }));
    };
    match (locked.unlock)(passphrase).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(sentence) => {
            let page = pages::locked(&locked.face, Some(sentence))?;
            Ok(super::sign_in::finished(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
    }
}
