//! Reminders before visits: once for each time that a visit has, not for what was called off, and none for what was booked or
//! moved when the hour of its reminder had passed already.
//!
//! A reminder is due so many hours before the visit begins, counted in real hours: the night on which the clocks change makes
//! it neither earlier nor later. That it was told stands in the store with it, so a box that was off tells it once when it
//! is back, as long as the visit has not begun.

use serde_json::Value;

use super::{Kind, Notice, tell};
use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, Timestamp};
use crate::care::clinic::{REMINDER_HOURS, SERVICE, USUAL_REMINDER_HOURS};
use crate::care::marks;
use crate::care::schedule::{Tell, to_patients};
use crate::care::workflow::Never;
use crate::fhir::ResourceType;
use crate::record::{ActError, Channel, RecordError, Records, Transaction, Why, strict};

const MARK: &str = "reminded";
/// A mark is of no use once its visit is over.
const KEPT_DAYS: i64 = 30;

/// A visit that stands; nothing of whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Visit {
    id: FhirId,
    start: Timestamp,
    /// When it was booked or changed last.
    changed: Timestamp,
}

impl Visit {
    fn mark(&self) -> String {
        format!("{}@{}", self.id, self.start)
    }

    /// Whether its reminder is due and was not too late from the start.
    fn is_due(&self, hours: u16, now: Timestamp) -> bool {
        let due = self.start.as_second() - i64::from(hours) * 3_600;
        due <= now.as_second() && now < self.start && self.changed.as_second() <= due
    }
}

fn visit(appointment: &Value) -> Option<Visit> {
    let text = |pointer: &str| appointment.pointer(pointer).and_then(Value::as_str);
    if text("/status")? != "booked" {
        return None;
    }
    let moment = |pointer| text(pointer)?.parse::<Timestamp>().ok();
    let (start, changed) = (moment("/start")?, moment("/meta/lastUpdated")?);
    Some(Visit { id: FhirId::parse(text("/id")?).ok()?, start, changed })
}

fn with_patients(appointment: &Value) -> Option<(Visit, Tell)> {
    let tell = to_patients(appointment, Kind::VisitReminder);
    Some((visit(appointment)?, tell)).filter(|(_, tell)| !tell.is_empty())
}

fn hours_of(service: &Value) -> Option<u16> {
    let all = service.get("extension")?.as_array()?.iter();
    let mut all = all.filter(|one| one.get("url").and_then(Value::as_str) == Some(REMINDER_HOURS));
    all.find_map(|one| u16::try_from(one.get("valueUnsignedInt")?.as_u64()?).ok())
}

/// How many hours before a visit the clinic reminds; 0 for never.
fn hours(records: &Records) -> Result<u16, RecordError> {
    let found = records
        .glimpse(&strict(ResourceType::HealthcareService, &format!("service-category={SERVICE}|clinic"))?, hours_of)?;
    Ok(found.into_iter().next().unwrap_or(USUAL_REMINDER_HOURS))
}

