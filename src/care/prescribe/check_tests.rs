//! The checker on the demo's invented rules, and what must hold whatever the rules are.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::facts::not_to_give_of;
use super::*;
use crate::care::formulary::{self, Formulary, Severity};

fn demo() -> Formulary {
    formulary::read(crate::care::demo::FORMULARY.as_bytes(), &formulary::Limits::default()).unwrap()
}

fn allergic(id: &str, name: &str) -> Value {
    json!({"resourceType": "AllergyIntolerance", "id": id, "code": {"text": name}, "recordedDate": "2026-01-02"})
}

fn takes(id: &str, name: &str) -> Value {
    json!({"resourceType": "MedicationRequest", "id": id, "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": name}})
}

fn facts(allergies: &[Value], taken_: &[Value], age: Option<u16>) -> Facts {
    Facts {
        allergies: allergies.iter().filter_map(allergy).collect(),
        taken: taken_.iter().filter_map(|one| taken_of(one, &[])).collect(),
        not_to_give: taken_.iter().filter_map(|one| not_to_give_of(one, &[])).collect(),
        age,
        cut: false,
    }
}

fn proposal(id: &str, once: f64, times: f64) -> Proposal {
    Proposal {
        medicine: Chosen::Listed(id.into()),
        once: Some(once),
        times: Some(times),
        route: Some("oral".into()),
        replaces: None,
    }
}

fn none_known() -> Value {
    json!({"resourceType": "AllergyIntolerance", "id": "n", "code": {"coding": [{"code": "716186003"}]}})
}

fn whats(findings: &[Finding]) -> Vec<(Verdict, &What)> {
    findings.iter().map(|one| (one.verdict, &one.what)).collect()
}

const AMOXICILLIN: &str = "amoxicillin-500mg-capsule";
const CLARITHROMYCIN: &str = "clarithromycin-500mg-tablet";

#[test]
fn an_allergy_is_found_by_class_and_what_the_file_does_not_know_is_said() {
    let facts = facts(&[allergic("a", "Penicillins"), allergic("b", "Latex")], &[], Some(58));
    let found = check(Some(&demo()), &facts, &proposal(AMOXICILLIN, 1.0, 3.0));
    let class = What::AllergyClass { allergy: "Penicillins".into(), class: "Penicillins".into() };
    let latex = What::AllergiesNotCompared { allergies: vec!["Latex".into()] };
    assert_eq!(found[0].verdict, Verdict::Warning(Severity::Serious));
    assert_eq!((&found[0].what, found[0].about.first().map(String::as_str)), (&class, Some("AllergyIntolerance/a")));
    assert!(whats(&found).contains(&(Verdict::NotCovered, &latex)), "{found:?}");
    assert!(!found.iter().any(|one| one.check == Check::Allergy && one.verdict == Verdict::Passed), "{found:?}");
}

#[test]
fn who_is_allergic_to_one_is_warned_of_another_of_its_class() {
    let facts = facts(&[allergic("a", "Phenoxymethylpenicillin")], &[], None);
    let found = check(Some(&demo()), &facts, &proposal(AMOXICILLIN, 1.0, 3.0));
    assert!(matches!(&found[0].what, What::AllergyClass { allergy, .. } if allergy == "Phenoxymethylpenicillin"));
    let own = check(Some(&demo()), &facts, &proposal("phenoxymethylpenicillin-500mg-tablet", 1.0, 3.0));
    assert!(own.iter().any(|one| matches!(one.what, What::AllergySubstance { .. })), "{own:?}");
}

#[test]
fn who_was_never_asked_passes_nothing_about_allergies() {
    let found = check(Some(&demo()), &facts(&[], &[], None), &proposal(AMOXICILLIN, 1.0, 3.0));
    assert!(whats(&found).contains(&(Verdict::NotCovered, &What::AllergiesNeverAsked)), "{found:?}");
    assert_eq!(gaps(Some(&demo()), &facts(&[], &[], None), jiff::civil::date(2026, 3, 3)), [Gap::AllergiesNeverAsked]);
    assert_eq!(gaps(None, &facts(&[none_known()], &[], None), jiff::civil::date(2026, 3, 3)), [Gap::NoFormulary]);
}

