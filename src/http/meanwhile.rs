//! When two change the same at once: the second to save is refused, and loses nothing that was typed.
//!
//! What was sent is kept as a draft of the page that it came from, marked, and the answer leads back there. The page shows
//! what was typed, beside it what the record says now, and is made with the record's versions of now: to save again is to
//! save over what was just shown. The gate does this for every form (see `gate::pass`), so that no handler can forget it.
//! Of a field in which nothing was typed the page shows what stands now: such a form carries what the record said when it was made.
//! A page that shows a record's own fields asks [`Visit::again`]; another asks [`Visit::kept`], if it has its form still; of
//! one that asks neither the words stand over the page.

use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::forms::{Pairs, STOOD, all_kept, kept_of, pairs_of, stood_in};
use super::joined;
use super::respond::{Refusal, Refused};
use super::session::Visit;
use super::ui::{Cx, Faults, Happened, Meanwhile, When, start_of};
use crate::base::Timestamp;
use crate::care::forms::{self, CAME_FROM, Draft, Keeping};

/// The field by which a draft says that it was refused because the record had changed.
const MARK: &str = "meanwhile";
/// Fields that say what a button does or how the record stood, and no words of a person. Others end in `version`.
const NO_WORDS: [&str; 15] = [
    "act", "again", "answer", "answers", "back", "coverage", "do", "last", "remove", "stand", "state", "step",
    "taking", "turn", MARK,
];

/// Fields in which a person chooses, or a page names something: what stands in them reads as words only where it is some.
const CHOSEN: [&str; 49] = [
    "anyway",
    "at",
    "book",
    "booking",
    "born",
    "born_unknown",
    "category",
    "code",
    "days",
    "despite",
    "entry",
    "every",
    "extent",
    "form",
    "former",
    "given",
    "half",
    "kind",
    "language",
    "minutes",
    "needed",
    "offered",
    "once",
    "one",
    "other",
    "other_day",
    "over",
    "owner",
    "patient",
    "pool",
    "relation",
    "release",
    "repeat",
    "role",
    "route",
    "seen",
    "severity",
    "sex",
    "show",
    "start",
    "sure",
    "target",
    "time",
    "to",
    "topic",
    "what",
    "which",
    "who",
    "with",
];

/// Whether a form was refused because of what somebody else did meanwhile.
pub(super) const fn is_meanwhile(refused: Refused) -> bool {
    matches!(refused, Refused::Conflict | Refused::Precondition | Refused::Gone)
}

/// What somebody typed into a form, without what its page and its buttons put there.
pub(super) fn words(pairs: &Pairs) -> Vec<String> {
    pairs.iter().filter(|(name, value)| is_word_of(name, value)).map(|(_, value)| value.clone()).collect()
}

fn is_word_of(name: &str, value: &str) -> bool {
    !value.trim().is_empty() && !name.ends_with("version") && !NO_WORDS.contains(&name)
}

/// The words of a form as they stand without their labels: what somebody wrote, were it one word, and no code or id.
fn written(pairs: &Pairs) -> Vec<String> {
    let is_written = |(name, value): &&(String, String)| {
        let is_chosen = CHOSEN.contains(&name.as_str()) || name.ends_with("_kind");
        is_word_of(name, value) && (!is_chosen || is_text(value))
    };
    pairs.iter().filter(is_written).map(|(_, value)| value.clone()).collect()
}

/// Whether it reads as text where no label stands beside it: a code or an id does not.
fn is_text(words: &str) -> bool {
    !words.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A time that was chosen in a list or a calendar is sent as a moment, and with whom: people read it on the clinic's clock. A day is sent
/// in figures, the year first.
fn as_read(words: String, zone: &TimeZone) -> String {
    if let Some(day) = words.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == words) {
        return When::Day(day).short();
    }
    let moment = words.split('|').next().and_then(|moment| moment.parse::<Timestamp>().ok());
    moment.map_or(words, |moment| When::at(moment, zone).short_time())
}

