//! The checks: allergy, duplicate therapy, interaction, dose.
//!
//! A finding says what was compared and by which rules. A check passes only by a rule ([`Verdict::Passed`] names one at least);
//! what no rule speaks of is [`Verdict::NotCovered`], in words. Nothing here depends on the order of rules or facts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::facts::{Allergies, Allergy, Facts, Taken};
use crate::care::formulary::{self, Age, Amount, CoverCheck, DoseRow, Formulary, Known, Medicine, Rule, Severity};

/// What is to be prescribed, as far as it is checked.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub medicine: Chosen,
    /// Units each time.
    pub once: Option<f64>,
    /// The most times in a day.
    pub times: Option<f64>,
    /// The code of a route of the medicine.
    pub route: Option<String>,
    /// The prescription in whose place this one comes, as in `MedicationRequest/a`.
    pub replaces: Option<String>,
}

/// Which medicine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// An id of the formulary.
    Listed(String),
    /// A name that somebody wrote.
    Written(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    Allergy,
    /// Against what the record says is not to be given.
    NotToGive,
    Interaction,
    Duplicate,
    Dose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// To be answered for before it is signed.
    Warning(Severity),
    /// Not checked: no rule speaks of it, or the record does not say what would have to be known.
    NotCovered,
    /// Compared by the rules that the finding names, and nothing was found.
    Passed,
}

/// What was found, in its parts; the words are the screen's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Of the allergy's own substance.
    AllergySubstance {
        allergy: String,
    },
    /// Of a class that the allergy names or belongs to.
    AllergyClass {
        allergy: String,
        class: String,
    },
    /// The record says that this, which is the same, is not to be given.
    NotToGive {
        medicine: String,
    },
    /// Of these, which are not to be given, nobody can say whether they are the same.
    NotToGiveNotCompared {
        medicines: Vec<String>,
    },
    AllergiesNeverAsked,
    /// The formulary does not know these.
    AllergiesNotCompared {
        allergies: Vec<String>,
    },
    /// No rule says in which classes the medicine is.
    ClassesNotCovered,
    NoAllergyMatches {
        allergies: Vec<String>,
    },
    SameSubstance {
        with: String,
    },
    SameGroup {
        with: String,
        group: String,
    },
    GroupsNotCovered,
    MedicinesNotCompared {
        medicines: Vec<String>,
    },
    NoDuplicate {
        medicines: Vec<String>,
    },
    Interaction {
        with: String,
        text: String,
    },
    InteractionsNotCovered {
        medicines: Vec<String>,
    },
    InteractionsNotCompared {
        medicines: Vec<String>,
    },
    NoInteraction {
        medicines: Vec<String>,
    },
    TooMuchOnce {
        dose: String,
        most: String,
    },
    TooMuchInADay {
        dose: String,
        most: String,
    },
    DosesNotCovered,
    /// How much of the substance is in it, or how often it is taken, is not known.
    DoseNotComparable,
    DoseWithin {
        /// The most at one time.
        once: Vec<String>,
        /// The most in a day.
        day: Vec<String>,
    },
    /// The formulary does not have the medicine.
    NotListed,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub check: Check,
    pub verdict: Verdict,
    pub what: What,
    /// What in the record it is about, as in `MedicationRequest/a`.
    pub about: BTreeSet<String>,
    pub rules: BTreeSet<Rule>,
}

impl Finding {
    /// What makes it this warning and no other, for the form that answers it.
    pub fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11 prescribing warning");
        hasher.update(format!("{:?}\0{:?}\0{:?}\0{:?}", self.check, self.verdict, self.what, self.about).as_bytes());
        data_encoding::HEXLOWER.encode(hasher.finalize().as_bytes().get(..10).unwrap_or_default())
    }

    pub const fn is_warning(&self) -> bool {
        matches!(self.verdict, Verdict::Warning(_))
    }

    /// Whether nothing is signed before somebody has answered for it: warnings, and a medicine of which nothing is checked. An
    /// allergy that no rule knows is said each time; that it is not compared was asked when it was written down.
    pub const fn wants_answer(&self) -> bool {
        match self.what {
            // One answer is for all that is not checked of it.
            What::NotListed => matches!(self.check, Check::Allergy),
            _ => self.is_warning(),
        }
    }
}

