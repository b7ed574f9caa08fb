//! Two people in one note. What one of them left alone takes the other's words; what both changed stands side by side until
//! somebody says what is to stand. Never is a word replaced that nobody saw.
//!
//! A form says by a mark of each unit how it stood when the page was made ([`NoteTyped::seen`]). That is enough to tell who
//! changed what, and it stays with a draft: a unit is open for as long as its mark is neither that of the stored text nor
//! that of the form's, and no save, template or signature passes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::NoteTyped;

/// What is merged as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    pub name: &'static str,
    /// The inputs of it. Both numbers of a blood pressure are one measurement: two halves of two would be nobody's.
    pub fields: &'static [&'static str],
    /// The input in which somebody says what is to stand.
    pub choice: &'static str,
    pub kind: UnitKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKind {
    /// Sentences, which can stand one after the other.
    Words,
    /// One value.
    Value,
}

/// All of a note that two can change.
pub const UNITS: [Unit; 13] = [
    value("reason", &["reason"], "keep_reason"),
    value("pressure", &["systolic", "diastolic"], "keep_pressure"),
    value("pulse", &["pulse"], "keep_pulse"),
    value("temperature", &["temperature"], "keep_temperature"),
    value("oxygen", &["oxygen"], "keep_oxygen"),
    value("breathing", &["breathing"], "keep_breathing"),
    value("weight", &["weight"], "keep_weight"),
    value("height", &["height"], "keep_height"),
    value("glucose", &["glucose"], "keep_glucose"),
    words("subjective", &["subjective"], "keep_subjective"),
    words("objective", &["objective"], "keep_objective"),
    words("assessment", &["assessment"], "keep_assessment"),
    words("plan", &["plan"], "keep_plan"),
];

const fn value(name: &'static str, fields: &'static [&'static str], choice: &'static str) -> Unit {
    Unit { name, fields, choice, kind: UnitKind::Value }
}

const fn words(name: &'static str, fields: &'static [&'static str], choice: &'static str) -> Unit {
    Unit { name, fields, choice, kind: UnitKind::Words }
}

/// What somebody chose for units that both changed, by the name of the input: `mine`, `theirs` or `both`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Choices(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Choices {
    /// Of all that is left of a form.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = BTreeMap::<String, String>::deserialize(deserializer)?;
        all.retain(|name, _| UNITS.iter().any(|unit| unit.choice == name));
        Ok(Self(all))
    }
}

/// How a form and the note as it is stored go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub page: PageOf,
    /// Only the other changed them: their words stand in the form now.
    pub taken: Vec<&'static Unit>,
    /// Both did, and nobody has said yet what is to stand.
    pub open: Vec<&'static Unit>,
}

/// What the form's page was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOf {
    /// The note as it is stored.
    Now,
    /// The note as it stood before somebody saved it.
    Before,
}

/// The marks of a note as it is stored.
pub fn marks(stored: &NoteTyped) -> String {
    UNITS.iter().map(|unit| mark(&text(stored, unit))).collect::<Vec<_>>().join(".")
}

/// Brings a form up to the note as it is stored. Its version and marks are then those of the stored note, but for the marks of
/// units that are open. A choice counts only of a page that showed what it is about.
pub fn merge(typed: &mut NoteTyped, stored: &NoteTyped) -> Merged {
    let page = if typed.version == stored.version { PageOf::Now } else { PageOf::Before };
    let before = typed.seen.clone();
    let mut seen = before.split('.');
    let mut marks = Vec::with_capacity(UNITS.len());
    let mut merged = Merged { page, taken: Vec::new(), open: Vec::new() };
    for unit in &UNITS {
        let theirs = text(stored, unit);
        let (now, mine) = (mark(&theirs), mark(&text(typed, unit)));
        // A form that says nothing of how it began was made of what is stored, or nobody knows of what.
        let began = match (seen.next().unwrap_or_default(), page) {
            ("", PageOf::Now) => now.as_str(),
            (mark, _) => mark,
        };
        if began == now || mine == now {
            marks.push(now);
        } else if began == mine {
            put(typed, unit, stored);
            merged.taken.push(unit);
            marks.push(now);
        } else if page == PageOf::Now && choose(typed, unit, stored) {
            marks.push(now);
        } else {
            merged.open.push(unit);
            marks.push(began.to_owned());
        }
    }
    typed.seen = marks.join(".");
    typed.version.clone_from(&stored.version);
    typed.choices = Choices::default();
    merged
}