/// The fields of a draft without its mark and what its page put there, and whether it had the mark.
pub(super) fn unmarked(mut pairs: Pairs) -> (Pairs, bool) {
    let marked = pairs.iter().any(|(name, _)| name == MARK);
    pairs.retain(|(name, _)| ![MARK, STOOD, CAME_FROM].contains(&name.as_str()));
    (pairs, marked)
}

/// What was typed, and in each field in which nothing was, what stands there now. Of fields of one name nobody knows which is which.
fn only_typed(typed: Pairs, stood: &Pairs, now: &Pairs) -> Pairs {
    let one = |of: &Pairs, name: &str| {
        let mut all = of.iter().filter(|(key, _)| key == name).map(|(_, value)| value.replace("\r\n", "\n"));
        all.next().filter(|_| all.next().is_none())
    };
    let value_of = |name: &str, value: &str| {
        let is_as_it_stood =
            one(&typed, name).is_some_and(|typed| one(stood, name).is_some_and(|stood| stood == typed));
        one(now, name).filter(|_| is_as_it_stood).unwrap_or_else(|| value.to_owned())
    };
    typed.iter().map(|(name, value)| (name.clone(), value_of(name, value))).collect()
}

/// What somebody wrote into these fields: not what the record says, nor what it said when the page was made.
fn said_anew(typed: Pairs, fields: &[&str], stands: &Pairs) -> Pairs {
    let stood = typed.iter().find(|(name, _)| name == STOOD).map(|(_, stood)| pairs_of(stood.as_bytes()));
    let stood = stood.unwrap_or_default();
    let same = |one: &str, other: &str| one.split_whitespace().eq(other.split_whitespace());
    let says = |of: &Pairs, name: &str, value: &str| of.iter().any(|(known, said)| known == name && same(said, value));
    let is_new = |name: &str, value: &str| !says(stands, name, value) && !says(&stood, name, value);
    typed.into_iter().filter(|(name, value)| fields.contains(&name.as_str()) && is_new(name, value)).collect()
}

impl Visit {
    /// Keeps what was typed into a form that came too late, and leads back to its page; `None` if nothing was typed, and where
    /// it is too long to be kept: then it stands in the page that sent it alone, to which the refusal itself leads back.
    pub(super) async fn meanwhile(&self, at: &str, sent: Draft) -> Result<Option<Response>, Refusal> {
        let kept = self.keep_meanwhile(at, sent).await?;
        Ok((kept == Some(Keeping::Kept)).then(|| Redirect::to(at).into_response()))
    }

    /// Keeps it alone; `None` if nothing was typed.
    pub(super) async fn keep_meanwhile(&self, at: &str, sent: Draft) -> Result<Option<Keeping>, Refusal> {
        let Some(account) = self.account.as_ref().map(|account| account.id) else { return Ok(None) };
        let (at, sent) = joined::goes_on(&self.house, at.to_owned(), sent)?;
        let mut pairs = pairs_of(&sent.body);
        if words(&unmarked(pairs.clone()).0).is_empty() {
            return Ok(None);
        }
        pairs.retain(|(name, _)| name != MARK);
        pairs.push((MARK.to_owned(), "1".to_owned()));
        let body = serde_urlencoded::to_string(&pairs).map_err(Refusal::internal)?.into_bytes();
        let (place, draft) = (self.draft_at(&at), Draft { body, at: sent.at });
        Ok(Some(self.house.store.write(move |tx| forms::keep(tx, account, place, &draft)).await?))
    }

    /// Keeps, for another page, what was typed into fields of a form whose page has nothing to change any more, where it says
    /// something else than the record. Whether there is something.
    pub(super) async fn keep_elsewhere(
        &self,
        typed: Pairs,
        fields: &[&str],
        stands: &impl Serialize,
        at: &str,
    ) -> Result<bool, Refusal> {
        let stands = pairs_of(serde_urlencoded::to_string(stands).map_err(Refusal::internal)?.as_bytes());
        let typed = said_anew(typed, fields, &stands);
        let body = serde_urlencoded::to_string(&typed).map_err(Refusal::internal)?.into_bytes();
        let kept = self.keep_meanwhile(at, Draft { body, at: self.house.ambient.now() }).await?;
        kept.map_or(Ok(false), |kept| all_kept(kept).map(|()| true))
    }