#[test]
fn two_that_must_not_meet_the_like_and_the_same_are_warned_of() {
    let taken = [takes("a", "Atorvastatin 40 mg"), takes("b", "Amlodipine 5 mg"), takes("c", "Home-made tea")];
    let known = facts(&[none_known()], &taken, Some(58));
    let found = check(Some(&demo()), &known, &proposal(CLARITHROMYCIN, 1.0, 2.0));
    let with = |severity, with: &str| {
        found.iter().any(|one| {
            one.verdict == Verdict::Warning(severity)
                && matches!(&one.what, What::Interaction { with: other, .. } if other == with)
        })
    };
    assert!(with(Severity::Serious, "Atorvastatin 40 mg") && with(Severity::Caution, "Amlodipine 5 mg"), "{found:?}");
    let tea = What::InteractionsNotCompared { medicines: vec!["Home-made tea".into()] };
    assert!(whats(&found).contains(&(Verdict::NotCovered, &tea)), "{found:?}");
    let statin = check(Some(&demo()), &known, &proposal("simvastatin-20mg-tablet", 1.0, 1.0));
    assert!(statin.iter().any(|one| matches!(&one.what, What::SameGroup { group, .. } if group == "Statins")));
    let same = Proposal { replaces: None, ..proposal("atorvastatin-20mg-tablet", 1.0, 1.0) };
    assert!(check(Some(&demo()), &known, &same).iter().any(|one| matches!(one.what, What::SameSubstance { .. })));
    let instead = Proposal { replaces: Some("MedicationRequest/a".into()), ..same };
    assert!(
        !check(Some(&demo()), &known, &instead).iter().any(|one| one.check == Check::Duplicate && one.is_warning())
    );
}

#[test]
fn a_dose_is_compared_with_the_rule_of_the_age_and_route_or_said_to_be_unchecked() {
    let of = |id: &str, once: f64, times: f64, age| {
        let found = check(Some(&demo()), &facts(&[none_known()], &[], age), &proposal(id, once, times));
        let dose: Vec<_> = found.into_iter().filter(|one| one.check == Check::Dose).collect();
        assert_eq!(dose.len(), 1, "{dose:?}");
        dose[0].clone()
    };
    let clear = of("paracetamol-500mg-tablet", 2.0, 4.0, Some(40));
    assert_eq!((clear.verdict, clear.rules.is_empty()), (Verdict::Passed, false));
    let day = of("paracetamol-500mg-tablet", 2.0, 5.0, Some(40));
    assert!(
        matches!(&day.what, What::TooMuchInADay { dose, most } if dose == "5000 mg" && most == "4000 mg"),
        "{day:?}"
    );
    let child = of("paracetamol-500mg-tablet", 2.0, 1.0, Some(8));
    assert!(matches!(child.what, What::TooMuchOnce { .. }), "{child:?}");
    for unknown in [of("paracetamol-500mg-tablet", 1.0, 1.0, None), of("furosemide-40mg-tablet", 99.0, 9.0, Some(40))] {
        assert_eq!((unknown.verdict, &unknown.what), (Verdict::NotCovered, &What::DosesNotCovered));
    }
    let cream = of("hydrocortisone-1pc-application", 1.0, 2.0, Some(40));
    assert_eq!(cream.verdict, Verdict::NotCovered);
    // 0.1 three times is no more than 0.3, whatever binary fractions say.
    let exact = of("levothyroxine-75ug-tablet", 0.1, 3.0, Some(40));
    assert_eq!(exact.verdict, Verdict::Passed, "{exact:?}");
}

#[test]
fn of_a_medicine_without_a_file_or_a_row_nothing_passes() {
    let facts = facts(&[none_known()], &[takes("a", "Atorvastatin 40 mg")], Some(58));
    let written = Proposal { medicine: Chosen::Written("Grandmother's drops".into()), ..proposal("", 1.0, 1.0) };
    for found in [check(None, &facts, &proposal(AMOXICILLIN, 1.0, 1.0)), check(Some(&demo()), &facts, &written)] {
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|one| one.verdict == Verdict::NotCovered), "{found:?}");
    }
    // A name that the file knows is checked, its dose excepted.
    let named = Proposal { medicine: Chosen::Written("clarithromycin".into()), ..written };
    assert!(check(Some(&demo()), &facts, &named)[0].is_warning());
}

