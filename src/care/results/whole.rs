//! What is held from the patient is held with what it is made of, also by programs: a report that waits for a doctor's word
//! says nothing if its values can be read one by one.
//!
//! So a report, or a panel, that a client of the API stores with the label of [`held`] may refer only to results that have it
//! too, and a result of one that has it may not lose or lack it. To let go, the report goes first, or all in one transaction.
//!
//! A report that is held may let itself go on its day, with all that belongs to it. So nobody puts a result into it that is held
//! for another reason, unless they might let it go themselves.

use std::collections::BTreeSet;

use serde_json::Value;

use super::belongs::members;
use crate::access::{Action, rights_of};
use crate::base::{ResourceRef, Role};
use crate::care::held;
use crate::care::within::text;
use crate::fhir::ResourceType as R;
use crate::record::{Changed, Inside, RecordError, Rule, strict};

/// A report is held with its results.
#[derive(Debug, Clone, Copy)]
pub struct HeldWhole;

impl Rule for HeldWhole {
    fn concerns(&self, kind: R) -> bool {
        matches!(kind, R::DiagnosticReport | R::Observation | R::Media)
    }

    fn allow(&self, inside: &Inside<'_, '_, '_>, all: &[Changed<'_>]) -> Result<(), (usize, RecordError)> {
        all.iter().enumerate().try_for_each(|(at, changed)| {
            match fits(inside, changed) {
                Ok(true) => {}
                Ok(false) => return Err((at, against())),
                Err(error) => return Err((at, error)),
            }
            match takes_in(inside, changed, all) {
                Ok(false) => Ok(()),
                Ok(true) => Err((at, RecordError::AgainstRule(BY_WHO_LETS_GO.to_owned()))),
                Err(error) => Err((at, error)),
            }
        })
    }
}

fn fits(inside: &Inside<'_, '_, '_>, changed: &Changed<'_>) -> Result<bool, RecordError> {
    let kind = changed.after.get("resourceType").and_then(Value::as_str).and_then(R::parse);
    let Some(kind) = kind else { return Ok(true) };
    Ok(match held::is_held(changed.after) {
        true => holds_all(inside, changed.after)?,
        false => kind == R::DiagnosticReport || !is_of_held(inside, kind, changed)?,
    })
}

const BY_WHO_LETS_GO: &str = "who puts a result that is held already into a report or panel that is held, too, must be somebody who may \
    let it go: it is let go with that. Nothing was changed";

const fn may_let_go(role: Role) -> bool {
    rights_of(role, R::DiagnosticReport).actions.contains(Action::Release)
}

