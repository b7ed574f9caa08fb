//! An hour is given once, also by programs: what the screens ask when they book, asked of what a client of the API stores.
//!
//! An appointment that stood over another stays as it is, whatever else of it changes: reception may have put it there, with
//! the clinic's reason. What is new, moved or given to somebody else needs a free hour, or says in the same words as the
//! reception's page why it lies over another ([`over_of`]): patients cannot say that.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

use super::book::{is_for_several, patients_of};
use super::over::{Despite, over_of};
use super::taken::{self, Blocks, LONGEST_BLOCK, LONGEST_HOURS, Roles, Taken};
use crate::base::{FhirId, Role, Timestamp};
use crate::care::clinic;
use crate::fhir::ResourceType;
use crate::record::{Changed, Inside, RecordError, Rule, strict};

/// No Practitioner has two appointments at once.
#[derive(Debug, Clone, Copy)]
pub struct OneAtATime;

impl Rule for OneAtATime {
    fn concerns(&self, kind: ResourceType) -> bool {
        kind == ResourceType::Appointment
    }

    fn allow(&self, inside: &Inside<'_, '_, '_>, all: &[Changed<'_>]) -> Result<(), (usize, RecordError)> {
        let mut known = Known::default();
        all.iter().enumerate().try_for_each(|(at, changed)| match known.are_free(inside, changed) {
            Ok(true) => Ok(()),
            Ok(false) => Err((at, against())),
            Err(error) => Err((at, error)),
        })
    }
}

/// What was looked at already: many appointments of one transaction lie on the same days.
#[derive(Default)]
struct Known {
    roles: Roles,
    days: BTreeMap<(Date, Date), Vec<Taken>>,
    blocks: Blocks,
    hold_hours: Option<u16>,
}

impl Known {
    /// Whether everybody of the staff is free for what is new in an appointment.
    fn are_free(&mut self, inside: &Inside<'_, '_, '_>, changed: &Changed<'_>) -> Result<bool, RecordError> {
        let Some(new) = self.staff_of(inside, changed.after)? else { return Ok(true) };
        let before = changed.before.map(|before| self.staff_of(inside, before)).transpose()?.flatten();
        let had = |who: &String| {
            before.as_ref().is_some_and(|had| (had.start, had.end) == (new.start, new.end) && had.who.contains(who))
        };
        let fresh: Vec<&String> = new.who.iter().filter(|who| !had(who)).collect();
        if fresh.is_empty() {
            return Ok(true);
        }
        // Whoever books an hour in its middle would not meet it.
        if new.end.as_second() - new.start.as_second() > LONGEST_HOURS * 3600 {
            return Err(too_long());
        }
        if over_of(changed.after).is_some_and(|(_, despite)| despite == Despite::Another) {
            return Ok(true);
        }
        let day = |moment: Timestamp| -> Date { moment.to_zoned(jiff::tz::TimeZone::UTC).date() };
        let taken = match self.days.entry((day(new.start), day(new.end))) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(days) => {
                let (first, last) = *days.key();
                days.insert(taken::inside(inside, &mut self.blocks, first, last)?)
            }
        };
        inside.go_on()?;
        let meets =
            |one: &&Taken| one.id != changed.id.as_str() && fresh.iter().any(|who| one.meets(who, new.start, new.end));
        let meeting: Vec<&Taken> = taken.iter().filter(meets).collect();
        if meeting.is_empty() {
            return Ok(true);
        }
        let hold_hours = match self.hold_hours {
            Some(hours) => hours,
            None => *self.hold_hours.insert(hold_hours(inside)?),
        };
        Ok(!meeting.iter().any(|one| one.holds(inside.now(), hold_hours)))
    }

    /// The staff of an appointment that takes its time.
    fn staff_of(&mut self, inside: &Inside<'_, '_, '_>, appointment: &Value) -> Result<Option<Taken>, RecordError> {
        let Some(taken) = taken::of_all(appointment) else { return Ok(None) };
        self.roles.meet_inside(inside, std::slice::from_ref(&taken))?;
        let mut taken = self.roles.persons(taken);
        taken.who.retain(|who| who.starts_with("Practitioner/"));
        Ok(Some(taken).filter(|taken| !taken.who.is_empty() && taken.start < taken.end))
    }
}