#[test]
fn what_is_written_wrong_is_warned_of_as_what_it_may_mean_and_passes_nothing() {
    let known = facts(&[allergic("a", "Penicilins")], &[takes("b", "Atorvastatine 40mg, old box")], Some(58));
    let listed = check(Some(&demo()), &known, &proposal(AMOXICILLIN, 1.0, 3.0));
    assert!(matches!(&listed[0].what, What::AllergyClass { allergy, .. } if allergy == "Penicilins"), "{listed:?}");
    let interacts = check(Some(&demo()), &known, &proposal(CLARITHROMYCIN, 1.0, 2.0));
    assert!(interacts.iter().any(|one| matches!(one.what, What::Interaction { .. })), "{interacts:?}");
    let not_compared = |one: &Finding| matches!(one.what, What::InteractionsNotCompared { .. });
    assert!(interacts.iter().any(not_compared), "what is guessed is not compared");
    let written = Proposal { medicine: Chosen::Written("Amoxicilin 500".into()), ..proposal("", 1.0, 3.0) };
    let found = check(Some(&demo()), &known, &written);
    assert!(found[0].is_warning() && matches!(found[0].what, What::AllergyClass { .. }), "{found:?}");
    assert_eq!(found.iter().filter(|one| one.what == What::NotListed).count(), 4);
    assert!(found.iter().all(|one| one.verdict != Verdict::Passed), "{found:?}");
}

#[test]
fn what_was_not_checked_at_all_is_answered_for_before_it_is_signed() {
    let wanting = |allergies: &[Value], medicine: Chosen| {
        let proposed = Proposal { medicine, ..proposal("", 1.0, 1.0) };
        let found = check(Some(&demo()), &facts(allergies, &[], Some(58)), &proposed);
        missing(&found, &BTreeSet::new()).len()
    };
    assert_eq!(wanting(&[none_known()], Chosen::Written("Grandmother's drops".into())), 1);
    assert_eq!(wanting(&[allergic("a", "Latex")], Chosen::Listed("paracetamol-500mg-tablet".into())), 0);
}

#[test]
fn what_is_not_to_be_given_is_warned_of_by_substance_and_by_name_and_is_not_taken() {
    let not = |name: &str| {
        let mut one = takes("n", name);
        one["doNotPerform"] = json!(true);
        facts(&[none_known()], &[one], None)
    };
    let warned = |found: &[Finding]| {
        let of = |one: &Finding| matches!(one.what, What::NotToGive { .. }) && one.wants_answer();
        assert!(
            !found.iter().any(|one| one.check == Check::Duplicate && one.is_warning()),
            "it is not taken: {found:?}"
        );
        found.iter().any(of)
    };
    assert!(not("Amoxicillin").taken.is_empty());
    assert!(warned(&check(Some(&demo()), &not("Amoxicillin"), &proposal(AMOXICILLIN, 1.0, 3.0))));
    assert!(!warned(&check(Some(&demo()), &not("Paracetamol"), &proposal(AMOXICILLIN, 1.0, 3.0))));
    let written = |name: &str| Proposal { medicine: Chosen::Written(name.into()), ..proposal("", 1.0, 1.0) };
    assert!(warned(&check(Some(&demo()), &not("Valerian tea"), &written("valerian tea 2 g"))));
    assert!(warned(&check(None, &not("Amoxicillin"), &written("Amoxicillin 500 mg"))));
    let other = check(Some(&demo()), &not("Valerian tea"), &proposal(AMOXICILLIN, 1.0, 3.0));
    let unknown = What::NotToGiveNotCompared { medicines: vec!["Valerian tea".into()] };
    assert!(!warned(&other) && whats(&other).contains(&(Verdict::NotCovered, &unknown)), "{other:?}");
}

