//! The health of the box.

use axum::response::Response;
use jiff::tz::TimeZone;

use super::machine;
use super::pages::{
    Certificate, Health, ListenerKind, ListenerState, Listening, LogHealth, SheetHealth, Unlock, Whole,
};
use crate::audit::{self, CheckFound};
use crate::crypto::Protection;
use crate::http::House;
use crate::http::keys::{KeysFacts, SheetsFacts};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::routes::Entrance;
use crate::http::session::Visit;
use crate::http::ui::When;

/// `GET /box`
pub async fn health(visit: Visit) -> Result<Response, Refusal> {
    let (house, cx) = (&visit.house, visit.cx());
    let zone = &house.front.face.zone;
    let keys = house.keys.facts()?;
    page(&Health {
        unlock: unlock(keys.protection),
        sheet: sheet(&keys, zone),
        disk: machine::disk(&house.store.stats()),
        memory: machine::memory(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        running_since: When::at(house.about.started, zone),
        certificate: certificate(house, zone)?,
        listeners: Entrance::ALL.map(|entrance| listening(house, entrance)).into(),
        backups: super::backups::targets(house).await?,
        log: log(house, zone)?,
        records: house.records.totals()?,
        clock: machine::clock(),
        mail: super::mail::standing(house)?,
        signed_in: signed_in(house)?,
        cx,
    })
}

/// By the weakest way to unlock: that is what a thief would take.
pub(super) const fn unlock(protection: Protection) -> Unlock {
    match protection {
        Protection::Demo => Unlock::Demo,
        Protection::KeyFile => Unlock::KeyFile,
        Protection::HostKey => Unlock::HostKey,
        Protection::TpmUnbound => Unlock::TpmUnbound,
        Protection::TpmBound => Unlock::Tpm,
        Protection::Credential => Unlock::Credential,
        Protection::Typed => Unlock::Passphrase,
    }
}

/// What is known of the sheets.
fn sheet(keys: &KeysFacts, zone: &TimeZone) -> SheetHealth {
    match keys.sheets() {
        SheetsFacts::Kept(when) => SheetHealth::Kept(When::at(when, zone)),
        SheetsFacts::Unproven => SheetHealth::Unproven,
        SheetsFacts::None => SheetHealth::None,
    }
}

const DAY_SECONDS: i64 = 86_400;

/// How many days before its end the box makes the next one.
const RENEWS_DAYS: i64 = 30;

fn certificate(house: &House, zone: &TimeZone) -> Result<Certificate, Refusal> {
    let until = house.about.certificates.not_after();
    let left = until.as_second() - house.ambient.now().as_second();
    let renews = jiff::Timestamp::from_second(until.as_second() - RENEWS_DAYS * DAY_SECONDS).ok();
    let day = |time| When::Day(When::at(time, zone).day());
    Ok(Certificate {
        until: day(until),
        days_left: left.div_euclid(DAY_SECONDS),
        renews: renews.map(day),
        authority_until: day(house.about.ca.not_after().map_err(Refusal::internal)?),
        fingerprint: house.about.ca.fingerprint().to_string(),
    })
}

fn listening(house: &House, entrance: Entrance) -> Listening {
    let address = house.about.listeners.iter().find(|(one, _)| *one == entrance).map(|(_, address)| address);
    Listening {
        kind: match entrance {
            Entrance::Clinic => ListenerKind::Clinic,
            Entrance::Portal => ListenerKind::Portal,
            Entrance::Welcome => ListenerKind::Welcome,
            Entrance::Ops => ListenerKind::Ops,
        },
        state: if address.is_some() { ListenerState::Answers } else { ListenerState::Off },
        address: address.map(ToString::to_string).unwrap_or_default(),
        presence: (entrance == Entrance::Clinic).then(|| *house.about.presence.borrow()),
    }
}

fn log(house: &House, zone: &TimeZone) -> Result<LogHealth, Refusal> {
    let read = house.store.read()?;
    let verified = audit::last_check(&read)?.map(|check| {
        let whole = match check.found {
            CheckFound::Whole => Whole::Yes,
            CheckFound::Tampered => Whole::No,
        };
        (When::at(check.at, zone), whole)
    });
    Ok(LogHealth {
        entries: audit::size(&read)?,
        verified,
        checkpoint: audit::last_checkpoint(&read)?.map(|checkpoint| When::at(checkpoint.time, zone)),
    })
}

fn signed_in(house: &House) -> Result<usize, Refusal> {
    let mut open = 0;
    for account in house.identity.accounts()? {
        open += house.identity.sessions_of(&account)?.len();
    }
    Ok(open)
}