/// What somebody typed into a form and what stands nowhere in the note as it is stored.
pub fn typed_apart(typed: &NoteTyped, stored: &NoteTyped) -> Vec<&'static Unit> {
    let mut seen = typed.seen.split('.');
    let apart = |unit: &&'static Unit| {
        let (mine, began) = (text(typed, unit), seen.next().unwrap_or_default());
        !mine.is_empty() && mine != text(stored, unit) && mark(&mine) != began
    };
    UNITS.iter().filter(apart).collect()
}

/// Does what was chosen for a unit. Answers whether anything was.
fn choose(typed: &mut NoteTyped, unit: &Unit, stored: &NoteTyped) -> bool {
    match (typed.choices.0.get(unit.choice).map(String::as_str), unit.kind) {
        (Some("mine"), _) => {}
        (Some("theirs"), _) => put(typed, unit, stored),
        (Some("both"), UnitKind::Words) => {
            let both = [text(stored, unit), text(typed, unit)];
            let both: Vec<String> = both.into_iter().filter(|text| !text.is_empty()).collect();
            typed.put_part(unit.name, both.join("\n"));
        }
        _ => return false,
    }
    true
}

fn put(typed: &mut NoteTyped, unit: &Unit, stored: &NoteTyped) {
    for field in unit.fields {
        typed.put(field, stored.of(field).to_owned());
    }
}

/// What a form says of a unit, whichever way its browser ends lines.
pub fn text(typed: &NoteTyped, unit: &Unit) -> String {
    let all = unit.fields.iter().map(|field| typed.of(field).trim().replace("\r\n", "\n"));
    // Half of a pair is not nothing.
    let all: Vec<String> = all.collect();
    if all.iter().all(String::is_empty) { String::new() } else { all.join("/") }
}

