//! How far along its life a resource is, by the elements in which R4 says so.
//!
//! Each type has its own words for it (`MedicationRequest.status`, `Condition.clinicalStatus`). Here each of these words stands
//! at one [`Stage`], so that what is over or a mistake is told from what is in force, whatever the type. A test holds the table
//! against every required value set of these elements.

use serde_json::Value;

/// How far something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Not in force yet: planned, asked for, not signed.
    Coming,
    /// In force. So is what R4 has no word for.
    Standing,
    /// In force as it was put right.
    Amended,
    /// Out of force for a while.
    Paused,
    /// Out of force: done, stopped, called off, refuted, dead.
    Over,
    /// It never was so.
    Mistake,
}

/// Where R4 says it: `code`, Coding or CodeableConcept.
const ELEMENTS: [&str; 7] = [
    "status",
    "clinicalStatus",
    "verificationStatus",
    "lifecycleStatus",
    "docStatus",
    "operationalStatus",
    "participantStatus",
];

/// The words of each stage, sorted within it.
const WORDS: [(Stage, &str); 6] = [
    (
        Stage::Coming,
        "attested candidate data-requested data-required differential draft eligible in-process in-review \
         intended needs-action negotiable not-started offered partial pending pending-on-study planned \
         potential-candidate preliminary preparation proposed provisional received registered requested \
         reserved scheduled screening tentative unconfirmed waiting waitlist",
    ),
    (
        Stage::Standing,
        "accepted active approved arrived available billable booked busy busy-tentative busy-unavailable \
         checked-in closed-to-accrual closed-to-accrual-and-intervention confirmed current executable \
         executed final follow-up free health-unknown in-progress issued on on-study on-study-intervention \
         on-study-observation policy ready recurrence relapse test triaged unknown validated",
    ),
    (Stage::Amended, "amended appended corrected"),
    (
        Stage::Paused,
        "disputed on-hold onhold onleave remission req-revalid standby suspended \
         temporarily-closed-to-accrual temporarily-closed-to-accrual-and-intervention",
    ),
    (
        Stage::Over,
        "abandoned aborted administratively-completed balanced billed cancelled complete completed declined \
         disapproved error failed failure finished fulfilled inactive ineligible noshow not-billable \
         not-done not-registered not-taken off off-study refuted rejected renewed resolved retired \
         reval-fail revoked stopped success superseded terminated unavailable unsatisfactory val-fail \
         withdrawn",
    ),
    (Stage::Mistake, "entered-in-error"),
];

/// What one element says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    word: String,
    stage: Stage,
}

/// The stage of a word; none for one that R4 does not have.
fn stage_of(word: &str) -> Option<Stage> {
    WORDS.iter().find(|(_, words)| words.split(' ').any(|one| one == word)).map(|(stage, _)| *stage)
}

/// The stage that is gone by: a word that nobody knows is no reason to think that something is not in force.
fn stage(word: &str) -> Stage {
    stage_of(word).unwrap_or(Stage::Standing)
}

/// What a resource says of itself, in a few words; none where it says nothing.
pub fn words(resource: &Value) -> Option<String> {
    let all: Vec<String> = states(resource).into_iter().map(|state| state.word).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Whether it is said to be a mistake.
pub fn is_mistake(resource: &Value) -> bool {
    states(resource).iter().any(|state| state.stage == Stage::Mistake)
}

/// Whether it is in force no more.
pub fn is_over(resource: &Value) -> bool {
    states(resource).iter().any(|state| state.stage >= Stage::Over)
}

fn states(resource: &Value) -> Vec<State> {
    let mut all = Vec::new();
    for element in ELEMENTS {
        // Of several codings that say the same in other systems, the one counts that says most.
        let words = resource.get(element).map(words_in).unwrap_or_default();
        if let Some(word) = words.into_iter().max_by_key(|word| stage_of(word)) {
            all.push(State { stage: stage(word), word: word.to_owned() });
        }
    }
    let members = resource.as_object().into_iter().flatten();
    all.extend(members.filter_map(|(name, value)| by_name(name, value)));
    all
}

/// What is said by an element being there, and not by a code.
fn by_name(name: &str, value: &Value) -> Option<State> {
    let word = match name {
        "active" if *value == Value::Bool(false) => "inactive",
        _ if *value == Value::Bool(false) => return None,
        _ if is_choice_of("deceased", name) => "deceased",
        _ if is_choice_of("abatement", name) => "abated",
        _ => return None,
    };
    Some(State { word: word.to_owned(), stage: Stage::Over })
}

fn is_choice_of(stem: &str, name: &str) -> bool {
    name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// The codes of a `code`, a Coding or a CodeableConcept.
fn words_in(value: &Value) -> Vec<&str> {
    match value {
        Value::String(word) => vec![word],
        Value::Object(fields) => {
            let codings = fields.get("coding").and_then(Value::as_array).into_iter().flatten();
            let own = fields.get("code").and_then(Value::as_str);
            codings.filter_map(|coding| coding.get("code")?.as_str()).chain(own).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::fhir::definitions::Definitions;

    #[test]
    fn every_word_that_r4_has_for_a_state_stands_at_one_stage_and_no_other_does() {
        let r4 = Definitions::r4();
        let mut known = BTreeSet::new();
        // How a text was made is no state of what it tells of, and what was so before is none that it has.
        let counts = |name: &str| name != "Narrative" && !name.ends_with("statusHistory");
        for node in r4.all_nodes().filter(|node| counts(r4.name(*node))) {
            for element in r4.elements_of(node).filter(|element| ELEMENTS.contains(&element.name)) {
                known.extend(r4.binding(element).into_iter().flat_map(|set| set.codes()).map(|(_, code)| code));
            }
        }
        let mut staged = BTreeSet::new();
        for (_, words) in WORDS {
            assert!(words.split(' ').is_sorted());
            words.split(' ').for_each(|word| assert!(staged.insert(word), "{word} stands twice"));
        }
        assert_eq!(known.difference(&staged).collect::<Vec<_>>(), [&""; 0], "what R4 has and nobody placed");
        assert_eq!(staged.difference(&known).collect::<Vec<_>>(), [&""; 0]);
    }

    #[test]
    fn what_is_over_or_a_mistake_is_told_from_what_is_in_force() {
        let concept = |code: &str| json!({ "coding": [{ "code": code }] });
        let status = |word: &str| json!({ "status": word });
        for over in [
            status("stopped"),
            status("not-done"),
            json!({ "clinicalStatus": concept("resolved") }),
            json!({ "verificationStatus": concept("refuted") }),
            json!({ "active": false }),
            json!({ "deceasedDateTime": "2026-11-28" }),
            json!({ "deceasedBoolean": true }),
            json!({ "abatementString": "in May" }),
        ] {
            assert!(is_over(&over) && !is_mistake(&over), "{over}");
        }
        for stands in [
            status("active"),
            status("draft"),
            status("corrected"),
            status("on-hold"),
            status("a word that nobody knows"),
            json!({ "status": "in-progress", "statusHistory": [{ "status": "finished" }] }),
            json!({ "deceasedBoolean": false }),
            json!({ "active": true }),
        ] {
            assert!(!is_over(&stands), "{stands}");
        }
        let two = json!({ "clinicalStatus": concept("inactive"), "verificationStatus": concept("refuted") });
        assert_eq!(words(&two).as_deref(), Some("inactive, refuted"));
        assert_eq!(words(&json!({ "deceasedBoolean": true })).as_deref(), Some("deceased"));
        assert_eq!(words(&json!({ "gender": "male" })), None);
        assert!(is_mistake(&status("entered-in-error")));
    }
}
