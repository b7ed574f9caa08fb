//! Entries of the log as a patient reads them: one line per person, reason and day, in plain words.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::pages::{ListingRow, LookDay, LookKind, LookRow};
use crate::audit::{Action, Day, DetailState, Listing, Look, Purpose, TouchKind};
use crate::base::{AccountId, ActorKind, ActorRef, ResourceRef, Timestamp};
use crate::care::messages::JOB;
use crate::fhir::ResourceType;
use crate::http::names::Names;
use crate::http::respond::Refusal;
use crate::http::ui::{When, t, words};

/// The begin of the day that lies so many days back.
pub(super) fn days_before(now: Timestamp, days: i64, zone: &TimeZone) -> Option<Timestamp> {
    let day = now.to_zoned(zone.clone()).checked_sub(days.days()).ok()?;
    Some(day.start_of_day().ok()?.timestamp())
}

pub(super) fn begin_of_year(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let first = now.to_zoned(zone.clone()).date().first_of_year();
    Some(first.to_zoned(zone.clone()).ok()?.timestamp())
}

/// Who reads the page.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub account: Option<AccountId>,
    /// Whether it is about their own record, and not that of somebody for whom they act.
    pub is_own: bool,
}

/// Days as the page shows them.
pub(super) fn days(
    days: &[Day],
    reader: Reader,
    names: &mut Names<'_>,
    zone: &TimeZone,
) -> Result<Vec<LookDay>, Refusal> {
    let mut out = Vec::with_capacity(days.len());
    for day in days {
        let mut looks: Vec<LookRow> = Vec::new();
        for fold in folded(&day.looks) {
            let who = called(&fold.actor, reader, names)?;
            looks.push(fold.row(who, reader, zone).told_apart(&fold, reader));
        }
        let mut listings = Vec::new();
        for Listing { actor, count, first, last, .. } in &day.listings {
            let (who, role) = called(actor, reader, names)?;
            let (first, last) = (When::at(*first, zone), When::at(*last, zone));
            listings.push(ListingRow { who, role, count: *count, first, last });
        }
        out.push(LookDay { day: When::Day(day.date), looks, listings });
    }
    Ok(out)
}

/// The looks of a day that stand in one line with this entry, the newest first.
pub(super) fn of_line(day: &Day, entry: u64) -> Vec<Look> {
    let Some(chosen) = day.looks.iter().find(|look| look.line.entry.sequence() == entry) else { return Vec::new() };
    let line = line_of(chosen);
    day.looks.iter().filter(|look| line_of(look) == line).cloned().collect()
}

/// What makes one line of several looks: who, what kind, for which purpose, with which reason.
fn line_of(look: &Look) -> (&ActorRef, LookKind, Purpose, Option<&str>) {
    let reason = match &look.line.detail {
        DetailState::Kept(detail) => detail.reason.as_deref(),
        _ => None,
    };
    (&look.line.entry.actor, kind_of(look), look.line.entry.purpose, reason)
}

fn called(actor: &ActorRef, reader: Reader, names: &mut Names<'_>) -> Result<(String, String), Refusal> {
    let (name, role) = names.of(actor, false)?;
    Ok((if is_reader(actor, reader) { t("look-you").to_string() } else { name }, role))
}

fn is_reader(actor: &ActorRef, reader: Reader) -> bool {
    actor.account.is_some() && actor.account == reader.account
}

/// Whether it is how somebody who was invited came to an account: nobody is signed in then.
fn is_invited(fold: &Fold) -> bool {
    fold.actor.kind == ActorKind::Anonymous
        && fold.acts.iter().all(|act| matches!(act.did, Did::Act(Action::Invite | Action::AccountCreate)))
}

/// Whether it is no more than the house's own note that somebody has read a message: who that was has a line of their own.
fn is_read_mark(fold: &Fold) -> bool {
    fold.actor.kind == ActorKind::System && fold.actor.job.as_deref() == Some(JOB)
}