fn too_long() -> RecordError {
    RecordError::AgainstRule(format!(
        "an appointment takes the time of those who take part for {LONGEST_HOURS} hours at most. Nothing was changed. Store \
         one for each day"
    ))
}

fn against() -> RecordError {
    RecordError::AgainstRule(
        "somebody who takes part in this appointment is not free at its time. Nothing was changed. Choose another time, or \
         have the reception book it over the other one, with the extension that says why"
            .to_owned(),
    )
}

/// For how many hours an offer holds its time, as the clinic settled it.
fn hold_hours(inside: &Inside<'_, '_, '_>) -> Result<u16, RecordError> {
    let all = strict(ResourceType::HealthcareService, "")?;
    let services = inside.glimpse(&all, |service| Some(service.clone()))?;
    Ok(clinic::of_resources(&services, &[]).house.hold_hours)
}

/// No time is blocked for longer than is looked back for when somebody books.
#[derive(Debug, Clone, Copy)]
pub struct NoEndlessBlock;

impl Rule for NoEndlessBlock {
    fn concerns(&self, kind: ResourceType) -> bool {
        kind == ResourceType::Slot
    }

    fn allow(&self, _: &Inside<'_, '_, '_>, all: &[Changed<'_>]) -> Result<(), (usize, RecordError)> {
        let endless = all.iter().position(|changed| taken::is_endless(changed.after));
        endless.map_or(Ok(()), |at| Err((at, endless_block())))
    }
}

fn endless_block() -> RecordError {
    RecordError::AgainstRule(format!(
        "a Slot blocks {LONGEST_BLOCK} days at most. Nothing was changed. Store one for each year, or say in notAvailable of \
         the PractitionerRole that nobody is there"
    ))
}

/// How many requests of one patient may wait for the clinic's word.
const MOST_WAITING: usize = 50;

/// Nobody's requests hide those of others: the reception reads them all.
#[derive(Debug, Clone, Copy)]
pub struct FewRequests;

impl Rule for FewRequests {
    fn concerns(&self, kind: ResourceType) -> bool {
        kind == ResourceType::Appointment
    }

    fn allow(&self, inside: &Inside<'_, '_, '_>, all: &[Changed<'_>]) -> Result<(), (usize, RecordError)> {
        let mut asked = BTreeSet::new();
        for (at, changed) in all.iter().enumerate() {
            // Whoever answers requests knows how many there are.
            let by_staff = changed.by.is_some_and(Role::is_staff);
            if by_staff || !is_request(changed.after) || changed.before.is_some_and(is_request) {
                continue;
            }
            let patients = patients_of(changed.after).filter_map(|id| FhirId::parse(id).ok());
            for patient in patients.filter(|patient| asked.insert(patient.clone())) {
                let waiting = waiting(inside, &patient).map_err(|error| (at, error))?;
                if waiting > MOST_WAITING {
                    return Err((at, too_many()));
                }
            }
        }
        Ok(())
    }
}

fn is_request(appointment: &Value) -> bool {
    matches!(appointment.get("status").and_then(Value::as_str), Some("proposed" | "waitlist"))
}

fn waiting(inside: &Inside<'_, '_, '_>, patient: &FhirId) -> Result<usize, RecordError> {
    let query = strict(ResourceType::Appointment, &format!("patient={patient}&status=proposed,waitlist"))?;
    Ok(inside.glimpse(&query, |_| Some(()))?.len())
}

/// A visit of several is nobody's alone: none of its patients, nor who acts for one, calls it off for the others or moves it. The
/// portal offers none of that, and a program of theirs may do no more. Whether they come themselves is theirs to say.
#[derive(Debug, Clone, Copy)]
pub struct NobodysAlone;