#[test]
fn what_is_sealed_counts_only_where_it_was_seen() {
    let mut sealed = takes("s", "Atorvastatin 40 mg");
    sealed["meta"] = json!({"security": [{"code": "R"}]});
    let all = std::slice::from_ref(&sealed);
    let seen = facts(&[], all, None).again(vec![], all, vec![], &[]);
    let unseen = facts(&[], &[], None).again(vec![], all, vec![], &[]);
    assert_eq!((seen.taken.len(), unseen.taken.len()), (1, 0));
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let demo = demo();
    let mut all: Vec<String> = demo.substances.iter().map(|one| one.name.clone()).collect();
    all.extend(["Penicillins".into(), "Latex".into(), "Something else 5 mg".into()]);
    proptest::collection::vec(proptest::sample::select(all), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_order_matters_and_nothing_passes_without_a_rule(
        allergies in names(), medicines in names(), at in 0..40_usize, turn in 0..30_usize,
        once in 0.1..20.0_f64, times in 1.0..6.0_f64, age in proptest::option::of(0..100_u16),
    ) {
        let file = demo();
        let id = file.medicines[at % file.medicines.len()].id.clone();
        let (a, m): (Vec<Value>, Vec<Value>) = (
            allergies.iter().zip(0..).map(|(name, n)| allergic(&format!("a{n}"), name)).collect(),
            medicines.iter().zip(0..).map(|(name, n)| takes(&format!("m{n}"), name)).collect(),
        );
        let known = facts(&a, &m, age);
        let backwards = facts(
            &a.iter().rev().cloned().collect::<Vec<_>>(), &m.iter().rev().cloned().collect::<Vec<_>>(), age);
        let proposed = proposal(&id, once, times);
        let found = check(Some(&file), &known, &proposed);
        prop_assert_eq!(&found, &check(Some(&file.clone().shuffled(turn)), &backwards, &proposed));
        prop_assert!(found.iter().all(|one| one.verdict != Verdict::Passed || !one.rules.is_empty()));
        prop_assert!(found.iter().all(|one| !one.is_warning() || !one.rules.is_empty()), "a warning names its source");
        // Each check says something, or has nothing to compare with.
        for kind in [Check::Allergy, Check::Dose] {
            prop_assert!(found.iter().any(|one| one.check == kind), "{:?} says nothing: {:?}", kind, found);
        }
        // Without rules nothing passes at all.
        let bare = check(Some(&file.without_rules()), &known, &proposed);
        prop_assert!(bare.iter().all(|one| one.verdict != Verdict::Passed), "{:?}", bare);
        // Who knows less of a patient is never told less of what they know: a warning stays when others are added.
        if let Some((_, fewer)) = m.split_last() {
            let before: BTreeSet<String> = check(Some(&demo()), &facts(&a, fewer, age), &proposed)
                .iter().filter(|one| one.is_warning()).map(Finding::key).collect();
            let after: BTreeSet<String> = found.iter().filter(|one| one.is_warning()).map(Finding::key).collect();
            prop_assert!(before.is_subset(&after));
        }
    }
}

#[test]
fn an_allergy_without_a_code_is_compared_by_the_substance_of_its_reaction() {
    let reaction = |substance: Value| {
        json!({"resourceType": "AllergyIntolerance", "id": "a", "recordedDate": "2026-01-02",
            "reaction": [{"substance": substance, "manifestation": [{"text": "anaphylaxis"}]}]})
    };
    let own = check(
        Some(&demo()),
        &facts(&[reaction(json!({"text": "Phenoxymethylpenicillin"}))], &[], None),
        &proposal(AMOXICILLIN, 1.0, 3.0),
    );
    assert!(
        matches!(&own[0].what, What::AllergyClass { allergy, .. } if allergy == "Phenoxymethylpenicillin"),
        "{own:?}"
    );
    let nameless = facts(&[reaction(json!({}))], &[], None);
    let found = check(Some(&demo()), &nameless, &proposal(AMOXICILLIN, 1.0, 3.0));
    let named = vec!["an allergy without a name (AllergyIntolerance/a)".to_owned()];
    assert!(
        whats(&found).contains(&(Verdict::NotCovered, &What::AllergiesNotCompared { allergies: named })),
        "{found:?}"
    );
    assert!(!found.iter().any(|one| one.check == Check::Allergy && one.verdict == Verdict::Passed), "{found:?}");
}

#[test]
fn a_medicine_that_is_named_by_what_it_refers_to_is_compared_and_one_without_a_name_is_said() {
    let refers = json!({"resourceType": "MedicationRequest", "id": "m", "status": "unknown", "intent": "order",
        "medicationReference": {"reference": "Medication/1"}});
    let along = [json!({"resourceType": "Medication", "id": "1", "code": {"text": "Amoxicillin"}})];
    let of = |taken: Taken| Facts { taken: BTreeSet::from([taken]), ..Facts::default() };
    let named = taken_of(&refers, &along).unwrap();
    let found = check(Some(&demo()), &of(named), &proposal(AMOXICILLIN, 1.0, 3.0));
    assert!(
        found.iter().any(|one| matches!(&one.what, What::SameSubstance { with } if with == "Amoxicillin")),
        "{found:?}"
    );
    let unnamed = taken_of(&refers, &[]).unwrap();
    let found = check(Some(&demo()), &of(unnamed), &proposal(AMOXICILLIN, 1.0, 3.0));
    let names = vec!["a medicine without a name (Medication/1)".to_owned()];
    assert!(
        whats(&found).contains(&(Verdict::NotCovered, &What::MedicinesNotCompared { medicines: names })),
        "{found:?}"
    );
}