impl LookRow {
    /// With what is true of a look that nobody asked for, and of one by which somebody came to an account.
    fn told_apart(self, fold: &Fold, reader: Reader) -> Self {
        if is_invited(fold) {
            let made = fold.acts.iter().any(|act| act.did == Did::Act(Action::AccountCreate));
            return Self {
                who: t("look-invited").to_string(),
                why: t("look-invited-why").to_string(),
                what: t(if made { "look-invited-made" } else { "look-invited-tried" }).to_string(),
                ..self
            };
        }
        if is_read_mark(fold) {
            return Self { what: t("look-read-mark").to_string(), why: t("look-read-mark-why").to_string(), ..self };
        }
        // Whoever was refused acts for nobody in that, and perhaps does no more at all.
        let at_request = matches!(fold.purpose, Purpose::PatRqt | Purpose::FamRqt | Purpose::PwAtrny)
            && !is_reader(&fold.actor, reader);
        let why = match (fold.actor.is_unnamed(), fold.kind == LookKind::Refused) {
            _ if fold.reason.is_some() => None,
            (true, false) => Some("look-theirs-too"),
            (stranger, true) => (stranger || at_request).then_some("look-unasked"),
            (false, false) => None,
        };
        match why {
            Some(why) => Self { why: t(why).to_string(), ..self },
            None => self,
        }
    }
}

/// Looks of one actor on one day for one reason.
struct Fold {
    actor: ActorRef,
    kind: LookKind,
    purpose: Purpose,
    reason: Option<String>,
    entry: u64,
    from: Timestamp,
    until: Timestamp,
    acts: Vec<Act>,
}

/// What was done, and to which resources.
struct Act {
    did: Did,
    parts: BTreeSet<ResourceRef>,
    /// What is held from the patient, by numbers that name nothing.
    withheld: BTreeSet<u32>,
    /// Resources that are counted and not named.
    more: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Did {
    Opened,
    SentOut,
    Tried,
    Act(Action),
}

fn folded(looks: &[Look]) -> Vec<Fold> {
    let mut folds: Vec<Fold> = Vec::new();
    for look in looks {
        let entry = &look.line.entry;
        let (_, kind, _, reason) = line_of(look);
        let time = entry.time();
        let same = folds.iter_mut().find(|fold| {
            (&fold.actor, fold.kind, fold.purpose, fold.reason.as_deref())
                == (&entry.actor, kind, entry.purpose, reason)
        });
        let act = act_of(look);
        match same {
            Some(fold) => {
                fold.entry = fold.entry.max(look.line.entry.sequence());
                fold.from = fold.from.min(time);
                fold.until = fold.until.max(time);
                fold.add(act);
            }
            None => folds.push(Fold {
                actor: entry.actor.clone(),
                kind,
                purpose: entry.purpose,
                reason: reason.map(str::to_owned),
                entry: look.line.entry.sequence(),
                from: time,
                until: time,
                acts: vec![act],
            }),
        }
    }
    folds
}

/// What it was to the patient in the first place: a refusal before what was sent, before what was changed.
fn kind_of_touch(look: &Look) -> TouchKind {
    let order = [TouchKind::Denied, TouchKind::SentOut, TouchKind::Changed, TouchKind::Opened];
    order.into_iter().find(|kind| look.kinds.contains(kind)).unwrap_or(TouchKind::System)
}

fn kind_of(look: &Look) -> LookKind {
    let entry = &look.line.entry;
    match kind_of_touch(look) {
        TouchKind::Denied => LookKind::Refused,
        _ if entry.action == Action::BreakGlass || matches!(entry.purpose, Purpose::Btg | Purpose::Etreat) => {
            LookKind::Emergency
        }
        TouchKind::SentOut => LookKind::SentOut,
        _ if matches!(entry.actor.kind, ActorKind::Service | ActorKind::System) => LookKind::Computer,
        _ => LookKind::Person,
    }
}

fn act_of(look: &Look) -> Act {
    let (touch, action) = (kind_of_touch(look), look.line.entry.action);
    let did = match touch {
        TouchKind::Denied => Did::Tried,
        TouchKind::SentOut => Did::SentOut,
        TouchKind::Opened if (100..110).contains(&action.number()) => Did::Opened,
        _ => Did::Act(action),
    };
    let named = look.resources.touched.iter().filter(|part| part.kind == touch && touch != TouchKind::System);
    let parts = named.flat_map(|part| part.resources.iter().cloned()).collect();
    let withheld = look.withheld.iter().filter(|(kind, _)| *kind == touch && touch != TouchKind::System);
    Act { did, parts, withheld: withheld.map(|(_, number)| *number).collect(), more: look.resources.more }
}

impl Fold {
    fn add(&mut self, act: Act) {
        match self.acts.iter_mut().find(|known| known.did == act.did) {
            Some(known) => {
                known.parts.extend(act.parts);
                known.withheld.extend(act.withheld);
                known.more = known.more.max(act.more);
            }
            None => self.acts.push(act),
        }
    }

