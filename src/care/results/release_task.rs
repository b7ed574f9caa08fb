//! The Task by which a held result lets itself go on its day: the box's own.

use serde_json::{Value, json};

use super::RELEASE;
use super::settle::put;
use crate::care::note::Pen;
use crate::care::within::{list, text};
use crate::fhir::ResourceType as R;
use crate::record::{Changed, Inside, RecordError, Rule};

/// A held result lets itself go by a Task, which the box believes: so nobody else stores one, or changes it.
#[derive(Debug, Clone, Copy)]
pub struct HouseLetsGo;

impl Rule for HouseLetsGo {
    fn concerns(&self, kind: R) -> bool {
        kind == R::Task
    }

    fn allow(&self, _: &Inside<'_, '_, '_>, all: &[Changed<'_>]) -> Result<(), (usize, RecordError)> {
        let is_touched = |changed: &Changed<'_>| {
            let is_one = claims_release(changed.after) || changed.before.is_some_and(is_release);
            is_one && changed.before.map(told) != Some(told(changed.after))
        };
        match all.iter().position(is_touched) {
            Some(at) => Err((at, RecordError::AgainstRule(ONLY_THE_HOUSE.to_owned()))),
            None => Ok(()),
        }
    }

    fn lets_go(&self, gone: &Value) -> Result<(), RecordError> {
        match is_release(gone) && text(gone, "/status") == "on-hold" {
            true => Err(RecordError::AgainstRule(NOT_WITHOUT_A_DECISION.to_owned())),
            false => Ok(()),
        }
    }
}

const NOT_WITHOUT_A_DECISION: &str = "this Task lets a held result go on its day, and ends when somebody who may decides so on the \
    result's page. Nothing was changed";

const ONLY_THE_HOUSE: &str = "a Task that lets a held result go is stored and changed by the box alone, when somebody who may decides \
    so on the result's page. Nothing was changed";

/// What a Task says, without what the server says of it.
fn told(task: &Value) -> Value {
    let mut task = task.clone();
    if let Some(members) = task.as_object_mut() {
        members.shift_remove("id");
        members.shift_remove("meta");
    }
    task
}

/// As the house writes it: only such a one is believed.
pub(super) fn is_release(task: &Value) -> bool {
    (text(task, "/code/coding/0/system"), text(task, "/code/coding/0/code")) == RELEASE
}

/// What marks one that was decided about a version before the one that stands: it ends when a doctor has signed that.
const FOR_ANOTHER: &str = "decided-before-a-change";

pub(super) fn is_for_another(task: &Value) -> bool {
    has_state(task, FOR_ANOTHER)
}

/// What marks one that was decided when nobody had signed the version that stood: whatever was signed before that, no signature was
/// lost since.
const OF_UNSIGNED: &str = "decided-unsigned";

pub(super) fn is_of_unsigned(task: &Value) -> bool {
    has_state(task, OF_UNSIGNED)
}

pub(super) fn of_unsigned(mut task: Value) -> Value {
    let coding = json!({"system": RELEASE.0, "code": OF_UNSIGNED});
    put(&mut task, "businessStatus", json!({"coding": [coding], "text": "Decided before it was signed"}));
    task
}

fn has_state(task: &Value, code: &str) -> bool {
    (text(task, "/businessStatus/coding/0/system"), text(task, "/businessStatus/coding/0/code")) == (RELEASE.0, code)
}

pub(super) fn for_another(mut task: Value, pen: &Pen<'_>) -> Value {
    let coding = json!({"system": RELEASE.0, "code": FOR_ANOTHER});
    put(&mut task, "businessStatus", json!({"coding": [coding], "text": "Changed since; waits for a signature"}));
    put(&mut task, "lastModified", pen.now.into());
    task
}

/// Whether a search for such Tasks finds it, in whichever place and letters it says so.
fn claims_release(task: &Value) -> bool {
    let codings = task.get("code").map(|code| list(code, "coding")).unwrap_or_default();
    codings
        .iter()
        .any(|one| text(one, "/system") == RELEASE.0 && text(one, "/code").trim().eq_ignore_ascii_case(RELEASE.1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::access::{Actor, Reach};
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{Ambient, FhirId, ManualClock, SeededRandom};
    use crate::fhir::Mode;
    use crate::record::{Body, Change, Channel, Condition, Records, Transaction, Which, Why};
    use crate::store::Store;

    #[test]
    fn nobody_but_the_house_has_a_result_let_itself_go() {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        let records = Records::new(audit, Reach::Clinic).ruled(vec![Arc::new(HouseLetsGo)]);
        let task = |code: &str, status: &str| {
            json!({"resourceType": "Task", "id": code, "status": status, "intent": "order",
                "code": {"coding": [{"system": RELEASE.0, "code": code}]}, "focus": {"display": "a report"}})
        };
        let stored = |value: Value, how: Transaction| {
            let id = FhirId::parse(value["id"].as_str().unwrap()).unwrap();
            let body = Body::new(R::Task, value, Mode::Strict).unwrap();
            let change = Change::store(R::Task, Which::Id(id), body, Condition::None);
            let why =
                Why { action: Action::Update, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api };
            records.change_all_blocking(&Actor::system("test"), why, vec![change], how).is_ok()
        };
        let (strict, house) = (Transaction::STRICT, Transaction::WORKFLOW);
        assert!(!stored(task(RELEASE.1, "on-hold"), strict));
        assert!(stored(task("another", "on-hold"), strict));
        assert!(stored(task(RELEASE.1, "on-hold"), house));
        // In other letters, or behind another code, as a search would find it.
        assert!(!stored(task("Release-Result", "on-hold"), strict));
        let mut second = task("second", "on-hold");
        second["code"]["coding"] = json!([{"system": "urn:x", "code": "y"}, {"system": RELEASE.0, "code": RELEASE.1}]);
        assert!(!stored(second, strict));
        let deleted = || {
            let change = Change::delete(R::Task, FhirId::parse(RELEASE.1).unwrap(), Condition::None);
            let why =
                Why { action: Action::Delete, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api };
            records.change_all_blocking(&Actor::system("test"), why, vec![change], strict).is_ok()
        };
        assert!(!deleted(), "the result would never be let go");
        assert!(stored(task(RELEASE.1, "on-hold"), strict), "what it says already changes nothing");
        assert!(!stored(task(RELEASE.1, "completed"), strict));
        assert!(stored(task(RELEASE.1, "completed"), house));
        assert!(deleted());
    }
}