/// Whether somebody who may not let a result go puts one that was held before into what is held. What was open or not there, they
/// hold for it.
fn takes_in(inside: &Inside<'_, '_, '_>, changed: &Changed<'_>, all: &[Changed<'_>]) -> Result<bool, RecordError> {
    let before = changed.before.filter(|before| held::is_held(before) && held::is_held(changed.after));
    let Some(before) = before.filter(|_| changed.by.is_some_and(|role| !may_let_go(role))) else { return Ok(false) };
    let mut met: BTreeSet<ResourceRef> = members(before).into_iter().collect();
    let mut open: Vec<ResourceRef> = members(changed.after);
    while let Some(next) = open.pop() {
        if !met.insert(next.clone()) {
            continue;
        }
        let is_next = |one: &&Changed<'_>| *one.id == next.id() && text(one.after, "/resourceType") == next.type_name();
        if let Some(one) = all.iter().find(is_next)
            && !one.before.is_some_and(held::is_held)
        {
            open.extend(members(one.after));
            continue;
        }
        let Some(kind) = R::parse(next.type_name()) else { continue };
        let found = inside.glimpse(&strict(kind, &format!("_id={}", next.id()))?, |one| Some(held::is_held(one)))?;
        if found.contains(&true) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn against() -> RecordError {
    RecordError::AgainstRule(
        "a report that is held from the patient (meta.security NOPAT) is held with all of its results. Nothing was changed. \
         Give the results the label too; to let go, change the report first, or all of it in one transaction"
            .to_owned(),
    )
}

fn holds_all(inside: &Inside<'_, '_, '_>, resource: &Value) -> Result<bool, RecordError> {
    for member in members(resource) {
        let Some(kind) = R::parse(member.type_name()) else { continue };
        let found = inside.glimpse(&strict(kind, &format!("_id={}", member.id()))?, |one| Some(held::is_held(one)))?;
        if found.contains(&false) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether one that is held is made of this. It is asked at every result that is stored, by the two ways that lead here and no
/// others, and reads nothing of what is not held: a panel of thousands would be read for each of them.
fn is_of_held(inside: &Inside<'_, '_, '_>, kind: R, changed: &Changed<'_>) -> Result<bool, RecordError> {
    let ways: &[(R, &str)] = match kind {
        R::Observation => &[(R::DiagnosticReport, "result"), (R::Observation, "has-member")],
        _ => &[(R::DiagnosticReport, "media")],
    };
    for (of, param) in ways {
        let found = inside.held_around((*of, param), (kind, changed.id), members)?;
        let is_this = |one: &ResourceRef| one.type_name() == kind.name() && one.id() == *changed.id;
        if found.iter().flatten().any(is_this) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::access::{Actor, Listener, Reach};
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{AccountId, Ambient, FhirId, ManualClock, SeededRandom};
    use crate::fhir::Mode;
    use crate::identity::{AccountKind, AccountRow, AccountState, Assurance, SessionRow, SessionState, UserName};
    use crate::record::{Body, Change, Channel, Condition, Records, Transaction, Which, Why};
    use crate::store::Store;

    fn records() -> Records {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        Records::new(audit, Reach::Clinic).ruled(vec![Arc::new(HeldWhole)])
    }

    fn value(id: &str, more: Value) -> Value {
        let mut one = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "Ferritin"}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn report(more: Value) -> Value {
        let results: Vec<Value> = ["a", "b"].map(|id| json!({"reference": format!("Observation/{id}")})).into();
        let mut one = value("r", json!({"resourceType": "DiagnosticReport", "result": results}));
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn stored(records: &Records, all: Vec<Value>) -> bool {
        stored_by(records, &Actor::system("test"), all)
    }

    fn somebody(role: Role) -> Actor {
        let ambient = Ambient::system();
        let account = AccountRow {
            id: AccountId::new(&ambient),
            user_name: UserName::parse("somebody").unwrap(),
            display_name: "X".into(),
            kind: AccountKind::Person(role),
            state: AccountState::Enabled,
            person: Some(ResourceRef::parse("Practitioner/d").unwrap()),
            must_change_password: false,
            created: ambient.now(),
        };
        let session = SessionRow::new(account.id, Listener::Clinic, SessionState::Open(Assurance::TwoFactor), &ambient);
        Actor::from_session(&session, &account, Listener::Clinic, None)
    }

    fn stored_by(records: &Records, actor: &Actor, all: Vec<Value>) -> bool {
        let change = |value: Value| {
            let kind = R::parse(value["resourceType"].as_str().unwrap()).unwrap();
            let id = FhirId::parse(value["id"].as_str().unwrap()).unwrap();
            Change::store(kind, Which::Id(id), Body::new(kind, value, Mode::Strict).unwrap(), Condition::None)
        };
        let why =
            Why { action: Action::Update, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api };
        let changes = all.into_iter().map(change).collect();
        match records.change_all_blocking(actor, why, changes, Transaction::STRICT) {
            Ok(_) => true,
            Err(RecordError::AgainstRule(_)) => false,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_report_is_held_with_its_results_and_let_go_before_them_or_with_them() {
        let records = records();
        let plain = |id: &str| value(id, json!({}));
        let held = |id: &str| held::hold(plain(id));
        assert!(
            stored(&records, vec![plain("a"), held("b"), report(json!({}))]),
            "what is let go may refer to what is held"
        );
        assert!(!stored(&records, vec![held::hold(report(json!({})))]), "one of its results is open");
        assert!(stored(&records, vec![held::hold(report(json!({}))), held("a")]), "in whichever order they come");
        assert!(!stored(&records, vec![plain("a")]), "its report is held");
        assert!(stored(&records, vec![plain("c")]), "another result is not its");
        assert!(stored(&records, vec![plain("a"), plain("b"), report(json!({}))]), "all of it in one");
        assert!(stored(&records, vec![held::hold(report(json!({}))), held("a"), held("b")]));
        // A version of a result is that result.
        let mut versioned = held::hold(report(json!({})));
        versioned["result"] = json!([{"reference": "Observation/a/_history/1"}]);
        assert!(stored(&records, vec![versioned]));
        assert!(!stored(&records, vec![plain("a")]));
        assert!(stored(&records, vec![report(json!({}))]), "the report first");
        assert!(stored(&records, vec![plain("a"), plain("b")]));
    }

    #[test]
    fn a_panel_is_held_with_its_members_and_not_with_what_it_was_computed_from() {
        let records = records();
        let panel = |list: &str| held::hold(value("p", json!({list: [{"reference": "Observation/a"}]})));
        assert!(stored(&records, vec![value("a", json!({}))]));
        assert!(!stored(&records, vec![panel("hasMember")]));
        assert!(stored(&records, vec![panel("derivedFrom")]));
        assert!(stored(&records, vec![value("a", json!({}))]));
        let elsewhere = json!({"hasMember": [{"reference": "https://lab.example/fhir/Observation/9"}]});
        assert!(stored(&records, vec![held::hold(value("q", elsewhere))]));
    }

    #[test]
    fn what_is_held_already_is_put_into_what_is_held_by_who_may_let_it_go() {
        let records = records();
        let refer = |all: &[&str]| -> Value {
            all.iter().map(|id| json!({"reference": format!("Observation/{id}")})).collect()
        };
        let subject = json!({"reference": "Patient/x"});
        let open = |id: &str| value(id, json!({"subject": subject}));
        let held = |id: &str| held::hold(open(id));
        let panel = |id: &str, of: &str| held::hold(value(id, json!({"subject": subject, "hasMember": refer(&[of])})));
        let lists = |all: &[&str]| held::hold(report(json!({"subject": subject, "result": refer(all)})));
        assert!(stored(&records, vec![json!({"resourceType": "Patient", "id": "x"})]));
        let single = ["a", "c", "p", "q"].map(held);
        assert!(stored(&records, [single.as_slice(), &[open("o"), lists(&["a", "p"])]].concat()));
        let (nurse, doctor) = (somebody(Role::Nurse), somebody(Role::Clinician));
        assert!(!stored_by(&records, &nurse, vec![lists(&["a", "p", "c"])]));
        assert!(!stored_by(&records, &nurse, vec![panel("p", "c")]), "nor through a panel of it");
        assert!(!stored_by(&records, &nurse, vec![panel("q", "c"), lists(&["a", "p", "q"])]));
        // What it had stays, and what is open is held for it.
        assert!(stored_by(&records, &nurse, vec![lists(&["p", "a"])]));
        assert!(stored_by(&records, &nurse, vec![held("o"), lists(&["a", "p", "o"])]));
        assert!(stored_by(&records, &doctor, vec![lists(&["a", "p", "c"])]));
    }
}