/// What of a visit is the same for all who take part.
const OF_ALL: [&str; 11] = [
    "status",
    "cancelationReason",
    "start",
    "end",
    "minutesDuration",
    "slot",
    "requestedPeriod",
    "serviceCategory",
    "serviceType",
    "specialty",
    "appointmentType",
];

impl Rule for NobodysAlone {
    fn concerns(&self, kind: ResourceType) -> bool {
        kind == ResourceType::Appointment
    }

    fn allow(&self, _: &Inside<'_, '_, '_>, all: &[Changed<'_>]) -> Result<(), (usize, RecordError)> {
        let refused = all.iter().position(|changed| {
            let on_their_side = matches!(changed.by, Some(Role::Patient | Role::Proxy));
            let before = changed.before.filter(|before| on_their_side && is_for_several(before));
            before.is_some_and(|before| !is_same_to_all(before, changed.after))
        });
        refused.map_or(Ok(()), |at| Err((at, of_several())))
    }
}

/// Whether a visit is the same but for what its patients say of themselves. Who of them is another stands there as it was: they were
/// not seen, and put back.
fn is_same_to_all(before: &Value, after: &Value) -> bool {
    let participants = |visit: &Value| -> Vec<Value> {
        let all = visit.get("participant").and_then(Value::as_array).into_iter().flatten();
        all.map(|one| {
            let mut one = one.clone();
            let who = one.pointer("/actor/reference").and_then(Value::as_str).unwrap_or_default();
            if who.starts_with("Patient/")
                && let Some(members) = one.as_object_mut()
            {
                members.shift_remove("status");
            }
            one
        })
        .collect()
    };
    // In which order they stand says nothing, and nobody comes twice by it.
    let (before_all, mut after_all) = (participants(before), participants(after));
    let is_among = |one: &Value| match after_all.iter().position(|other| other == one) {
        Some(at) => {
            after_all.swap_remove(at);
            true
        }
        None => false,
    };
    let are_same = before_all.iter().all(is_among);
    are_same && after_all.is_empty() && OF_ALL.iter().all(|name| before.get(name) == after.get(name))
}

fn of_several() -> RecordError {
    RecordError::AgainstRule(
        "this appointment is for several people, and none of them changes or cancels it for the others. Nothing was changed. Ask the \
         clinic"
            .to_owned(),
    )
}