    fn row(&self, (who, role): (String, String), reader: Reader, zone: &TimeZone) -> LookRow {
        let why = match &self.reason {
            Some(reason) => t("look-reason").with("reason", reason).to_string(),
            None if reader.is_own => words::why_you(self.purpose).to_string(),
            None => words::why(self.purpose).to_string(),
        };
        let what = self.acts.iter().map(Act::words).collect::<Vec<_>>().join(". ");
        let note = match self.kind {
            LookKind::Refused => Some(("look-refused", "look-refused-more")),
            LookKind::Emergency => Some(("look-emergency", "look-emergency-more")),
            _ => None,
        };
        LookRow {
            who,
            role,
            kind: self.kind,
            entry: self.entry,
            from: When::at(self.from, zone),
            until: (self.until > self.from).then(|| When::at(self.until, zone)),
            place: None,
            why,
            what,
            note: note.map(|(head, text)| (t(head).to_string(), t(text).to_string())),
        }
    }
}

impl Act {
    /// "Opened 31 results or measurements, 6 medicines".
    fn words(&self) -> String {
        let mut sums: Vec<(ResourceType, usize)> = Vec::new();
        for part in &self.parts {
            let Some(kind) = ResourceType::parse(part.type_name()) else { continue };
            match sums.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, sum)) => *sum += 1,
                None => sums.push((kind, 1)),
            }
        }
        if self.more > 0 {
            sums.push((ResourceType::Basic, usize::try_from(self.more).unwrap_or(usize::MAX)));
        }
        let mut parts = words::all_parts(&sums);
        if !self.withheld.is_empty() {
            let comma = if parts.is_empty() { "" } else { ", " };
            parts = format!("{parts}{comma}{}", t("part-unreleased").with("n", self.withheld.len()));
        }
        let message = match (self.did, parts.is_empty()) {
            (Did::Opened, false) => t("look-opened"),
            (Did::Opened, true) => t("look-opened-record"),
            (Did::SentOut, false) => t("look-sent"),
            (Did::SentOut, true) => t("look-sent-record"),
            (Did::Tried, false) => t("look-tried"),
            (Did::Tried, true) => t("look-tried-record"),
            (Did::Act(action), true) => return capital(&words::did(action).to_string()),
            (Did::Act(action), false) => t("look-did").with("did", capital(&words::did(action).to_string())),
        };
        message.with("parts", parts).to_string()
    }
}

