//! What a page says of an account's error: a sentence, with times as the clinic's clock shows them.

use jiff::Unit;
use jiff::tz::TimeZone;

use super::session::Visit;
use super::ui::{Locale, When, t};
use crate::base::Timestamp;
use crate::crypto::password::WeakPassword;
use crate::identity::IdentityError;

/// The error as a sentence for whoever typed the form.
pub(super) fn said(error: &IdentityError, visit: &Visit) -> String {
    match error {
        IdentityError::Wait { until } => wait(*until, &visit.house.front.face.zone),
        other => sentence_of(other),
    }
}

/// What the program itself says of an error is English, and says most. In another language it is one of the messages.
pub(super) fn sentence_of(error: &IdentityError) -> String {
    match (Locale::now(), error) {
        (Locale::En, _) => sentence(error),
        (_, IdentityError::Weak(weak)) => password_words(weak),
        (_, IdentityError::Password(_)) => t("join-password-bad").to_string(),
        (_, IdentityError::BadUserName) => t("join-user-bad").to_string(),
        (_, IdentityError::NameTaken) => t("join-user-taken").to_string(),
        (_, other) => sentence(other),
    }
}

/// Why a password is not taken, for a patient.
pub(super) fn password_words(weak: &WeakPassword) -> String {
    match weak {
        WeakPassword::TooShort => t("join-password-short"),
        _ => t("join-password-bad"),
    }
    .to_string()
}

fn wait(until: Timestamp, zone: &TimeZone) -> String {
    let until = full_minute(until, zone);
    t("wait-until").with("time", until.clock().unwrap_or_else(|| until.long())).to_string()
}

/// An error's clause with a capital letter and a full stop.
pub(super) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// Until when one waits, up to the next full minute: before it, the answer would still be no.
pub(super) fn full_minute(time: Timestamp, zone: &TimeZone) -> When {
    let local = time.to_zoned(zone.clone());
    let up = jiff::ZonedRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Ceil);
    When::Time(local.round(up).unwrap_or(local).datetime())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_to_wait_reads_the_clinic_s_clock() {
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        let said = wait("2026-07-03T09:19:10Z".parse().unwrap(), &zone);
        assert!(said.contains("10:20") && !said.contains('Z') && !said.contains("09:19"), "{said}");
    }

    #[test]
    fn a_clause_becomes_a_sentence_once() {
        assert_eq!(sentence(&"this is short"), "This is short.");
        assert_eq!(sentence(&"Once. Only."), "Once. Only.");
    }

    #[test]
    fn what_is_wrong_with_a_password_is_said_in_the_readers_language() {
        for weak in [WeakPassword::TooShort, WeakPassword::Common, WeakPassword::AboutYou] {
            let said = |locale: Locale| locale.inside(|| sentence_of(&IdentityError::Weak(weak)));
            assert!(said(Locale::En).starts_with("This "), "{}", said(Locale::En));
            assert!(said(Locale::Es).starts_with("Esta contraseña "), "{}", said(Locale::Es));
        }
    }
}
