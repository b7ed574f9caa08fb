//! The words of what the checks found.

use crate::care::formulary::{Formulary, Rule, Severity};
use crate::care::prescribe::{Check, Chosen, Finding, Gap, Verdict, What};
use crate::http::ui::{State, Tone, When, t};

/// A finding in words.
#[derive(Debug, Clone)]
pub struct Said {
    pub title: String,
    /// What it means, where the title does not say it all.
    pub text: Option<String>,
}

impl Said {
    /// All of it as one text, each sentence with one full stop.
    pub(super) fn whole(&self) -> String {
        let parts = [Some(self.title.as_str()), self.text.as_deref()].into_iter().flatten();
        let sentences = parts.map(|part| part.trim().trim_end_matches('.')).filter(|part| !part.is_empty());
        sentences.map(|part| format!("{part}.")).collect::<Vec<_>>().join(" ")
    }
}

fn joined(names: &[String]) -> String {
    names.join(", ")
}

/// What the medicine is called.
pub(super) fn name_of(chosen: &Chosen, formulary: Option<&Formulary>) -> String {
    match chosen {
        Chosen::Listed(id) => {
            formulary.and_then(|formulary| formulary.medicine(id)).map_or_else(|| id.clone(), |one| one.whole())
        }
        Chosen::Written(name) => name.clone(),
    }
}

/// A finding about the medicine of this name.
pub(super) fn of(finding: &Finding, medicine: &str) -> Said {
    let line = |id: &str| Said { title: t(id).to_string(), text: None };
    let with =
        |id: &str, name: &'static str, value: &str| Said { title: t(id).with(name, value).to_string(), text: None };
    let said = match &finding.what {
        What::AllergySubstance { allergy } => Said {
            title: t("rx-allergy-substance").with("medicine", medicine).with("allergy", allergy).to_string(),
            text: None,
        },
        What::AllergyClass { allergy, class } => Said {
            title: t("rx-allergy-class").with("medicine", medicine).with("allergy", allergy).to_string(),
            text: Some(t("rx-allergy-class-more").with("class", class).to_string()),
        },
        What::Interaction { with, text } => Said {
            title: t("rx-interaction").with("medicine", medicine).with("with", with).to_string(),
            text: Some(text.clone()),
        },
        What::SameSubstance { with } => Said {
            title: t("rx-same").with("medicine", medicine).with("with", with).to_string(),
            text: Some(t("rx-same-more").to_string()),
        },
        What::SameGroup { with, group } => Said {
            title: t("rx-group").with("medicine", medicine).with("with", with).to_string(),
            text: Some(t("rx-group-more").with("group", group).to_string()),
        },
        What::TooMuchOnce { dose, most } => {
            Said { title: t("rx-too-much-once").with("dose", dose).with("most", most).to_string(), text: None }
        }
        What::TooMuchInADay { dose, most } => {
            Said { title: t("rx-too-much-day").with("dose", dose).with("most", most).to_string(), text: None }
        }
        What::NotToGive { medicine: other } => {
            Said { title: t("rx-not-to-give").with("medicine", medicine).with("other", other).to_string(), text: None }
        }
        What::NotToGiveNotCompared { medicines } => with("rx-not-to-give-unknown", "names", &joined(medicines)),
        What::AllergiesNeverAsked => line("rx-not-allergies-asked"),
        What::AllergiesNotCompared { allergies } => with("rx-not-allergies", "names", &joined(allergies)),
        What::ClassesNotCovered => line("rx-not-classes"),
        What::GroupsNotCovered => line("rx-not-groups"),
        What::MedicinesNotCompared { medicines } => with("rx-not-medicines", "names", &joined(medicines)),
        What::InteractionsNotCovered { medicines } => with("rx-not-interactions", "names", &joined(medicines)),
        What::InteractionsNotCompared { medicines } => with("rx-not-interactions-known", "names", &joined(medicines)),
        What::DosesNotCovered => line("rx-not-doses"),
        What::DoseNotComparable => line("rx-not-dose-comparable"),
        What::NotListed => line(match finding.check {
            Check::Allergy | Check::NotToGive => "rx-not-listed-allergy",
            Check::Interaction => "rx-not-listed-interaction",
            Check::Duplicate => "rx-not-listed-duplicate",
            Check::Dose => "rx-not-doses",
        }),
        What::NoAllergyMatches { allergies } if allergies.is_empty() => line("rx-ok-no-allergies"),
        What::NoAllergyMatches { allergies } => with("rx-ok-allergies", "names", &joined(allergies)),
        What::NoDuplicate { medicines } => with("rx-ok-duplicate", "names", &joined(medicines)),
        What::NoInteraction { medicines } => with("rx-ok-interactions", "names", &joined(medicines)),
        What::DoseWithin { once, day } => {
            let each =
                |word: &str, all: &[String]| (!all.is_empty()).then(|| t(word).with("most", joined(all)).to_string());
            let most: Vec<String> =
                [each("rx-most-once", once), each("rx-most-day", day)].into_iter().flatten().collect();
            with("rx-ok-dose", "most", &joined(&most))
        }
    };
    match finding.verdict {
        Verdict::Warning(severity) => {
            let grade = match severity {
                Severity::Serious => "rx-serious",
                Severity::Caution => "rx-caution",
            };
            Said { title: t(grade).with("what", &said.title).to_string(), ..said }
        }
        _ => said,
    }
}

/// What a check is called.
pub(super) fn check_word(check: Check) -> String {
    t(match check {
        Check::Allergy => "rx-check-allergy",
        Check::NotToGive => "rx-check-not-to-give",
        Check::Interaction => "rx-check-interaction",
        Check::Duplicate => "rx-check-duplicate",
        Check::Dose => "rx-check-dose",
    })
    .to_string()
}

/// The mark of a check that is no warning: what was not compared never looks like what passed.
pub(super) fn mark(finding: &Finding) -> State {
    match finding.verdict {
        Verdict::Passed => State::new("ok", Tone::Good, check_word(finding.check)),
        _ => State::new("refused", Tone::Caution, t("rx-unchecked").with("check", check_word(finding.check))),
    }
}

/// Where a rule stands: "Product list, rule 9, 5 January 2026".
pub(super) fn source(rule: &Rule) -> String {
    let date = When::Day(rule.date).long();
    t("rx-source").with("source", &rule.source).with("locator", &rule.locator).with("date", date).to_string()
}

/// A red bar: what is missing, and what to do.
pub(super) fn gap(gap: &Gap) -> (String, String) {
    match gap {
        Gap::NoFormulary => (t("rx-gap-none").to_string(), t("rx-gap-none.more").to_string()),
        Gap::Stale(until) => {
            let title = t("rx-gap-stale").with("date", When::Day(*until).long()).to_string();
            (title, t("rx-gap-stale.more").to_string())
        }
        Gap::AllergiesNeverAsked => (t("rx-gap-allergies").to_string(), t("rx-gap-allergies.more").to_string()),
        Gap::RecordCut => (t("rx-gap-cut").to_string(), t("rx-gap-cut.more").to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_as_one_text_has_one_full_stop_behind_each_sentence() {
        let said =
            |title: &str, text: Option<&str>| Said { title: title.into(), text: text.map(str::to_owned) }.whole();
        assert_eq!(said("Allergies are not checked.", None), "Allergies are not checked.");
        assert_eq!(said("Serious: two alike", Some("They add up.")), "Serious: two alike. They add up.");
    }
}