fn too_many() -> RecordError {
    RecordError::AgainstRule(format!(
        "{MOST_WAITING} requests of this patient wait for the clinic's answer already. Nothing was changed. Wait for the \
         answers, or take some of the requests back"
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::access::{Actor, Assurance, Listener, Reach};
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{AccountId, Ambient, FhirId, ManualClock, ResourceRef, SeededRandom};
    use crate::fhir::Mode;
    use crate::identity::{AccountKind, AccountRow, AccountState, SessionRow, SessionState, UserName};
    use crate::record::{Body, Change, Channel, Condition, Records, Transaction, Which, Why};
    use crate::store::Store;

    fn records() -> (Records, ManualClock) {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(5)));
        (Records::new(audit, Reach::Clinic).ruled(vec![Arc::new(OneAtATime)]), clock)
    }

    fn with(id: &str, who: &[&str], start: &str, status: &str) -> Value {
        let people =
            who.iter().map(|who| json!({"actor": {"reference": format!("Practitioner/{who}")}, "status": "accepted"}));
        json!({"resourceType": "Appointment", "id": id, "status": status, "start": format!("2026-03-05T{start}:00Z"),
            "end": format!("2026-03-05T{}:30:00Z", &start[..2]), "minutesDuration": 30,
            "participant": people.collect::<Vec<_>>()})
    }

    fn store(records: &Records, all: Vec<Value>, how: Transaction) -> Result<(), RecordError> {
        let change = |value: Value| {
            let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
            let id = FhirId::parse(value["id"].as_str().unwrap()).unwrap();
            Change::store(kind, Which::Id(id), Body::new(kind, value, Mode::Strict).unwrap(), Condition::None)
        };
        let why =
            Why { action: Action::Update, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api };
        let changes = all.into_iter().map(change).collect();
        records.change_all_blocking(&Actor::system("test"), why, changes, how).map(drop)
    }

    fn strict(records: &Records, all: Vec<Value>) -> bool {
        match store(records, all, Transaction::STRICT) {
            Ok(()) => true,
            Err(RecordError::AgainstRule(_)) => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn doctors(records: &Records) {
        let doctors = ["a", "b"].map(|id| json!({"resourceType": "Practitioner", "id": id}));
        store(records, doctors.into(), Transaction::IMPORT).unwrap();
    }

    #[test]
    fn an_hour_is_given_once_to_clients_too() {
        let (records, _) = records();
        doctors(&records);
        assert!(strict(&records, vec![with("one", &["a"], "09:00", "booked")]));
        assert!(!strict(&records, vec![with("two", &["a"], "09:10", "booked")]), "it overlaps");
        assert!(!strict(&records, vec![with("two", &["b", "a"], "09:10", "arrived")]), "one of them is taken");
        assert!(strict(&records, vec![with("two", &["b"], "09:10", "booked")]), "somebody else is free");
        assert!(strict(&records, vec![with("three", &["a"], "10:00", "booked")]), "another hour is free");
        for status in ["proposed", "cancelled", "noshow"] {
            assert!(strict(&records, vec![with("four", &["a"], "09:10", status)]), "{status} takes no time");
        }
        assert!(!strict(&records, vec![with("four", &["a"], "09:10", "booked")]), "now it would");
        // Moved away and given to another, in whichever order they come.
        let swap = || vec![with("five", &["a"], "09:00", "booked"), with("one", &["a"], "11:00", "booked")];
        assert!(strict(&records, swap()));
        assert!(!strict(
            &records,
            vec![with("six", &["a"], "12:00", "booked"), with("seven", &["a"], "12:10", "booked")]
        ));
    }

    #[test]
    fn nobody_is_free_under_another_name() {
        let (records, _) = records();
        doctors(&records);
        let role =
            json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/a"}});
        store(&records, vec![role], Transaction::IMPORT).unwrap();
        assert!(strict(&records, vec![with("one", &["a"], "09:00", "booked")]));
        for name in ["Practitioner/a/_history/1", "PractitionerRole/r"] {
            let mut two = with("two", &["a"], "09:10", "booked");
            two["participant"][0]["actor"]["reference"] = name.into();
            assert!(!strict(&records, vec![two.clone()]), "{name}");
            two["start"] = "2026-03-05T12:00:00Z".into();
            two["end"] = "2026-03-05T12:30:00Z".into();
            assert!(strict(&records, vec![two]), "{name}");
            assert!(!strict(&records, vec![with("three", &["a"], "12:10", "booked")]), "{name}");
        }
    }

    #[test]
    fn what_reception_put_over_another_stays_there_until_it_moves() {
        let (records, _) = records();
        doctors(&records);
        assert!(strict(&records, vec![with("one", &["a"], "09:00", "booked")]));
        let over = || with("over", &["a"], "09:10", "booked");
        store(&records, vec![over()], Transaction::WORKFLOW).unwrap();
        let mut noted = over();
        noted["comment"] = json!("brings the old pictures");
        assert!(strict(&records, vec![noted]));
        assert!(strict(&records, vec![with("over", &["a"], "09:10", "arrived")]));
        assert!(!strict(&records, vec![with("over", &["a"], "09:20", "arrived")]), "moved, it is asked about");
        // An import brings what was true elsewhere.
        store(&records, vec![with("old", &["a"], "09:20", "fulfilled")], Transaction::IMPORT).unwrap();
    }

    #[test]
    fn what_says_why_it_lies_over_another_is_taken_at_the_time_that_it_names() {
        let (records, _) = records();
        doctors(&records);
        assert!(strict(&records, vec![with("one", &["a"], "09:00", "booked")]));
        let reasoned =
            crate::care::schedule::over(with("over", &["a"], "09:10", "booked"), "An hour of pain", Despite::Another);
        assert!(strict(&records, vec![reasoned.clone()]));
        assert!(strict(&records, vec![with("two", &["a"], "10:00", "booked")]));
        let mut moved = reasoned;
        moved["start"] = "2026-03-05T10:10:00Z".into();
        moved["end"] = "2026-03-05T10:30:00Z".into();
        assert!(!strict(&records, vec![moved]), "the reason was another time's");
    }

    #[test]
    fn an_offer_holds_its_hour_as_long_as_the_clinic_says_and_a_block_always() {
        let (records, clock) = records();
        doctors(&records);
        assert!(strict(&records, vec![with("offer", &["a"], "09:00", "pending")]));
        assert!(!strict(&records, vec![with("two", &["a"], "09:00", "booked")]));
        clock.advance(Duration::from_secs(25 * 3600));
        assert!(strict(&records, vec![with("two", &["a"], "09:00", "booked")]));
        let schedule = json!({"resourceType": "Schedule", "id": "s", "actor": [{"reference": "Practitioner/b"}]});
        let block = json!({"resourceType": "Slot", "id": "l", "status": "busy-unavailable",
            "schedule": {"reference": "Schedule/s"}, "start": "2026-03-05T14:00:00Z", "end": "2026-03-05T16:00:00Z"});
        store(&records, vec![schedule, block], Transaction::IMPORT).unwrap();
        assert!(!strict(&records, vec![with("three", &["b"], "15:00", "booked")]));
        assert!(strict(&records, vec![with("three", &["b"], "16:00", "booked")]));
    }

    #[test]
    fn what_goes_on_for_days_takes_those_in_its_middle() {
        let (records, _) = records();
        doctors(&records);
        let until = |end: &str| {
            let mut long = with("long", &["a"], "09:00", "booked");
            long["end"] = end.into();
            long.as_object_mut().unwrap().shift_remove("minutesDuration");
            long
        };
        assert!(!strict(&records, vec![until("2026-03-06T09:00:01Z")]), "nobody would meet it the day after the next");
        assert!(strict(&records, vec![until("2026-03-06T09:00:00Z")]));
        let on = |day: &str, at: &str| {
            let mut one = with("one", &["a"], at, "booked");
            for name in ["start", "end"] {
                one[name] = one[name].as_str().unwrap().replace("2026-03-05", day).into();
            }
            one
        };
        assert!(!strict(&records, vec![on("2026-03-06", "08:00")]));
        assert!(strict(&records, vec![on("2026-03-06", "09:00")]));
        let schedule = json!({"resourceType": "Schedule", "id": "s", "actor": [{"reference": "Practitioner/a"}]});
        let away = json!({"resourceType": "Slot", "id": "l", "status": "busy-unavailable",
            "schedule": {"reference": "Schedule/s"}, "start": "2026-04-01T00:00:00Z", "end": "2026-04-15T00:00:00Z"});
        store(&records, vec![schedule, away], Transaction::IMPORT).unwrap();
        for day in ["2026-04-01", "2026-04-08", "2026-04-14"] {
            assert!(!strict(&records, vec![on(day, "10:00")]), "{day}");
        }
        assert!(strict(&records, vec![on("2026-04-15", "10:00")]));
    }

    #[test]
    fn a_leave_of_months_takes_every_day_of_it_whatever_calendar_says_so_and_one_without_end_is_refused() {
        let (records, _) = records();
        let records = records.ruled(vec![Arc::new(OneAtATime), Arc::new(NoEndlessBlock)]);
        doctors(&records);
        let role = json!({"resourceType": "PractitionerRole", "id": "r",
            "practitioner": {"reference": "Practitioner/a/_history/1"}});
        let schedule = |id: &str, of: &str| json!({"resourceType": "Schedule", "id": id, "actor": [{"reference": of}]});
        let calendars = [schedule("s", "PractitionerRole/r"), schedule("v", "Practitioner/b/_history/1")];
        store(&records, std::iter::once(role).chain(calendars).collect(), Transaction::IMPORT).unwrap();
        let leave = |id: &str, of: &str, start: &str, end: &str| {
            json!({"resourceType": "Slot", "id": id, "status": "busy-unavailable", "schedule": {"reference": of},
                "start": format!("{start}T00:00:00Z"), "end": format!("{end}T00:00:00Z")})
        };
        assert!(!strict(&records, vec![leave("e", "Schedule/s", "2026-01-01", "2027-06-01")]), "nobody would meet it");
        let long = leave("l", "Schedule/s/_history/1", "2025-12-01", "2026-07-01");
        assert!(strict(&records, vec![long, leave("w", "Schedule/v", "2026-03-02", "2026-03-07")]));
        for who in ["a", "b"] {
            assert!(!strict(&records, vec![with("one", &[who], "10:00", "booked")]), "{who}");
        }
        // The calendar, the list and the patients' times are told the same.
        let now = records.audit().ambient().now();
        let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let whom = |all: Vec<Taken>| all.into_iter().flat_map(|one| one.who).collect::<Vec<_>>();
        let blocked = taken::blocked(&records, now, Timestamp::from_second(now.as_second() + 60).unwrap()).unwrap();
        assert_eq!(blocked.iter().map(|(slot, _)| slot.as_str()).collect::<Vec<_>>(), ["l", "w"]);
        let told = whom(blocked.into_iter().map(|(_, taken)| taken).collect());
        assert_eq!(told, ["Practitioner/a", "Practitioner/b"]);
        let mut offered = whom(taken::busy(&records, day, day).unwrap());
        offered.sort_unstable();
        assert_eq!(offered, told);
        let after: Timestamp = "2026-07-01T00:00:00Z".parse().unwrap();
        assert!(
            taken::blocked(&records, after, Timestamp::from_second(after.as_second() + 60).unwrap())
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn many_requests_take_nobodys_hour_and_there_are_no_more_than_can_be_answered() {
        let (records, clock) = records();
        let ambient = Ambient::new(clock, SeededRandom::new(6));
        doctors(&records);
        let asked = |at: usize| {
            let mut one = with(&format!("r{at}"), &["a"], "09:00", "proposed");
            one["participant"]
                .as_array_mut()
                .unwrap()
                .push(json!({"actor": {"reference": "Patient/p"}, "status": "accepted"}));
            one
        };
        store(&records, vec![json!({"resourceType": "Patient", "id": "p"})], Transaction::IMPORT).unwrap();
        // What was asked for takes no time, however much of it there is.
        let many = (0..5_100).map(|at| with(&format!("o{at}"), &["b"], "09:00", "proposed")).collect();
        store(&records, many, Transaction::IMPORT).unwrap();
        assert!(strict(&records, vec![with("one", &["a"], "09:00", "booked")]));
        let records = records.ruled(vec![Arc::new(FewRequests)]);
        assert!(strict(&records, (0..MOST_WAITING).map(asked).collect()));
        assert!(!strict(&records, vec![asked(MOST_WAITING)]));
        let desk = signed_in(&ambient, Role::Reception, Listener::Clinic, None);
        let mut of_desk = asked(MOST_WAITING + 1);
        of_desk.as_object_mut().unwrap().shift_remove("id");
        let change = Change::create(ResourceType::Appointment, of_desk, Mode::Strict).unwrap();
        let why =
            Why { action: Action::Create, purpose: Purpose::PatAdmin, detail: Detail::none(), channel: Channel::Api };
        drop(records.change_all_blocking(&desk, why, vec![change], Transaction::STRICT).unwrap());
        assert!(strict(&records, vec![asked(0)]), "one that waits may be changed");
        let cancelled = |at: usize| {
            let mut one = asked(at);
            one["status"] = json!("cancelled");
            one
        };
        assert!(strict(&records, vec![cancelled(0), cancelled(1), asked(MOST_WAITING)]));
    }

    fn signed_in(ambient: &Ambient, role: Role, listener: Listener, person: Option<ResourceRef>) -> Actor {
        let account = AccountRow {
            id: AccountId::new(ambient),
            user_name: UserName::parse("somebody").unwrap(),
            display_name: "Somebody".into(),
            kind: AccountKind::Person(role),
            state: AccountState::Enabled,
            person,
            must_change_password: false,
            created: ambient.now(),
        };
        let session = SessionRow::new(account.id, listener, SessionState::Open(Assurance::Password), ambient);
        Actor::from_session(&session, &account, listener, None)
    }

    #[test]
    fn none_of_several_calls_a_visit_off_or_moves_it_for_the_others() {
        let (records, clock) = records();
        let records = records.ruled(vec![Arc::new(NobodysAlone)]);
        let ambient = Ambient::new(clock, SeededRandom::new(7));
        let who = |id: &str| json!({"resourceType": "Patient", "id": id});
        let taking = |who: &str, status: &str| json!({"actor": {"reference": who}, "status": status});
        let visit = |id: &str, patients: &[&str]| {
            let mut visit = with(id, &["a"], "09:00", "booked");
            let all = patients.iter().map(|one| taking(&format!("Patient/{one}"), "accepted"));
            visit["participant"].as_array_mut().unwrap().extend(all);
            visit
        };
        doctors(&records);
        let all = vec![who("p"), who("q"), visit("both", &["p", "q"]), visit("own", &["p"])];
        store(&records, all, Transaction::IMPORT).unwrap();
        let patient =
            signed_in(&ambient, Role::Patient, Listener::Portal, Some(ResourceRef::parse("Patient/p").unwrap()));
        let seen = |id: &str| {
            let why =
                Why { action: Action::Read, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api };
            let id = FhirId::parse(id).unwrap();
            let read = records.disclose_blocking(&patient, why, |reading| reading.read(ResourceType::Appointment, &id));
            serde_json::from_slice::<Value>(&read.unwrap().json).unwrap()
        };
        let send = |value: Value, how: Transaction| {
            let id = FhirId::parse(value["id"].as_str().unwrap()).unwrap();
            let body = Body::new(ResourceType::Appointment, value, Mode::Strict).unwrap();
            let change = Change::store(ResourceType::Appointment, Which::Id(id), body, Condition::None);
            let why =
                Why { action: Action::Update, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api };
            match records.change_all_blocking(&patient, why, vec![change], how) {
                Ok(_) => true,
                Err(RecordError::AgainstRule(_)) => false,
                Err(error) => panic!("{error}"),
            }
        };
        let cancelled = |id: &str| {
            let mut visit = seen(id);
            visit["status"] = "cancelled".into();
            visit
        };
        assert!(!send(cancelled("both"), Transaction::STRICT));
        assert!(send(cancelled("both"), Transaction::WORKFLOW), "what the house lets them do it asked itself");
        store(
            &records,
            vec![visit("off", &["p", "q"])]
                .into_iter()
                .map(|mut one| {
                    one["status"] = "cancelled".into();
                    one
                })
                .collect(),
            Transaction::IMPORT,
        )
        .unwrap();
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut visit = seen("off");
            change(&mut visit);
            send(visit, Transaction::STRICT)
        };
        assert!(!changed(&|visit| visit["start"] = "2026-03-05T08:30:00Z".into()));
        assert!(!changed(&|visit| visit["minutesDuration"] = 20.into()));
        // Without those who are not named it would be all the same: they are put back.
        assert!(!changed(&|visit| visit["participant"]
            .as_array_mut()
            .unwrap()
            .retain(|one| one["actor"]["reference"] == "Patient/p")));
        assert!(changed(&|visit| visit["participant"].as_array_mut().unwrap().rotate_left(1)));
        assert!(changed(&|visit| {
            for one in visit["participant"].as_array_mut().unwrap() {
                if one["actor"]["reference"] == "Patient/p" {
                    one["status"] = "declined".into();
                }
            }
        }));
        assert!(send(cancelled("own"), Transaction::STRICT), "their own is theirs");
    }
}