/// What keeps the checks as a whole from being whole. Each is a red bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    NoFormulary,
    Stale(Date),
    AllergiesNeverAsked,
    RecordCut,
}

pub fn gaps(formulary: Option<&Formulary>, facts: &Facts, today: Date) -> Vec<Gap> {
    let mut gaps = Vec::new();
    match formulary {
        None => gaps.push(Gap::NoFormulary),
        Some(formulary) if formulary::standing(&formulary.head, today) == Age::Stale => {
            gaps.push(Gap::Stale(formulary.head.valid_until));
        }
        Some(_) => {}
    }
    if facts.asked() == Allergies::NeverAsked {
        gaps.push(Gap::AllergiesNeverAsked);
    }
    if facts.cut {
        gaps.push(Gap::RecordCut);
    }
    gaps
}

/// What nobody has answered for yet.
pub fn missing<'a>(findings: &'a [Finding], answered: &BTreeSet<String>) -> Vec<&'a Finding> {
    findings.iter().filter(|one| one.wants_answer() && !answered.contains(&one.key())).collect()
}

/// All checks: warnings first, the graver before the lighter, then what was not covered, then what passed.
pub fn check(formulary: Option<&Formulary>, facts: &Facts, proposal: &Proposal) -> Vec<Finding> {
    let mut findings = match formulary {
        Some(formulary) => Checking::new(formulary, facts, proposal).all(),
        None => unlisted(),
    };
    findings.extend(not_to_give(formulary, facts, proposal));
    findings.sort_by(|a, b| {
        let rank = |one: &Finding| match one.verdict {
            Verdict::Warning(Severity::Serious) => 0,
            Verdict::Warning(Severity::Caution) => 1,
            Verdict::NotCovered => 2,
            Verdict::Passed => 3,
        };
        rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
    });
    findings.dedup();
    findings
}

/// Against what the record says is not to be given, by the substances that the file knows, and by the bare names.
fn not_to_give(formulary: Option<&Formulary>, facts: &Facts, proposal: &Proposal) -> Vec<Finding> {
    let checking = formulary.map(|formulary| Checking::new(formulary, facts, proposal));
    let name = match (&proposal.medicine, checking.as_ref().and_then(|checking| checking.medicine)) {
        (_, Some(medicine)) => medicine.whole(),
        (Chosen::Written(name) | Chosen::Listed(name), None) => name.clone(),
    };
    let (mut out, mut unknown) = (Vec::new(), Vec::new());
    for one in &facts.not_to_give {
        let (known, all_known) = checking.as_ref().map_or((BTreeSet::new(), false), |checking| checking.known(one));
        let places = checking.as_ref().map(|checking| &checking.places).filter(|places| !places.is_empty());
        let is_named = named_alike(&one.name, &name) || one.parts.iter().any(|part| named_alike(&part.name, &name));
        if is_named || places.is_some_and(|places| !places.is_disjoint(&known)) {
            out.push(Finding {
                check: Check::NotToGive,
                verdict: Verdict::Warning(Severity::Serious),
                what: What::NotToGive { medicine: one.name.clone() },
                about: BTreeSet::from([one.reference.clone()]),
                rules: BTreeSet::new(),
            });
        } else if !all_known || places.is_none() {
            unknown.push(one.name.clone());
        }
    }
    if !unknown.is_empty() {
        out.push(not_covered(Check::NotToGive, What::NotToGiveNotCompared { medicines: sorted(unknown) }));
    }
    out
}