    /// What is to be said over the page that is asked for, if its form was refused so.
    pub(super) fn refused_meanwhile(&self) -> Option<Meanwhile> {
        let zone = &self.house.front.face.zone;
        let said = |what, pairs: &Pairs| {
            let typed = written(pairs).into_iter().map(|words| as_read(words, zone));
            Some(Meanwhile { what, typed: typed.collect() })
        };
        if let Some(draft) = self.draft_here().ok()? {
            let (pairs, marked) = unmarked(pairs_of(&draft.body));
            return if marked { said(Happened::Changed, &pairs) } else { None };
        }
        let begins = self.at.as_deref().is_some_and(|at| self.begins_at(at));
        let gone = if begins { self.draft_of(forms::PAGE_GONE).ok()? } else { None };
        said(Happened::PageGone, &unmarked(pairs_of(&gone?.body)).0)
    }

    /// Whether somebody's work begins on this page.
    pub(super) fn begins_at(&self, at: &str) -> bool {
        self.actor.role().map(start_of) == at.split('?').next()
    }

    /// Somebody asked for a page that is not there, or not theirs any more, and typed something on it before: they go on
    /// where their work begins, with their words over it. `None` if nothing was typed.
    pub(super) async fn page_gone(&self) -> Result<Option<Response>, Refusal> {
        let (Some(account), Some(role), Some(at)) = (&self.account, self.actor.role(), &self.at) else {
            return Ok(None);
        };
        // Words that were refused because the record changed meanwhile stand over the refusal itself.
        let waits = self.draft_here()?.is_some_and(|draft| !unmarked(pairs_of(&draft.body)).1);
        if !waits || self.begins_at(at) {
            return Ok(None);
        }
        let (account, place) = (account.id, self.draft_at(at));
        self.house.store.write(move |tx| forms::page_is_gone(tx, account, &place)).await?;
        Ok(Some(Redirect::to(start_of(role)).into_response()))
    }

    /// Goes on with the page of an entry that counts no more. Words that were typed before a sign-out are not lost on it: they
    /// lead on to where work begins.
    pub(super) fn over(&self) -> Result<(), Refusal> {
        let waits = self.draft_here()?.is_some_and(|draft| !unmarked(pairs_of(&draft.body)).1);
        if waits { Err(Refusal::new(Refused::Gone)) } else { Ok(()) }
    }

