//! Whom an Observation is about, where that is not the patient in whose record it stands. Whoever puts values together asks here
//! first: what a fetus, a donor or the blood of a cord shows must never stand in the patient's own course, nor in the place of
//! the patient's own value.

use serde_json::Value;

/// Words of a sample that is somebody else's, in the languages of the pages, and the beginning of the codes of a cord's blood (HL7 v2
/// table 0487: BLDCO, BLDCOA, BLDCOV). One that is no word of these may be anybody's, and is the patient's.
const SAMPLES: [&str; 15] = [
    "amniotic",
    "amniótico",
    "bldco",
    "chorionic",
    "coriónicas",
    "cord blood",
    "cordón",
    "donante",
    "donor",
    "fetal",
    "fetus",
    "feto",
    "foetal",
    "placenta",
    "umbilical",
];

/// What an Observation is about beside or instead of the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Another<'a> {
    /// The references of `Observation.focus` that are not the patient (FHIR R4, observation-definitions.html#Observation.focus).
    pub focus: Vec<&'a Value>,
    /// What the sample is called that is somebody else's.
    pub specimen: Option<&'a str>,
}

impl<'a> Another<'a> {
    /// Nothing of a value of the patient's own.
    pub fn of(observation: &'a Value) -> Option<Self> {
        let subject = text(observation, "/subject/reference");
        let is_other = |one: &&Value| text(one, "/reference").is_none() || text(one, "/reference") != subject;
        let focus: Vec<&Value> = list(observation, "focus").iter().filter(is_other).collect();
        let specimen = sample_of_another(observation, subject);
        (!focus.is_empty() || specimen.is_some()).then_some(Self { focus, specimen })
    }

    /// Whether the words or the code of a sample say that it is somebody else's.
    pub fn is_sample(said: &str) -> bool {
        let words = said.to_lowercase();
        SAMPLES.iter().any(|sample| words.contains(sample))
    }

    /// The same for two values about the same.
    pub fn key(&self) -> String {
        let known = |one: &&Value| {
            let places = ["/reference", "/identifier/value", "/display"];
            places.iter().find_map(|at| text(one, at)).unwrap_or_default().to_owned()
        };
        let mut all: Vec<String> = self.focus.iter().map(known).collect();
        all.sort();
        all.push(self.specimen.unwrap_or_default().to_lowercase());
        all.join("\0")
    }
}

/// What the sample is called, if it says that it is of somebody else, or its resource lies inside and has another subject.
fn sample_of_another<'a>(observation: &'a Value, subject: Option<&str>) -> Option<&'a str> {
    let specimen = observation.get("specimen")?;
    let inside = text(specimen, "/reference").and_then(|to| to.strip_prefix('#'));
    let held = inside.and_then(|id| list(observation, "contained").iter().find(|one| text(one, "/id") == Some(id)));
    let kinds = ["/type/text", "/type/coding/0/display", "/type/coding/0/code"];
    let kind = held.and_then(|held| kinds.iter().find_map(|at| text(held, at)));
    let called = text(specimen, "/display").or(kind);
    let of_other = held.and_then(|held| text(held, "/subject/reference")).is_some_and(|of| Some(of) != subject);
    let codings = held.and_then(|held| held.pointer("/type/coding")).and_then(Value::as_array).into_iter().flatten();
    let said = codings.flat_map(|coding| [text(coding, "/display"), text(coding, "/code")]).chain([called, kind]);
    let says_so = said.flatten().any(Another::is_sample);
    (of_other || says_so).then(|| called.unwrap_or_default())
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_the_patients_own_unless_its_focus_or_its_sample_says_otherwise() {
        let subject = json!({"reference": "Patient/p"});
        let of = |name: &str, value: Value| {
            let mut one = json!({"subject": subject});
            one[name] = value;
            Another::of(&one).map(|another| another.key())
        };
        assert_eq!(of("focus", json!([subject])), None, "the focus is the patient");
        assert_eq!(of("focus", json!([])), None);
        let fetus = of("focus", json!([{"reference": "RelatedPerson/f", "display": "fetus"}]));
        assert!(fetus.is_some() && fetus == of("focus", json!([{"reference": "RelatedPerson/f"}])), "{fetus:?}");
        assert_ne!(fetus, of("focus", json!([{"display": "second fetus"}])));
        for own in ["Serum", "Venous blood", "Spinal cord tissue", "Urine"] {
            assert_eq!(of("specimen", json!({"display": own})), None, "{own}");
        }
        for other in [
            "BLDCO",
            "BLDCOA",
            "BLDCOV",
            "Umbilical cord",
            "Cord blood",
            "Amniotic fluid",
            "sangre de cordón",
            "Donor blood",
        ] {
            assert!(of("specimen", json!({"display": other})).is_some(), "{other}");
        }
        let held = |of: &str| {
            let specimen =
                json!({"resourceType": "Specimen", "id": "s", "subject": {"reference": of}, "type": {"text": "Blood"}});
            let one = json!({"subject": subject, "contained": [specimen], "specimen": {"reference": "#s"}});
            Another::of(&one).map(|another| another.specimen.unwrap_or_default().to_owned())
        };
        assert_eq!((held("Patient/p"), held("Patient/child")), (None, Some("Blood".to_owned())));
        let coded = |code: &str| {
            let specimen = json!({"resourceType": "Specimen", "id": "s",
                "type": {"text": "Blood", "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0487", "code": code}]}});
            let one = json!({"subject": subject, "contained": [specimen], "specimen": {"reference": "#s"}});
            Another::of(&one).is_some()
        };
        assert_eq!(["BLD", "BLDCO", "BLDCOV"].map(coded), [false, true, true]);
    }
}