/// Whether one name has the other in it, in whole words: "Amoxicillin" and "Amoxicillin 500 mg capsule".
fn named_alike(one: &str, other: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    let (one, other) = (words(one), words(other));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    !short.is_empty() && long.windows(short.len()).any(|window| window == short)
}

/// Nothing can be said of a medicine that no file knows.
fn unlisted() -> Vec<Finding> {
    let all = [Check::Allergy, Check::Interaction, Check::Duplicate, Check::Dose];
    all.into_iter().map(|check| not_covered(check, What::NotListed)).collect()
}

fn not_covered(check: Check, what: What) -> Finding {
    Finding { check, verdict: Verdict::NotCovered, what, about: BTreeSet::new(), rules: BTreeSet::new() }
}

struct Checking<'a> {
    formulary: &'a Formulary,
    facts: &'a Facts,
    proposal: &'a Proposal,
    medicine: Option<&'a Medicine>,
    /// What it is was guessed from a written name: then it is warned, and nothing passes.
    guessed: bool,
    /// Of the medicine: places and ids.
    places: BTreeSet<usize>,
    own: BTreeSet<&'a str>,
    out: Vec<Finding>,
}

impl<'a> Checking<'a> {
    fn new(formulary: &'a Formulary, facts: &'a Facts, proposal: &'a Proposal) -> Self {
        let (medicine, known) = match &proposal.medicine {
            Chosen::Listed(id) => {
                let code = formulary::Code { system: formulary::MEDICINE.to_owned(), code: id.clone() };
                (formulary.medicine(id), formulary.known(&[code], "").substances)
            }
            Chosen::Written(name) => (None, formulary.known(&[], name).substances),
        };
        let (places, guessed) = match &proposal.medicine {
            Chosen::Written(name) if known.is_empty() => (formulary.alike(name).substances, true),
            _ => (known, false),
        };
        let own = ids(formulary, &places);
        Self { formulary, facts, proposal, medicine, guessed, places, own, out: vec![] }
    }

    fn all(mut self) -> Vec<Finding> {
        if self.places.is_empty() {
            return unlisted();
        }
        self.allergies();
        self.others();
        if self.guessed {
            self.out.retain(Finding::is_warning);
            self.out.extend(unlisted());
        } else {
            self.dose();
        }
        self.out
    }

    fn warn(&mut self, check: Check, severity: Severity, what: What, about: &str, rule: Rule) {
        self.out.push(Finding {
            check,
            verdict: Verdict::Warning(severity),
            what,
            about: BTreeSet::from([about.to_owned()]),
            rules: BTreeSet::from([rule]),
        });
    }

    fn pass(&mut self, check: Check, what: What, rules: BTreeSet<Rule>) {
        // Without a rule nothing passes.
        let verdict = if rules.is_empty() { Verdict::NotCovered } else { Verdict::Passed };
        self.out.push(Finding { check, verdict, what, about: BTreeSet::new(), rules });
    }

    /// Where a substance stands in the file: what a warning by its name or code alone rests on.
    fn row_of(&self, substance: &str) -> Rule {
        let head = &self.formulary.head;
        Rule { source: head.name.clone(), date: head.date, locator: format!("substance {substance}") }
    }