    /// What stands in a form about something in the record: what the record says, or what this account typed before. Then the
    /// `versions` are of now whatever the draft has, and if they were others, each field says what the record says instead.
    pub(super) fn again<T: Serialize + DeserializeOwned>(
        &self,
        cx: &mut Cx,
        stands: T,
        versions: &[&str],
    ) -> Result<(T, Faults), Refusal> {
        cx.stood = serde_urlencoded::to_string(&stands).map_err(Refusal::internal)?;
        let Some(draft) = self.draft_here()? else { return Ok((stands, Faults::none())) };
        let now = pairs_of(cx.stood.as_bytes());
        let (typed, marked) = unmarked(pairs_of(&draft.body));
        if words(&typed).is_empty() {
            return Ok((stands, Faults::none()));
        }
        let of = |pairs: &Pairs, name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let changed = versions.iter().any(|name| of(&typed, name).is_some_and(|seen| Some(seen) != of(&now, name)));
        let is_version = |name: &str| versions.contains(&name);
        let stood = stood_in(&draft.body).filter(|_| changed || marked).map(|stood| pairs_of(stood.as_bytes()));
        let typed = match stood {
            Some(stood) => only_typed(typed, &stood, &now),
            None => typed,
        };
        let (mut merged, mut faults) = (typed, Faults::none());
        merged.retain(|(name, _)| !is_version(name));
        merged.extend(now.iter().filter(|(name, _)| is_version(name)).cloned());
        let text = serde_urlencoded::to_string(&merged).map_err(Refusal::internal)?;
        let Ok(typed) = serde_urlencoded::from_str(&text) else { return Ok((stands, faults)) };
        cx.kept = Some(When::at(draft.at, &self.house.front.face.zone));
        cx.kept_of = kept_of(&draft.body);
        if changed || marked {
            cx.meanwhile.get_or_insert_default();
            faults = Faults::beside(now);
        }
        Ok((typed, faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_was_chosen_is_said_on_the_clinics_clock() {
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        let said = |words: &str| as_read(words.to_owned(), &zone);
        let sent = "2026-07-03T09:20:00Z|clinician-1";
        assert_eq!(said(sent), "3 Jul 2026 10:20");
        assert!(super::super::ui::Locale::Es.inside(|| said(sent)).starts_with("3 jul 2026"));
        assert_eq!(said("Seen | by phone"), "Seen | by phone");
        assert_eq!(said("2027-12-31"), "31 Dec 2027", "a day is sent in figures");
        assert_eq!(
            (said("20271231").as_str(), said("2027-12").as_str()),
            ("20271231", "2027-12"),
            "it may be a number"
        );
    }

    #[test]
    fn what_was_typed_is_told_from_what_the_page_and_its_buttons_sent() {
        let pairs = pairs_of(b"version=3&patient_version=2&act=sign&comment=Seen%20by%20phone&reason=ok&note=");
        assert_eq!(words(&pairs), ["Seen by phone", "ok"]);
        assert!(words(&pairs_of(b"version=3&state=arrived&prior-version=1")).is_empty());
        let pairs = pairs_of(b"comment=Benign&release=now&severity=mild&order1_kind=imaging&reason=patient-wish&category=Food%20and%20drink");
        assert_eq!(written(&pairs), ["Benign", "patient-wish", "Food and drink"]);
        assert!(is_text("Seen by phone") && is_text("Really?") && is_text("dueño") && !is_text("patient-wish"));
    }

    #[test]
    fn of_a_field_in_which_nothing_was_typed_stands_what_the_record_says_now() {
        let pairs = |text: &str| pairs_of(text.as_bytes());
        let stood = pairs("phone=&email=&town=Lund&note=a%0Ab&day=1&day=2&version=3");
        let now = pairs("phone=1&email=h%40x&town=Bergen&note=c&day=7&day=8&version=9");
        let typed = pairs("phone=555&email=&town=&note=a%0D%0Ab&day=1&day=2&reason=&version=3");
        let merged = pairs("phone=555&email=h%40x&town=&note=c&day=1&day=2&reason=&version=9");
        assert_eq!(only_typed(typed, &stood, &now), merged);
    }

    #[test]
    fn what_the_record_says_already_need_not_be_said_again() {
        let pairs = |text: &str| pairs_of(text.as_bytes());
        let sent = pairs("asked=1&phone=555+12&town=Lund&email=&version=3");
        let anew = |stands: &str| said_anew(sent.clone(), &["phone", "town", "email"], &pairs(stands));
        assert_eq!(anew("phone=555++12&town=Bergen&email="), pairs("town=Lund"));
        assert!(words(&anew("phone=555+12&town=Lund&email=")).is_empty());
        assert_eq!(words(&anew("phone=&town=&email=h%40x")), ["555 12", "Lund"]);
        let untouched = [sent, pairs("stood=phone%3D555%2B12%26town%3D")].concat();
        assert_eq!(words(&said_anew(untouched, &["phone", "town"], &pairs("phone=1&town=Bergen"))), ["Lund"]);
    }

    #[test]
    fn a_mark_is_taken_off_before_a_form_is_read() {
        let (pairs, marked) = unmarked(pairs_of(b"note=a&meanwhile=1"));
        assert!(marked);
        assert_eq!(pairs, [("note".to_owned(), "a".to_owned())]);
        assert!(!unmarked(pairs).1);
        assert_eq!(unmarked(pairs_of(b"note=a&stood=note%3Db&came_from=p")).0, pairs_of(b"note=a"));
    }
}