/// Tells all reminders that are due; answers with how many.
pub async fn remind(records: &Records) -> Result<usize, RecordError> {
    let (now, hours) = (records.audit().ambient().now(), hours(records)?);
    if hours == 0 {
        return Ok(0);
    }
    let until = Timestamp::from_second(now.as_second() + i64::from(hours) * 3_600).unwrap_or(now);
    let search = strict(ResourceType::Appointment, &format!("status=booked&date=ge{now}&date=le{until}"))?;
    let read = records.audit().read()?;
    let mut waiting = 0;
    for visit in records.glimpse(&search, visit)?.iter().filter(|visit| visit.is_due(hours, now)) {
        waiting += usize::from(marks::get(&read, MARK, &visit.mark())?.is_none());
    }
    drop(read);
    // Nothing is written, and no entry made, while there is nothing to tell.
    if waiting == 0 {
        return Ok(0);
    }
    let why = Why {
        action: Action::Job,
        purpose: Purpose::PatAdmin,
        detail: Detail::note("reminders of visits"),
        channel: Channel::Screen,
    };
    let actor = Actor::system("job:reminders");
    let told = records.act(&actor, why, vec![], Transaction::WORKFLOW, move |inside| {
        let mut told = 0;
        for (visit, all) in inside.glimpse(&search, with_patients)? {
            let mark = visit.mark();
            if !visit.is_due(hours, now) || marks::get(inside.rows(), MARK, &mark)?.is_some() {
                continue;
            }
            for (whom, kind) in all {
                tell(inside, Notice::new(whom, kind).about(visit.id.clone()))?;
            }
            marks::set(inside.rows(), MARK, &mark, now)?;
            told += 1;
        }
        marks::swept(inside.rows(), MARK, now, KEPT_DAYS)?;
        Ok::<_, ActError<Never>>(told)
    });
    match told.await {
        Ok((told, _)) => Ok(told),
        Err(ActError::Record(error)) => Err(error),
        Err(ActError::Told(never)) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Reach;
    use crate::audit::Audit;
    use crate::base::{AccountId, Ambient, ManualClock, SeededRandom};
    use crate::care::notify::{Wanted, Whom, newest};
    use crate::fhir::Mode;
    use crate::record::{Change, Condition, Limits};
    use crate::store::Store;
    use serde_json::json;

    struct Box {
        records: Records,
        clock: ManualClock,
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    impl Box {
        async fn at(now: &str) -> Self {
            let clock = ManualClock::at(at(now));
            let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(5)));
            let one = Self { records: Records::new(audit, Reach::Clinic).limited(Limits::default()), clock };
            one.put(ResourceType::Patient, "p", json!({"resourceType": "Patient"})).await;
            one
        }

        async fn put(&self, kind: ResourceType, id: &str, mut value: Value) {
            value["id"] = json!(id);
            let id = FhirId::parse(id).unwrap();
            let change = Change::put(kind, id, value, Condition::None, Mode::Strict).unwrap();
            let why = Why {
                action: Action::Book,
                purpose: Purpose::PatAdmin,
                detail: Detail::none(),
                channel: Channel::Screen,
            };
            drop(self.records.change(&Actor::system("test"), why, change).await.unwrap());
        }

        async fn visit(&self, id: &str, start: &str, status: &str) {
            self.visit_of(&["p"], id, start, status).await;
        }

        async fn visit_of(&self, patients: &[&str], id: &str, start: &str, status: &str) {
            let end = at(start).saturating_add(jiff::SignedDuration::from_mins(20)).unwrap();
            let of = |who: &&str| json!({"actor": {"reference": format!("Patient/{who}")}, "status": "accepted"});
            let participant: Value = patients.iter().map(of).collect();
            let value = json!({"resourceType": "Appointment", "status": status, "start": start, "end": end.to_string(),
                "participant": participant});
            self.put(ResourceType::Appointment, id, value).await;
        }

        /// What the job tells at a moment.
        async fn told(&self, now: &str) -> usize {
            self.clock.set(at(now));
            remind(&self.records).await.unwrap()
        }

        fn notices(&self) -> usize {
            self.notices_of("p")
        }

        fn notices_of(&self, patient: &str) -> usize {
            let readers = vec![Whom::Patient(FhirId::parse(patient).unwrap())];
            let wanted = Wanted {
                account: AccountId::from_bytes([1; 16]),
                since: Timestamp::UNIX_EPOCH,
                readers,
                kinds: |_| true,
            };
            newest(&self.records.audit().read().unwrap(), &wanted).unwrap().len()
        }
    }

    #[tokio::test]
    async fn a_visit_is_reminded_of_once_a_day_before() {
        let one = Box::at("2026-03-01T09:00:00Z").await;
        one.visit("a", "2026-03-03T09:00:00Z", "booked").await;
        assert_eq!(one.told("2026-03-02T08:59:59Z").await, 0);
        assert_eq!(one.told("2026-03-02T09:00:00Z").await, 1);
        assert_eq!((one.told("2026-03-02T09:01:00Z").await, one.notices()), (0, 1));
    }

    #[tokio::test]
    async fn everybody_of_a_visit_for_several_is_reminded_of_it() {
        let one = Box::at("2026-03-01T09:00:00Z").await;
        one.put(ResourceType::Patient, "q", json!({"resourceType": "Patient"})).await;
        one.visit_of(&["p", "q"], "a", "2026-03-03T09:00:00Z", "booked").await;
        assert_eq!(one.told("2026-03-02T09:00:00Z").await, 1);
        assert_eq!((one.notices_of("p"), one.notices_of("q")), (1, 1));
    }

    #[tokio::test]
    async fn a_box_that_was_off_tells_it_late_and_not_once_it_has_begun() {
        let one = Box::at("2026-03-01T09:00:00Z").await;
        one.visit("a", "2026-03-03T09:00:00Z", "booked").await;
        one.visit("b", "2026-03-03T12:00:00Z", "booked").await;
        assert_eq!(one.told("2026-03-03T09:30:00Z").await, 1);
    }

    #[tokio::test]
    async fn what_was_called_off_or_only_offered_is_not_reminded_of() {
        let one = Box::at("2026-03-01T09:00:00Z").await;
        for (id, status) in [("a", "cancelled"), ("b", "pending"), ("c", "noshow"), ("d", "proposed")] {
            one.visit(id, "2026-03-03T09:00:00Z", status).await;
        }
        assert_eq!(one.told("2026-03-02T10:00:00Z").await, 0);
    }

    #[tokio::test]
    async fn one_that_is_moved_is_reminded_of_again_and_one_that_is_booked_late_is_not() {
        let one = Box::at("2026-03-01T09:00:00Z").await;
        one.visit("a", "2026-03-03T09:00:00Z", "booked").await;
        assert_eq!(one.told("2026-03-02T10:00:00Z").await, 1);
        one.visit("a", "2026-03-06T09:00:00Z", "booked").await;
        one.visit("late", "2026-03-02T15:00:00Z", "booked").await;
        assert_eq!(one.told("2026-03-02T10:01:00Z").await, 0, "whoever has just booked knows");
        assert_eq!(one.told("2026-03-05T09:00:00Z").await, 1);
    }

    #[tokio::test]
    async fn the_night_on_which_the_clocks_change_has_no_say() {
        // In Lisbon half past one comes twice on 25 October 2026; this is the second.
        let one = Box::at("2026-10-20T09:00:00Z").await;
        one.visit("a", "2026-10-25T01:30:00Z", "booked").await;
        assert_eq!(one.told("2026-10-24T01:29:59Z").await, 0);
        assert_eq!(one.told("2026-10-24T01:30:00Z").await, 1);
    }

    #[tokio::test]
    async fn the_clinic_says_how_long_before_and_whether_at_all() {
        let one = Box::at("2026-03-01T09:00:00Z").await;
        let house = |hours: u16| {
            json!({"resourceType": "HealthcareService", "name": "X",
                "category": [{"coding": [{"system": SERVICE, "code": "clinic"}]}],
                "extension": [{"url": REMINDER_HOURS, "valueUnsignedInt": hours}]})
        };
        one.put(ResourceType::HealthcareService, "h", house(0)).await;
        one.visit("a", "2026-03-03T09:00:00Z", "booked").await;
        assert_eq!(one.told("2026-03-02T10:00:00Z").await, 0);
        one.put(ResourceType::HealthcareService, "h", house(2)).await;
        assert_eq!(one.told("2026-03-03T06:59:59Z").await, 0);
        assert_eq!(one.told("2026-03-03T07:00:00Z").await, 1);
    }
}