/// With a capital first letter: a message that follows a name elsewhere stands alone here.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Audit, Detail, Event, Touched, by_patient};
    use crate::base::{Ambient, FhirId, ManualClock, Role, SeededRandom};
    use crate::store::Store;

    const OWN: Reader = Reader { account: Some(AccountId::from_bytes([9; 16])), is_own: true };

    fn id(text: &str) -> FhirId {
        FhirId::parse(text).unwrap()
    }

    fn somebody(number: u8, role: Role) -> ActorRef {
        let account = Some(AccountId::from_bytes([number; 16]));
        ActorRef { kind: ActorKind::Person, account, role: Some(role), ..ActorRef::anonymous() }
    }

    /// Writes the events a minute apart, and folds the day that they fall on.
    fn folds(events: Vec<Event>) -> Vec<Fold> {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(1)));
        for event in events {
            clock.advance(std::time::Duration::from_secs(60));
            let _ = audit.commit_blocking(vec![event]).unwrap();
        }
        let found = by_patient(&audit.read().unwrap(), &id("p1"), &TimeZone::UTC, None, 100).unwrap();
        folded(&found.days[0].looks)
    }

    fn event(actor: ActorRef, action: Action, kind: TouchKind, resources: &[&str]) -> Event {
        let resources = resources.iter().map(|text| ResourceRef::parse(text).unwrap()).collect();
        Event::new(actor, action, Purpose::Treat).touching(&[Touched::new(Some(id("p1")), kind, resources)])
    }

    #[test]
    fn what_one_person_opened_for_one_reason_is_one_line_and_each_part_counts_once() {
        let doctor = || somebody(1, Role::Clinician);
        let found = folds(vec![
            event(doctor(), Action::Read, TouchKind::Opened, &["Observation/o1", "Observation/o2"]),
            event(doctor(), Action::Search, TouchKind::Opened, &["Observation/o2", "Condition/c1"]),
            event(doctor(), Action::Create, TouchKind::Changed, &["Condition/c2"]),
            event(somebody(2, Role::Nurse), Action::Read, TouchKind::Opened, &["Observation/o1"]),
        ]);
        let [nurse, doctor] = found.as_slice() else { panic!("{} lines", found.len()) };
        let row = doctor.row(("Dr A".into(), "Doctor".into()), OWN, &TimeZone::UTC);
        assert_eq!(row.what, "Added: 1 health problem. Opened 1 health problem, 2 results or measurements");
        assert_eq!(
            (row.from.iso().as_str(), row.until.unwrap().iso().as_str()),
            ("2026-03-03T09:01", "2026-03-03T09:03")
        );
        assert_eq!((row.kind, row.why.as_str()), (LookKind::Person, "Your care"));
        let row = nurse.row(("B".into(), "Nurse".into()), Reader { is_own: false, ..OWN }, &TimeZone::UTC);
        assert!(row.until.is_none());
        assert_eq!(row.why, "Care", "to who acts for the patient it is not their own");
    }

    #[test]
    fn nobody_is_said_to_have_been_asked_for_what_was_refused_and_an_account_by_a_code_is_called_so() {
        let said = |fold: &Fold| {
            let row = fold.row(("X".into(), "Y".into()), OWN, &TimeZone::UTC).told_apart(fold, OWN);
            (row.who, row.why, row.what)
        };
        let link = || ActorRef { kind: ActorKind::ShareLink, ..ActorRef::anonymous() };
        let of = |actor, action, kind| {
            let mut event = event(actor, action, kind, &["Patient/p1"]);
            event.purpose = Purpose::PatRqt;
            folds(vec![event]).remove(0)
        };
        let refused = of(link(), Action::ShareOpened, TouchKind::Denied);
        assert_eq!(said(&refused).1, "Nobody asked for it: it was refused");
        let mut tried = event(somebody(3, Role::Proxy), Action::Read, TouchKind::Denied, &["Patient/p1"]);
        tried.purpose = Purpose::PwAtrny;
        let tried = folds(vec![tried]).remove(0);
        assert_eq!(said(&tried).1, "Nobody asked for it: it was refused");
        let opened = of(link(), Action::ShareOpened, TouchKind::SentOut);
        assert_eq!(said(&opened).1, "You asked for it");
        let stranger = || somebody(2, Role::Patient).unnamed();
        let refused = of(stranger(), Action::Read, TouchKind::Denied);
        assert_eq!(said(&refused).1, "Nobody asked for it: it was refused");
        let opened = of(stranger(), Action::Read, TouchKind::Opened);
        assert_eq!(said(&opened).1, "It is theirs, too, as a visit for several people is");
        let own = of(somebody(9, Role::Patient), Action::Read, TouchKind::Opened);
        assert_eq!(said(&own).1, "You asked for it");
        let made = of(ActorRef::anonymous(), Action::AccountCreate, TouchKind::System);
        let (who, why, what) = said(&made);
        assert_eq!(who, "Whoever had the code of an invitation");
        assert_eq!((why.as_str(), what.as_str()), ("To use the portal", "Made an account with the code"));
    }

    #[test]
    fn that_the_house_notes_that_a_message_was_read_is_called_so() {
        let mut event = event(ActorRef::system(JOB), Action::Update, TouchKind::Changed, &["Communication/c1"]);
        event.purpose = Purpose::PatRqt;
        let fold = folds(vec![event]).remove(0);
        let row = fold.row(("The clinic's system".into(), String::new()), OWN, &TimeZone::UTC);
        let row = row.told_apart(&fold, OWN);
        assert_eq!(
            (row.what.as_str(), row.why.as_str()),
            ("Noted that a message was read", "So that both sides see that it was read")
        );
    }

    #[test]
    fn a_line_is_taken_apart_into_its_looks_and_into_no_others() {
        let doctor = || somebody(1, Role::Clinician);
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(1)));
        for event in [
            event(doctor(), Action::Read, TouchKind::Opened, &["Observation/o1"]),
            event(somebody(2, Role::Nurse), Action::Read, TouchKind::Opened, &["Observation/o1"]),
            event(doctor(), Action::Read, TouchKind::Denied, &["Observation/o1"]),
            event(doctor(), Action::Read, TouchKind::Opened, &["Condition/c1"]),
        ] {
            clock.advance(std::time::Duration::from_secs(60));
            let _ = audit.commit_blocking(vec![event]).unwrap();
        }
        let found = by_patient(&audit.read().unwrap(), &id("p1"), &TimeZone::UTC, None, 100).unwrap();
        let entries = |entry: u64| -> Vec<u64> {
            of_line(&found.days[0], entry).iter().map(|look| look.line.entry.sequence()).collect()
        };
        let all: Vec<u64> = found.days[0].looks.iter().map(|look| look.line.entry.sequence()).collect();
        let [newest, refused, nurses, oldest] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(entries(*newest), [*newest, *oldest]);
        assert_eq!(entries(*oldest), [*newest, *oldest]);
        assert_eq!((entries(*refused), entries(*nurses)), (vec![*refused], vec![*nurses]));
        assert!(entries(9_999).is_empty());
    }

    #[test]
    fn a_refusal_and_an_emergency_stand_apart_with_the_words_that_were_given() {
        let nurse = || somebody(2, Role::Nurse);
        let mut emergency =
            event(nurse(), Action::BreakGlass, TouchKind::Opened, &[]).detail(Detail::reason("Found on the street"));
        emergency.purpose = Purpose::Btg;
        let found = folds(vec![
            event(nurse(), Action::Read, TouchKind::Opened, &["Observation/o1"]),
            event(nurse(), Action::Read, TouchKind::Denied, &["Observation/o1"]),
            emergency,
            event(somebody(3, Role::Clinician), Action::Export, TouchKind::SentOut, &["Patient/p1"]),
            event(ActorRef::system("import"), Action::Import, TouchKind::Changed, &["Observation/o1"]),
        ]);
        let kinds: Vec<LookKind> = found.iter().map(|fold| fold.kind).collect();
        use LookKind::{Computer, Emergency, Person, Refused, SentOut};
        assert_eq!(kinds, [Computer, SentOut, Emergency, Refused, Person], "newest first");
        let row = |n: usize| found[n].row((String::new(), String::new()), OWN, &TimeZone::UTC);
        assert!(row(2).why.contains("“Found on the street”"), "{}", row(2).why);
        assert_eq!(row(3).what, "Tried to open 1 result or measurement");
        assert_eq!(row(3).note.unwrap().0, "Refused.");
    }
}