    /// The rules that say in which classes, or groups, each of the medicine's substances is; `None` where one has none.
    fn said_of(&self, cover: CoverCheck, lists: &[(&'a [String], Rule)]) -> Option<BTreeSet<Rule>> {
        let mut rules = BTreeSet::new();
        for substance in &self.own {
            let named = |members: &[String]| members.iter().any(|one| one == substance);
            let own = lists.iter().filter(|(members, _)| named(members)).map(|(_, rule)| rule.clone());
            let covers = self.formulary.covers.iter().filter(|row| row.check == cover && named(&row.substances));
            let found: Vec<Rule> = own.chain(covers.map(|row| row.rule())).collect();
            if found.is_empty() {
                return None;
            }
            rules.extend(found);
        }
        Some(rules)
    }

    fn allergies(&mut self) {
        if self.facts.asked() == Allergies::NeverAsked {
            self.out.push(not_covered(Check::Allergy, What::AllergiesNeverAsked));
            return;
        }
        let (mut compared, mut unknown) = (Vec::new(), Vec::new());
        let facts = self.facts;
        for allergy in facts.allergies.iter().filter(|one| !one.none_known) {
            // One that names nothing is compared with nothing.
            let (mut warned, mut all_known) = (false, !allergy.means.is_empty());
            for one in &allergy.means {
                let known = self.formulary.known(&one.codes, &one.name);
                all_known &= !known.is_nothing();
                // A name that may be meant is warned of, and says nothing of what it is not.
                let known = if known.is_nothing() { self.formulary.alike(&one.name) } else { known };
                warned |= self.allergy(allergy, &known);
            }
            match (warned, all_known) {
                (true, _) => {}
                (false, true) => compared.push(allergy.name.clone()),
                (false, false) => unknown.push(allergy.name.clone()),
            }
        }
        if !unknown.is_empty() {
            self.out.push(not_covered(Check::Allergy, What::AllergiesNotCompared { allergies: sorted(unknown) }));
        }
        let classes: Vec<_> =
            self.formulary.classes.iter().map(|row| (row.substances.as_slice(), row.rule())).collect();
        match self.said_of(CoverCheck::Classes, &classes) {
            // All of them were warned of, or could not be compared.
            Some(_) if compared.is_empty() && facts.asked() == Allergies::Known => {}
            Some(rules) => {
                self.pass(Check::Allergy, What::NoAllergyMatches { allergies: sorted(compared) }, rules);
            }
            None => self.out.push(not_covered(Check::Allergy, What::ClassesNotCovered)),
        }
    }

    /// Whether the allergy speaks against the medicine; then a warning says so.
    fn allergy(&mut self, allergy: &Allergy, known: &Known) -> bool {
        let mut warned = false;
        for place in known.substances.intersection(&self.places.clone()) {
            let Some(substance) = self.formulary.substances.get(*place) else { continue };
            let (what, rule) = (What::AllergySubstance { allergy: allergy.name.clone() }, self.row_of(&substance.id));
            self.warn(Check::Allergy, Severity::Serious, what, &allergy.reference, rule);
            warned = true;
        }
        let named = ids(self.formulary, &known.substances);
        let formulary = self.formulary;
        for (row, at) in formulary.classes.iter().zip(0..) {
            let holds = |set: &BTreeSet<&str>| row.substances.iter().any(|one| set.contains(one.as_str()));
            if holds(&self.own) && (known.classes.contains(&at) || holds(&named)) {
                let what = What::AllergyClass { allergy: allergy.name.clone(), class: row.name.clone() };
                self.warn(Check::Allergy, Severity::Serious, what, &allergy.reference, row.rule());
                warned = true;
            }
        }
        warned
    }

    /// What the file knows a medicine of the record to be, or what its name may mean; and whether it knows all of it.
    fn known(&self, taken: &Taken) -> (BTreeSet<usize>, bool) {
        let (mut known, mut all_known) = (BTreeSet::new(), !taken.parts.is_empty());
        for one in &taken.parts {
            let mut found = self.formulary.known(&one.codes, &one.name).substances;
            if found.is_empty() {
                (all_known, found) = (false, self.formulary.alike(&one.name).substances);
            }
            known.extend(found);
        }
        (known, all_known)
    }

    /// Against what is taken: the same, the like, and what must not meet.
    fn others(&mut self) {
        let facts = self.facts;
        let replaced = self.proposal.replaces.as_deref();
        let others = facts.taken.iter().filter(|one| Some(one.reference.as_str()) != replaced);
        let (mut unknown, mut single, mut apart) = (Vec::new(), Vec::new(), Vec::new());
        let (mut uncovered, mut rules) = (Vec::new(), BTreeSet::new());
        for taken in others {
            let (known, all_known) = self.known(taken);
            if !all_known {
                // As with allergies: what may be meant is warned of only.
                self.duplicate(taken, &known);
                self.interacts(taken, &known);
                unknown.push(taken.name.clone());
                continue;
            }
            if !self.duplicate(taken, &known) {
                single.push(taken.name.clone());
            }
            if self.interacts(taken, &known) {
                continue;
            }
            match self.complete(&known) {
                Some(found) => {
                    rules.extend(found);
                    apart.push(taken.name.clone());
                }
                None => uncovered.push(taken.name.clone()),
            }
        }
        if !unknown.is_empty() {
            let medicines = sorted(unknown);
            self.out
                .push(not_covered(Check::Interaction, What::InteractionsNotCompared { medicines: medicines.clone() }));
            self.out.push(not_covered(Check::Duplicate, What::MedicinesNotCompared { medicines }));
        }
        if !uncovered.is_empty() {
            let medicines = sorted(uncovered);
            self.out.push(not_covered(Check::Interaction, What::InteractionsNotCovered { medicines }));
        }
        if !apart.is_empty() {
            self.pass(Check::Interaction, What::NoInteraction { medicines: sorted(apart) }, rules);
        }
        let groups: Vec<_> = self.formulary.groups.iter().map(|row| (row.substances.as_slice(), row.rule())).collect();
        match self.said_of(CoverCheck::Groups, &groups) {
            Some(rules) if !single.is_empty() => {
                self.pass(Check::Duplicate, What::NoDuplicate { medicines: sorted(single) }, rules);
            }
            Some(_) => {}
            None => self.out.push(not_covered(Check::Duplicate, What::GroupsNotCovered)),
        }
    }

    fn duplicate(&mut self, taken: &Taken, known: &BTreeSet<usize>) -> bool {
        let formulary = self.formulary;
        if let Some(same) = known.intersection(&self.places).next() {
            let Some(substance) = formulary.substances.get(*same) else { return false };
            let (what, rule) = (What::SameSubstance { with: taken.name.clone() }, self.row_of(&substance.id));
            self.warn(Check::Duplicate, Severity::Serious, what, &taken.reference, rule);
            return true;
        }
        let theirs = ids(formulary, known);
        let mut warned = false;
        for row in &formulary.groups {
            let holds = |set: &BTreeSet<&str>| row.substances.iter().any(|one| set.contains(one.as_str()));
            if holds(&self.own) && holds(&theirs) {
                let what = What::SameGroup { with: taken.name.clone(), group: row.name.clone() };
                self.warn(Check::Duplicate, Severity::Caution, what, &taken.reference, row.rule());
                warned = true;
            }
        }
        warned
    }

    fn interacts(&mut self, taken: &Taken, known: &BTreeSet<usize>) -> bool {
        let formulary = self.formulary;
        let theirs = ids(formulary, known);
        let mut warned = false;
        for row in &formulary.interactions {
            let [one, other] = &row.between;
            let (one, other) = (formulary.members(one), formulary.members(other));
            let meet = |a: &BTreeSet<&str>, b: &BTreeSet<&str>| !a.is_disjoint(&self.own) && !b.is_disjoint(&theirs);
            if meet(&one, &other) || meet(&other, &one) {
                let what = What::Interaction { with: taken.name.clone(), text: row.text.clone() };
                self.warn(Check::Interaction, row.severity, what, &taken.reference, row.rule());
                warned = true;
            }
        }
        warned
    }

    /// The rules by which the file is complete for every pair of these with the medicine's own.
    fn complete(&self, known: &BTreeSet<usize>) -> Option<BTreeSet<Rule>> {
        let theirs = ids(self.formulary, known);
        let mut rules = BTreeSet::new();
        for own in &self.own {
            for other in &theirs {
                let names = |row: &formulary::CoverRow, id: &str| row.substances.iter().any(|one| one == id);
                let mut found = self
                    .formulary
                    .covers
                    .iter()
                    .filter(|row| row.check == CoverCheck::Interactions && names(row, own) && names(row, other))
                    .map(|row| row.rule())
                    .peekable();
                found.peek()?;
                rules.extend(found);
            }
        }
        Some(rules)
    }

    fn dose(&mut self) {
        let formulary = self.formulary;
        let route = self.proposal.route.as_deref();
        let mut by_substance: BTreeMap<&str, Vec<&DoseRow>> = BTreeMap::new();
        for own in &self.own {
            let rows = formulary.doses.iter().filter(|row| row.substance == **own);
            by_substance.insert(own, rows.filter(|row| row.is_for(self.facts.age, route)).collect());
        }
        if by_substance.values().any(Vec::is_empty) {
            self.out.push(not_covered(Check::Dose, What::DosesNotCovered));
        }
        let (mut rules, mut once_within, mut day_within) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut compared = true;
        let mut warned = false;
        for (substance, rows) in by_substance {
            let amount = self.amount(substance);
            for row in rows {
                let once = amount.as_ref().zip(self.proposal.once).map(|(amount, once)| amount.value * once);
                let day = once.zip(self.proposal.times).map(|(once, times)| once * times);
                let unit = amount.as_ref().map(|amount| amount.unit.as_str());
                for (most, taken, daily) in [(&row.max_once, once, false), (&row.max_day, day, true)] {
                    let Some(most) = most else { continue };
                    let limit = unit.and_then(|unit| converted(most, unit));
                    let (Some(limit), Some(taken), Some(unit)) = (limit, taken, unit) else {
                        compared = false;
                        continue;
                    };
                    let words = format!("{} {}", number(most.value), most.unit);
                    // What binary fractions cannot hold is no dose too much.
                    if taken > limit * (1.0 + 1e-9) {
                        let (dose, most) = (format!("{} {unit}", number(taken)), words);
                        let what = match daily {
                            true => What::TooMuchInADay { dose, most },
                            false => What::TooMuchOnce { dose, most },
                        };
                        self.out.push(Finding {
                            check: Check::Dose,
                            verdict: Verdict::Warning(Severity::Serious),
                            what,
                            about: BTreeSet::new(),
                            rules: BTreeSet::from([row.rule()]),
                        });
                        warned = true;
                    } else {
                        match daily {
                            true => day_within.insert(words),
                            false => once_within.insert(words),
                        };
                        rules.insert(row.rule());
                    }
                }
            }
        }
        if !compared {
            self.out.push(not_covered(Check::Dose, What::DoseNotComparable));
        } else if !warned && !rules.is_empty() {
            let (once, day) = (once_within.into_iter().collect(), day_within.into_iter().collect());
            self.pass(Check::Dose, What::DoseWithin { once, day }, rules);
        }
    }

    /// How much of a substance is in one unit of the medicine.
    fn amount(&self, substance: &str) -> Option<Amount> {
        let contains = &self.medicine?.contains;
        contains.iter().find(|one| one.substance == substance)?.amount.clone()
    }
}

fn ids<'a>(formulary: &'a Formulary, places: &BTreeSet<usize>) -> BTreeSet<&'a str> {
    places.iter().filter_map(|at| formulary.substances.get(*at)).map(|one| one.id.as_str()).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

/// Masses in grams; other units are equal to themselves alone.
fn grams(unit: &str) -> Option<f64> {
    Some(match unit {
        "kg" => 1e3,
        "g" => 1.0,
        "mg" => 1e-3,
        "microgram" | "micrograms" => 1e-6,
        _ => return None,
    })
}

fn converted(amount: &Amount, into: &str) -> Option<f64> {
    if amount.unit == into {
        return Some(amount.value);
    }
    Some(amount.value * grams(&amount.unit)? / grams(into)?)
}

/// No trailing zero, and a leading one.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
