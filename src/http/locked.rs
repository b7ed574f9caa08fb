//! What a box answers that was started without its key: the unlock page, and to watchers that it is locked.
//! It has no store, so there is nothing else that it could tell.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use super::front::Peer;
use super::gate;
use super::open::pages::{self as forms, LockedState};
use super::pages::{self, Face};
use super::respond::{Refusal, Refused};
use super::routes::Entrance;
use super::said::sentence;
use super::ui::Faults;
use crate::base::Secret;
use crate::crypto::keyslots::SlotKey;
use crate::crypto::sheet::{ROWS, Sheet, SheetError};

/// The ways in that a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    pub passphrase: bool,
    pub sheet: bool,
}

/// How far a right key has brought the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unlocking {
    Open,
    /// The store is copied under a new key first.
    Copying,
}

/// Why a key did not open the box.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRefused {
    Wait {
        seconds: u32,
    },
    /// A sentence for whoever typed it.
    Said(String),
}

/// A key being tried.
pub type Trying<'a> = Pin<Box<dyn Future<Output = Result<Unlocking, KeyRefused>> + Send + 'a>>;

/// A box that waits for its key.
pub trait WaysIn: Send + Sync {
    fn ways(&self) -> Ways;
    /// Whether a right key was given, and the box is on its way.
    fn is_opening(&self) -> bool;
    /// Tries a key that came from this address.
    fn try_key(&self, key: SlotKey, origin: Option<IpAddr>) -> Trying<'_>;
}

/// A locked box, as its pages know it.
#[derive(Clone)]
pub struct Locked {
    face: Face,
    door: Arc<dyn WaysIn>,
}

/// Seconds after which the page of a box on its way looks again.
const LOOKS_AGAIN: HeaderValue = HeaderValue::from_static("5");

impl Locked {
    pub fn new(face: Face, door: Arc<dyn WaysIn>) -> Self {
        Self { face, door }
    }

    /// What a listener answers while the box is locked. It is unlocked on the clinic's network only.
    pub fn router(self, entrance: Entrance) -> Router {
        let router = Router::new().route("/healthz", get(async || "locked\n"));
        let router = match entrance {
            Entrance::Clinic => router
                .route("/", get(page))
                .route("/unlock", post(unlock).get(async || Redirect::to("/")))
                .route("/static/{hash}/{*name}", get(super::files::file)),
            Entrance::Portal | Entrance::Welcome | Entrance::Ops => router,
        };
        router.fallback(async || Refusal::new(Refused::Locked)).with_state(self)
    }

    fn shown(&self, faults: Faults, given: forms::Given) -> Result<Response, Refusal> {
        let Ways { passphrase, sheet } = self.door.ways();
        let state = if self.door.is_opening() { LockedState::Opening } else { LockedState::Waits };
        let mut response = pages::locked(&self.face, state, (passphrase, sheet), faults, given)?;
        if state == LockedState::Opening {
            response.headers_mut().insert(header::REFRESH, LOOKS_AGAIN);
        }
        Ok(response)
    }
}

async fn page(State(locked): State<Locked>) -> Result<Response, Refusal> {
    locked.shown(Faults::none(), forms::Given::Nothing)
}

#[derive(Deserialize)]
struct Typed {
    passphrase: Option<Secret<String>>,
    row1: Option<Secret<String>>,
    row2: Option<Secret<String>>,
    row3: Option<Secret<String>>,
    row4: Option<Secret<String>>,
    row5: Option<Secret<String>>,
    row6: Option<Secret<String>>,
}

/// The names of the sheet's fields.
pub(super) const ROW_FIELDS: [&str; ROWS] = ["row1", "row2", "row3", "row4", "row5", "row6"];

impl Typed {
    /// The key that was typed, or what is wrong with it where that can be seen.
    fn key(&self) -> Result<SlotKey, (Faults, forms::Given)> {
        if let Some(passphrase) = &self.passphrase {
            return Ok(SlotKey::Passphrase(passphrase.clone()));
        }
        let rows = [&self.row1, &self.row2, &self.row3, &self.row4, &self.row5, &self.row6];
        let rows = rows.map(|row| row.as_ref().map_or("", |row| row.expose().as_str()));
        Sheet::read_rows(rows).map(SlotKey::RecoverySheet).map_err(|error| (at_their_rows(&error), forms::Given::Sheet))
    }
}

fn at_their_rows(error: &SheetError) -> Faults {
    let mut faults = Faults::none();
    match error {
        SheetError::Rows(rows) => {
            for fault in rows {
                let field = fault.row().checked_sub(1).and_then(|at| ROW_FIELDS.get(at));
                faults.add(field.copied().unwrap_or("row1"), sentence(&fault.to_string()));
            }
        }
        other => faults.add("row1", sentence(&other.to_string())),
    }
    faults
}

/// How long the form with a key may be, in bytes.
const LONGEST_KEY: usize = 4 << 10;

async fn unlock(State(locked): State<Locked>, request: Request) -> Result<Response, Refusal> {
    let authority = request.uri().authority().map(http::uri::Authority::as_str).map(str::to_owned);
    gate::from_our_own_origin(request.headers(), authority.as_deref())?;
    let origin = request.extensions().get::<Peer>().map(|peer| peer.ip);
    let (parts, body) = gate::limit_body(request, LONGEST_KEY).await?.into_parts();
    let request = Request::from_parts(parts, Body::from(gate::read(body, LONGEST_KEY).await?));
    let Form(typed): Form<Typed> =
        Form::from_request(request, &()).await.map_err(|_| Refusal::new(Refused::Malformed))?;
    let refused = |faults, given| {
        let page = locked.shown(faults, given)?;
        Ok(super::sign_in::finished(StatusCode::UNPROCESSABLE_ENTITY, page))
    };
    let key = match typed.key() {
        Ok(key) => key,
        Err((faults, given)) => return refused(faults, given),
    };
    let (field, given) = match &key {
        SlotKey::Passphrase(_) => ("passphrase", forms::Given::Passphrase),
        _ => ("row1", forms::Given::Sheet),
    };
    match locked.door.try_key(key, origin).await {
        Ok(_) => Ok(Redirect::to("/").into_response()),
        Err(KeyRefused::Wait { seconds }) => Err(Refusal::new(Refused::Throttled { seconds })),
        Err(KeyRefused::Said(why)) => {
            let mut faults = Faults::none();
            faults.add(field, sentence(&why));
            refused(faults, given)
        }
    }
}