/// Short: it tells apart what two people wrote into one note, and protects nothing.
fn mark(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(version: &str, objective: &str, plan: &str) -> NoteTyped {
        NoteTyped { version: version.into(), objective: objective.into(), plan: plan.into(), ..NoteTyped::default() }
    }

    /// The form of a page that was made of a stored note.
    fn form(stored: &NoteTyped) -> NoteTyped {
        NoteTyped { seen: marks(stored), ..stored.clone() }
    }

    fn names(units: &[&Unit]) -> Vec<&'static str> {
        units.iter().map(|unit| unit.name).collect()
    }

    #[test]
    fn what_one_left_alone_takes_the_others_words() {
        let mut mine = form(&note("1", "", ""));
        mine.plan = "Rest.".into();
        let mut theirs = note("2", "Chest clear.", "");
        theirs.vitals.systolic = "148".into();
        theirs.vitals.diastolic = "86".into();
        let merged = merge(&mut mine, &theirs);
        assert_eq!((names(&merged.taken), names(&merged.open)), (vec!["pressure", "objective"], vec![]));
        assert_eq!(
            (mine.objective.as_str(), mine.plan.as_str(), mine.version.as_str()),
            ("Chest clear.", "Rest.", "2")
        );
        assert_eq!((mine.vitals.systolic.as_str(), mine.vitals.diastolic.as_str()), ("148", "86"));
        // Sent again it is what it is, however the browser ends its lines.
        let again = merge(&mut mine, &theirs);
        assert_eq!((again.page, again.taken.len(), again.open.len()), (PageOf::Now, 0, 0));
        assert_eq!(mine.plan, "Rest.");
    }

    #[test]
    fn what_both_changed_is_open_until_somebody_says_what_stands() {
        let theirs = note("2", "Chest clear.", "");
        let opened = || {
            let mut mine = form(&note("1", "Not seen.", ""));
            mine.objective = "Crackles left.".into();
            mine
        };
        let mut mine = opened();
        // Said on a page that did not show the other's words, it is no answer.
        mine.choices.0.insert("keep_objective".into(), "mine".into());
        assert_eq!(names(&merge(&mut mine, &theirs).open), ["objective"]);
        assert_eq!(mine.objective, "Crackles left.");
        // However often it is sent, and with whatever a template puts behind it.
        mine.objective.push_str("\n.chest");
        let again = merge(&mut mine, &theirs);
        assert_eq!((again.page, names(&again.open)), (PageOf::Now, vec!["objective"]));
        for (choice, stands) in
            [("mine", "Crackles left."), ("theirs", "Chest clear."), ("both", "Chest clear.\nCrackles left.")]
        {
            let mut mine = opened();
            merge(&mut mine, &theirs);
            mine.choices.0.insert("keep_objective".into(), choice.into());
            assert!(merge(&mut mine, &theirs).open.is_empty(), "{choice}");
            assert_eq!(mine.objective, stands, "{choice}");
            assert!(merge(&mut mine, &theirs).open.is_empty(), "{choice} stays said");
        }
        // Somebody saved once more: what was said was about other words.
        let mut mine = opened();
        merge(&mut mine, &theirs);
        mine.choices.0.insert("keep_objective".into(), "mine".into());
        assert_eq!(names(&merge(&mut mine, &note("3", "Chest clear, wheeze.", "")).open), ["objective"]);
    }

    #[test]
    fn what_was_typed_apart_is_what_stands_nowhere_else() {
        let mut mine = form(&note("1", "Not seen.", "Rest."));
        mine.vitals.temperature = "38,1".into();
        mine.subjective = "Cough.".into();
        let mut theirs = note("2", "Chest clear.", "Rest.");
        theirs.subjective = "Cough.".into();
        // The objective was the other's from the beginning, the plan is nobody's change, and the cough stands there.
        assert_eq!(names(&typed_apart(&mine, &theirs)), ["temperature"]);
        mine.plan = "Rest, and fluids.".into();
        assert_eq!(names(&typed_apart(&mine, &theirs)), ["temperature", "plan"]);
    }

    #[test]
    fn two_halves_of_two_blood_pressures_never_become_one() {
        let mut mine = form(&note("1", "", ""));
        (mine.vitals.systolic, mine.vitals.diastolic) = ("120".into(), "80".into());
        let mut theirs = note("2", "", "");
        (theirs.vitals.systolic, theirs.vitals.diastolic) = ("120".into(), "95".into());
        assert_eq!(names(&merge(&mut mine, &theirs).open), ["pressure"]);
        assert_eq!(mine.vitals.diastolic, "80");
        mine.choices.0.insert("keep_pressure".into(), "both".into());
        assert_eq!(names(&merge(&mut mine, &theirs).open), ["pressure"], "two values cannot both be it");
    }

    #[test]
    fn a_form_without_marks_loses_nothing() {
        let mut mine = note("1", "Crackles left.", "");
        assert_eq!(names(&merge(&mut mine, &note("2", "Chest clear.", "")).open), ["objective"]);
        let mut now = note("2", "Crackles left.", "");
        assert!(merge(&mut now, &note("2", "Chest clear.", "")).open.is_empty(), "made of what is stored");
    }

    #[test]
    fn a_form_holds_the_choices_and_nothing_else_of_what_is_left() {
        let body = "objective=a&pulse=80&keep_objective=both&csrf=x&keep_other=y";
        let typed: NoteTyped = serde_urlencoded::from_str(body).unwrap();
        assert_eq!((typed.objective.as_str(), typed.vitals.pulse.as_str()), ("a", "80"));
        let kept = serde_urlencoded::to_string(&typed).unwrap();
        assert!(
            kept.contains("keep_objective=both") && !kept.contains("csrf") && !kept.contains("keep_other"),
            "{kept}"
        );
    }
}
