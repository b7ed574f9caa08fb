//! What is typed on the page of prescribing, and what of it is wrong.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::prescription_pages::is_not_to_be_replaced;
use crate::base::{Decimal, FhirId, NoDecimal};
use crate::care::formulary::{Formulary, Medicine};
use crate::care::medicine;
use crate::care::prescribe::{Dose, EVERY, Every, Reason, Refill, WHEN, WRITTEN};
use crate::http::fill;
use crate::http::ui::{Faults, t};

/// The longest course and the largest number of anything, in digits that people mean.
const MOST_DAYS: u32 = 730;
const MOST_REFILLS: u32 = 12;
const MOST: f64 = 10_000.0;
/// The most characters of a reason, of instructions, and of a unit that no list has.
pub(super) const LONGEST: usize = 500;
pub(super) const LONGEST_UNIT: usize = 40;

/// What is wrong: fields, and warnings without an answer.
#[derive(Debug, Clone)]
pub(super) struct Faulty {
    pub faults: Faults,
    /// Keys of warnings.
    pub unanswered: Vec<String>,
}

impl Faulty {
    pub fn none() -> Self {
        Self { faults: Faults::none(), unanswered: vec![] }
    }
}

/// The form as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    pub medicine: String,
    pub written: String,
    pub once: String,
    pub every: String,
    pub when: String,
    pub needed: bool,
    pub days: String,
    pub route: String,
    pub unit: String,
    pub quantity: String,
    pub refills: String,
    pub problem: String,
    pub reason: String,
    pub instructions: String,
    pub prior: String,
    pub prior_version: u32,
    /// `renewed` or `changed`.
    pub how: String,
    /// Why it is changed.
    pub because: String,
    pub refill: String,
    pub refill_version: u32,
    /// `check` or `sign`.
    pub does: String,
    pub answers: BTreeMap<String, String>,
}

impl Typed {
    /// A dose that nobody has thought of yet: how often and by which way is for whoever prescribes to say.
    pub fn blank() -> Self {
        Self { refills: "0".into(), ..Self::default() }
    }

    pub fn of(pairs: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "medicine" => typed.medicine = value,
                "written" => typed.written = value,
                "once-dose" => typed.once = value,
                "every" => typed.every = value,
                "when" => typed.when = value,
                "needed" => typed.needed = value == "1",
                "days" => typed.days = value,
                "route" => typed.route = value,
                "unit" => typed.unit = value,
                "quantity" => typed.quantity = value,
                "refills" => typed.refills = value,
                "problem" => typed.problem = value,
                "reason" => typed.reason = value,
                "instructions" => typed.instructions = value,
                "prior" => typed.prior = value,
                "prior-version" => typed.prior_version = value.parse().unwrap_or(0),
                "how" => typed.how = value,
                "because" => typed.because = value,
                "refill" => typed.refill = value,
                "refill-version" => typed.refill_version = value.parse().unwrap_or(0),
                "do" => typed.does = value,
                other => {
                    if let Some(key) = other.strip_prefix("answer-").filter(|key| key.len() <= 40) {
                        typed.answers.insert(key.to_owned(), value);
                    }
                }
            }
        }
        typed
    }

    /// As a prescription that is renewed or changed has it, as far as the fields can say it; the rest of its words goes into
    /// the instructions. Of several instructions no field can be filled. `along` are the Medications that were read with it.
    pub fn of_prior(
        prior: &Value,
        how: &str,
        (formulary, along): (Option<&Formulary>, &[Value]),
        refill: &Option<(Value, Refill)>,
        zone: &TimeZone,
    ) -> Self {
        let own = |pointer: &str| fill::owned(prior, pointer).unwrap_or_default();
        let (medicine, name) = medicine_of(prior, formulary, along);
        let problem = fill::list(prior, "reasonReference").first();
        let refills = digits(prior.pointer("/dispenseRequest/numberOfRepeatsAllowed"));
        let mut typed = Self {
            medicine: medicine.map(|one| one.id.clone()).unwrap_or_default(),
            written: if medicine.is_some() { String::new() } else { name },
            refills: if refills.is_empty() { "0".to_owned() } else { refills },
            problem: problem
                .and_then(|one| fill::text(one, "/reference"))
                .and_then(|to| to.strip_prefix("Condition/"))
                .unwrap_or_default()
                .to_owned(),
            reason: own("/reasonCode/0/text"),
            prior: own("/id"),
            prior_version: version_of(prior),
            how: how.to_owned(),
            refill: refill.as_ref().map(|(_, refill)| refill.id.clone()).unwrap_or_default(),
            refill_version: refill.as_ref().map_or(0, |(_, refill)| refill.version),
            ..Self::default()
        };
        match fill::dosage::all(prior) {
            [dosage] => typed.take_over(dosage, prior, medicine, zone),
            // What was handed out is known all the same.
            [] => {
                typed.unit = fill::owned(prior, "/dispenseRequest/quantity/unit").unwrap_or_default();
                typed.take_supply(&Value::Null, prior, medicine);
            }
            _ => {}
        }
        // Whoever hands it out has to know it still.
        if is_not_to_be_replaced(prior) {
            let said = t("rx-no-substitution").to_string();
            typed.instructions = match typed.instructions.as_str() {
                "" => said,
                // It was taken over before.
                before if before.contains(&said) => before.to_owned(),
                before => format!("{}. {said}", before.trim_end_matches('.')),
            };
        }
        typed
    }

    /// How much is handed out at a time, in units of the medicine, and for how many days it lasts.
    fn take_supply(&mut self, dosage: &Value, prior: &Value, medicine: Option<&Medicine>) {
        let supply = || fill::dosage::days_in(prior.pointer("/dispenseRequest/expectedSupplyDuration")?);
        self.days = fill::dosage::days_of(dosage).or_else(supply).map(|days| days.to_string()).unwrap_or_default();
        let unit = self.unit_of(medicine);
        let dispensed = prior.pointer("/dispenseRequest/quantity").filter(|quantity| is_of_unit(quantity, &unit));
        self.quantity = digits(dispensed.and_then(|quantity| quantity.get("value")));
    }

    /// Fills the fields of the dose with what one instruction says.
    fn take_over(&mut self, dosage: &Value, prior: &Value, medicine: Option<&Medicine>, zone: &TimeZone) {
        // Of several doses none is the dose.
        let quantity = match fill::list(dosage, "doseAndRate") {
            [one] => one.get("doseQuantity"),
            _ => None,
        };
        self.unit = quantity.and_then(|one| fill::owned(one, "/unit")).unwrap_or_default();
        let unit = self.unit_of(medicine);
        let fits = quantity.is_some_and(|quantity| is_of_unit(quantity, &unit));
        self.once = digits(quantity.filter(|_| fits).and_then(|quantity| quantity.get("value")));
        let repeat = |name: &str| fill::number(dosage, &format!("/timing/repeat/{name}"));
        let days_of_week = dosage.pointer("/timing/repeat").map_or(&[][..], |repeat| fill::list(repeat, "dayOfWeek"));
        // FHIR R4, Timing.repeat.dayOfWeek: only on these days, whatever the period. On one of them is once a week; several are
        // nothing that can be chosen.
        let is_open = repeat("frequencyMax").or(repeat("periodMax")).is_some() || days_of_week.len() > 1;
        let given = (repeat("frequency"), repeat("period"), fill::text(dosage, "/timing/repeat/periodUnit"));
        let is_weekly = days_of_week.len() == 1 && given == (Some(1.0), Some(1.0), Some("d"));
        let means = if is_weekly { (Some(1.0), Some(1.0), Some("wk")) } else { given };
        let every = EVERY.into_iter().find(|every| {
            let own = (Some(f64::from(every.frequency)), Some(f64::from(every.period)), Some(every.unit));
            !every.single && !is_open && (days_of_week.is_empty() || every.unit == "wk") && own == means
        });
        self.every = every.map(|every| every.code).unwrap_or_default().to_owned();
        let when =
            fill::text(dosage, "/timing/repeat/when/0").and_then(|code| WHEN.into_iter().find(|one| *one == code));
        self.when = when.unwrap_or_default().to_owned();
        self.needed = fill::dosage::is_needed(dosage);
        let days = fill::dosage::days_of(dosage);
        self.take_supply(dosage, prior, medicine);
        self.route = fill::owned(dosage, "/route/coding/0/code").unwrap_or_default();
        let is_choice = medicine.is_some_and(|medicine| medicine.routes.iter().any(|route| route.code == self.route));
        let said = json!({
            "route": dosage.get("route").filter(|_| is_choice),
            "asNeededBoolean": self.needed,
            "doseAndRate": quantity.map(|quantity| json!([{"doseQuantity": quantity}])),
            "timing": {"repeat": {
                "frequency": every.and(given.0),
                "period": every.and(given.1),
                "periodUnit": every.and(given.2),
                "when": when.map(|when| [when]),
                "boundsDuration": days.map(|days| json!({"value": days, "code": "d"})),
            }},
        });
        self.instructions = fill::dosage::beside(dosage, &said, zone).unwrap_or_default();
        // Of what is said in words alone no choice is made, nor of several days of the week.
        if days_of_week.len() > 1 && !self.instructions.is_empty() {
            self.every = WRITTEN.to_owned();
        }
        if fill::text(dosage, "/text").is_some() && dosage.get("timing").is_none() && !self.instructions.is_empty() {
            self.every = WRITTEN.to_owned();
        }
    }

    /// What the prescription in whose place this one comes says of how to take it, and why not all of it is in the fields.
    pub fn stood(prior: &Value, medicine: Option<&Medicine>, zone: &TimeZone) -> Option<(String, Option<String>)> {
        let said = fill::dose_of(prior, zone)?;
        let why = match (fill::dosage::all(prior), medicine) {
            ([dosage], Some(medicine)) => {
                let quantity = dosage.pointer("/doseAndRate/0/doseQuantity");
                let other = quantity.is_some_and(|quantity| !is_of_unit(quantity, &medicine.unit));
                other.then(|| t("rx-prior-unit").with("unit", &medicine.unit).to_string())
            }
            ([_, _, ..], _) => Some(t("rx-prior-several").to_string()),
            _ => None,
        };
        Some((said, why))
    }

    /// The address of the page with this form, for a draft of it.
    pub fn address(&self, base: &str) -> String {
        let mut query = address_of(&[("medicine", &self.medicine), ("written", &self.written)]);
        if !self.prior.is_empty() {
            let way = if self.how == "renewed" { "renew" } else { "change" };
            query = address_of(&[(way, &self.prior), ("refill", &self.refill)]);
        }
        if query.is_empty() { base.to_owned() } else { format!("{base}?{query}") }
    }

    /// Whether a reason for going past a warning is longer than it may be.
    pub fn has_long_answer(&self) -> bool {
        self.answers.values().any(|text| text.trim().chars().count() > LONGEST)
    }

    /// The warnings with a reason that says something.
    pub fn answers(&self) -> BTreeMap<String, String> {
        self.answers
            .iter()
            .map(|(key, text)| (key.clone(), text.trim().to_owned()))
            .filter(|(_, text)| text.chars().filter(|c| c.is_alphanumeric()).count() >= 3)
            .collect()
    }

    pub fn answer(&self, key: &str) -> String {
        self.answers.get(key).cloned().unwrap_or_default()
    }

    pub fn once_number(&self) -> Option<f64> {
        decimal(&self.once)?.parse().ok()
    }

    fn days_number(&self) -> Option<u32> {
        self.days.trim().parse().ok().filter(|days| (1..=MOST_DAYS).contains(days))
    }

    /// The unit in which it is dosed: the medicine's own, or what was typed for one that no list has.
    pub fn unit_of(&self, medicine: Option<&Medicine>) -> String {
        match medicine {
            Some(medicine) => medicine.unit.clone(),
            None => self.unit.trim().to_owned(),
        }
    }

    /// The dose, if all of it is right; and what is wrong.
    pub fn dose(&self, medicine: Option<&Medicine>, _: Date) -> (Option<Dose>, Faults) {
        let mut faults = Faults::none();
        let once = decimal(&self.once);
        if once.is_none() {
            faults.add("once-dose", t(if is_ambiguous(&self.once) { "rx-fault-ambiguous" } else { "rx-fault-once" }));
        }
        let unit = self.unit_of(medicine);
        if unit.is_empty() {
            faults.add("unit", t("rx-fault-unit"));
        }
        if medicine.is_none() {
            faults.whole("unit", &self.unit, LONGEST_UNIT);
        }
        let every = Every::from_code(&self.every);
        if every.is_none() {
            faults.add("every", t("rx-fault-every"));
        }
        let days = self.days_number();
        if days.is_none() && !self.days.trim().is_empty() {
            faults.add("days", t("rx-fault-days").with("most", MOST_DAYS));
        }
        if !self.quantity.trim().is_empty() && decimal(&self.quantity).is_none() {
            let word = if is_ambiguous(&self.quantity) { "rx-fault-ambiguous" } else { "rx-fault-quantity" };
            faults.add("quantity", t(word));
        }
        if !self.refills.trim().parse().is_ok_and(|refills: u32| refills <= MOST_REFILLS) {
            faults.add("refills", t("rx-fault-refills").with("most", MOST_REFILLS));
        }
        let route = medicine.and_then(|medicine| medicine.routes.iter().find(|route| route.code == self.route));
        if medicine.is_some() && route.is_none() {
            faults.add("route", t("rx-fault-route"));
        }
        let instructions = faults.whole("instructions", &self.instructions, LONGEST);
        if every.is_some_and(|every| every.is_written()) && instructions.is_empty() {
            faults.add("instructions", t("rx-fault-written"));
        }
        let dose = once.zip(every).map(|(once, every)| Dose {
            once,
            unit,
            every,
            when: WHEN.into_iter().find(|when| *when == self.when),
            needed: self.needed,
            days,
            route: route.cloned(),
            instructions,
        });
        (dose, faults)
    }

    /// How much is handed out: what was typed, or what the course comes to.
    pub fn quantity_of(&self, dose: &Dose) -> Option<String> {
        decimal(&self.quantity).or_else(|| {
            let whole = dose.once.parse::<f64>().ok()? * dose.every.times_in(dose.days?)?;
            decimal(&format!("{whole:.4}"))
        })
    }

    /// What it is for.
    pub fn reason(&self, conditions: &[Value], faults: &mut Faults) -> Reason {
        if self.problem.is_empty() {
            let written = faults.whole("reason", &self.reason, LONGEST);
            return if written.is_empty() { Reason::None } else { Reason::Written(written) };
        }
        let found = conditions.iter().find(|one| fill::text(one, "/id") == Some(self.problem.as_str()));
        match found.zip(FhirId::parse(&self.problem).ok()) {
            Some((condition, id)) => Reason::Problem(id, fill::concept(condition.get("code")).unwrap_or_default()),
            None => {
                faults.add("problem", t("rx-fault-problem"));
                Reason::None
            }
        }
    }
}

/// What a prescription is of: the medicine of the list, and as it is written. One that nothing names is not written on.
fn medicine_of<'a>(prior: &Value, formulary: Option<&'a Formulary>, along: &[Value]) -> (Option<&'a Medicine>, String) {
    let concepts = medicine::concepts(prior, along);
    let shown = fill::text(prior, "/medicationReference/display").is_some();
    if concepts.is_empty() && !shown {
        return (None, String::new());
    }
    let name = fill::medicine_name(prior, along);
    let mut codings = concepts.iter().filter(|_| concepts.len() == 1).flat_map(|one| fill::list(one, "coding"));
    let listed = codings.find_map(|coding| {
        let ours = fill::text(coding, "/system") == Some(crate::care::formulary::MEDICINE);
        fill::text(coding, "/code").filter(|_| ours)
    });
    let found = formulary
        .and_then(|formulary| listed.and_then(|id| formulary.medicine(id)).or_else(|| formulary.medicine_named(&name)));
    (found, name)
}

/// 5, and never 5.0, which is read as 50.
fn digits(value: Option<&Value>) -> String {
    let written = value.and_then(Value::as_number).map(ToString::to_string).unwrap_or_default();
    match written.contains('.') && !written.contains(['e', 'E']) {
        true => written.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => written,
    }
}

/// Whether a Quantity counts in this unit: 50 mg are no 50 tablets.
fn is_of_unit(quantity: &Value, unit: &str) -> bool {
    let same = |said: &str| {
        let said = said.to_lowercase();
        !unit.is_empty() && (said == unit.to_lowercase() || said == format!("{}s", unit.to_lowercase()))
    };
    let (said, code) = (fill::text(quantity, "/unit"), fill::text(quantity, "/code"));
    // A code of UCUM such as `mg` speaks; `{tablet}` and `1` only count.
    let ucum = fill::text(quantity, "/system") == Some("http://unitsofmeasure.org");
    let counts = |code: &str| !ucum || code == "1" || code.starts_with('{');
    said.or(code).is_some_and(same) && code.is_none_or(|code| counts(code) || same(code))
}

/// A resource's version, as the next change names it.
pub(super) fn version_of(resource: &Value) -> u32 {
    fill::text(resource, "/meta/versionId").and_then(|text| text.parse().ok()).unwrap_or(0)
}

pub(super) fn address_of(pairs: &[(&str, &String)]) -> String {
    let pairs: Vec<(&str, &String)> = pairs.iter().filter(|(_, value)| !value.is_empty()).copied().collect();
    serde_urlencoded::to_string(pairs).unwrap_or_default()
}

fn is_ambiguous(typed: &str) -> bool {
    Decimal::read(typed) == Err(NoDecimal::Ambiguous)
}

/// A decimal as people type it, as FHIR writes it: with a dot, without needless zeros, more than nothing.
pub(super) fn decimal(text: &str) -> Option<String> {
    let value = Decimal::read(text).ok()?.value();
    if value <= 0.0 || value > MOST {
        return None;
    }
    let out = format!("{value:.4}");
    let out = out.trim_end_matches('0').trim_end_matches('.').to_owned();
    (out != "0").then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_decimal_is_what_people_mean_or_nothing() {
        for (typed, read) in [("1", "1"), ("0,5", "0.5"), (" 2.50 ", "2.5"), ("10000", "10000"), (".5", "0.5")] {
            assert_eq!(decimal(typed).as_deref(), Some(read), "{typed}");
        }
        for wrong in ["", "0", "-1", "1e3", "abc", "1.2.3", "10001", "1,000", "NaN", "inf", "0.00001", "1 2"] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_reason_that_says_nothing_is_none() {
        let pairs = |text: &str| vec![("answer-abc".to_owned(), text.to_owned())];
        assert!(Typed::of(pairs(" .. ")).answers().is_empty());
        assert!(Typed::of(pairs("x")).answers().is_empty());
        assert_eq!(Typed::of(pairs(" short course ")).answers()["abc"], "short course");
    }

    #[test]
    fn a_prescription_that_is_renewed_fills_the_form_as_it_was() {
        let prior = json!({"id": "a", "meta": {"versionId": "3"}, "medicationCodeableConcept": {"text": "Tea"},
            "reasonReference": [{"reference": "Condition/c"}],
            "dosageInstruction": [{"patientInstruction": "Hot.", "asNeededBoolean": true,
                "timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h", "when": ["C"],
                    "boundsPeriod": {"start": "2026-03-03", "end": "2026-03-09"}}},
                "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "cup"}}]}],
            "dispenseRequest": {"numberOfRepeatsAllowed": 2, "quantity": {"value": 10.0, "unit": "cup"}}});
        let typed = Typed::of_prior(&prior, "renewed", (None, &[]), &None, &TimeZone::UTC);
        assert_eq!((typed.written.as_str(), typed.once.as_str(), typed.every.as_str()), ("Tea", "0.5", "8h"));
        assert_eq!((typed.days.as_str(), typed.refills.as_str(), typed.quantity.as_str()), ("7", "2", "10"));
        assert_eq!((typed.when.as_str(), typed.needed, typed.problem.as_str()), ("C", true, "c"));
        assert_eq!((typed.prior.as_str(), typed.prior_version, typed.unit.as_str()), ("a", 3, "cup"));
        assert_eq!(typed.address("/p"), "/p?renew=a");
        let (dose, faults) = typed.dose(None, jiff::civil::date(2026, 3, 3));
        assert!(dose.is_some() && faults.is_empty(), "{faults:?}");
    }

    fn sumatriptan(dosage: Value) -> Value {
        json!({"resourceType": "MedicationRequest", "id": "a", "medicationCodeableConcept": {"text": "Amoxicillin 500 mg capsule"},
            "dosageInstruction": dosage})
    }

    fn demo() -> Formulary {
        crate::care::formulary::read(crate::care::demo::FORMULARY.as_bytes(), &Default::default()).unwrap()
    }

    #[test]
    fn a_dose_in_another_unit_is_not_taken_over_and_the_page_says_why() {
        let file = demo();
        let of = |quantity: Value| {
            let prior = json!({"id": "a", "medicationCodeableConcept":
                    {"coding": [{"system": crate::care::formulary::MEDICINE, "code": "amoxicillin-500mg-capsule"}]},
                "dosageInstruction": [{"doseAndRate": [{"doseQuantity": quantity}],
                    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}],
                "dispenseRequest": {"quantity": {"value": 30, "unit": "mg"}}});
            let typed = Typed::of_prior(&prior, "renewed", (Some(&file), &[]), &None, &TimeZone::UTC);
            let stood = Typed::stood(&prior, file.medicine(&typed.medicine), &TimeZone::UTC).unwrap();
            (typed, stood)
        };
        let (typed, (said, why)) = of(json!({"value": 50, "unit": "mg"}));
        assert_eq!((typed.once.as_str(), typed.every.as_str(), typed.quantity.as_str()), ("", "1d", ""));
        assert_eq!((said.as_str(), typed.instructions.as_str()), ("50 mg, once a day", ""));
        assert!(why.is_some_and(|why| why.contains("capsule")));
        for other in [
            json!({"value": 50}),
            json!({"value": 50, "code": "mg"}),
            json!({"value": 50, "unit": "capsule", "code": "mg", "system": "http://unitsofmeasure.org"}),
        ] {
            assert_eq!(of(other.clone()).0.once, "", "{other}");
        }
        let same =
            json!({"value": 2.0, "unit": "capsules", "system": "http://unitsofmeasure.org", "code": "{capsule}"});
        let (typed, (_, why)) = of(same);
        assert_eq!((typed.once.as_str(), why), ("2", None));
    }

    #[test]
    fn how_long_it_lasts_on_which_days_and_that_it_is_not_to_be_replaced_is_taken_over() {
        let of = |prior: Value| Typed::of_prior(&prior, "renewed", (None, &[]), &None, &TimeZone::UTC);
        let mut prior = sumatriptan(json!([{"timing": {"repeat":
            {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}]));
        prior["dispenseRequest"] = json!({"expectedSupplyDuration": {"value": 4, "unit": "weeks", "code": "wk"},
            "quantity": {"value": 28, "unit": "tablet"}});
        prior["substitution"] = json!({"allowedBoolean": false});
        let typed = of(prior.clone());
        assert_eq!((typed.days.as_str(), typed.quantity.as_str(), typed.every.as_str()), ("28", "28", "1wk"));
        assert!(typed.instructions.contains("Monday"), "{}", typed.instructions);
        assert!(typed.instructions.ends_with("Not to be replaced by another product"), "{}", typed.instructions);
        let mut again = prior.clone();
        again["dosageInstruction"][0]["patientInstruction"] = json!(typed.instructions);
        again["substitution"] = json!({"allowedCodeableConcept": {"coding": [{"code": "N"}]}});
        assert_eq!(of(again).instructions.matches("Not to be replaced").count(), 1, "it is said once");
        prior["dosageInstruction"][0]["timing"]["repeat"]["dayOfWeek"] = json!(["mon", "thu"]);
        let several = of(prior.clone());
        assert_eq!(several.every, WRITTEN, "twice a week is no day of each");
        assert!(several.instructions.contains("Thursday"), "{}", several.instructions);
        prior["dosageInstruction"] = json!([]);
        prior["dispenseRequest"]["expectedSupplyDuration"] = json!({"value": 2, "unit": "mo", "code": "mo"});
        let silent = of(prior);
        assert_eq!((silent.days.as_str(), silent.quantity.as_str()), ("", "28"), "months have no number of days");
    }

    #[test]
    fn of_several_instructions_none_is_taken_over_and_all_are_said() {
        let one = |n: u32, when: &str| {
            json!({"doseAndRate": [{"doseQuantity": {"value": n, "unit": "capsule"}}], "patientInstruction": "With water.",
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": [when]}}})
        };
        let prior = sumatriptan(json!([one(1, "MORN"), one(2, "EVE")]));
        let typed = Typed::of_prior(&prior, "renewed", (None, &[]), &None, &TimeZone::UTC);
        let filled = [&typed.once, &typed.every, &typed.when, &typed.days, &typed.instructions, &typed.quantity];
        assert!(filled.iter().all(|field| field.is_empty()), "{typed:?}");
        let (said, why) = Typed::stood(&prior, None, &TimeZone::UTC).unwrap();
        assert_eq!(
            said,
            "1 capsule, once a day, in the morning. With water.; 2 capsules, once a day, in the evening. With water."
        );
        assert!(why.is_some());
    }

    #[test]
    fn what_the_fields_cannot_say_of_a_prior_prescription_stands_in_the_instructions() {
        let daily = json!({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}});
        let tablet = json!([{"doseQuantity": {"value": 1, "unit": "tablet"}}]);
        let typed = |dosage: Value| {
            Typed::of_prior(&sumatriptan(json!([dosage])), "renewed", (None, &[]), &None, &TimeZone::UTC)
        };
        let food = typed(json!({"text": "Once a day, after food", "timing": daily, "doseAndRate": tablet}));
        assert_eq!((food.every.as_str(), food.instructions.as_str()), ("1d", "After food"));
        let migraine = json!({"text": "1 tablet at the start of a migraine, no more than 2 in a day",
            "asNeededBoolean": true, "doseAndRate": tablet});
        let migraine = typed(migraine);
        let words = "1 tablet at the start of a migraine, no more than 2 in a day";
        assert_eq!((migraine.every.as_str(), migraine.instructions.as_str()), (WRITTEN, words));
        let today = jiff::civil::date(2026, 3, 3);
        let (dose, faults) = migraine.dose(None, today);
        let written = crate::care::prescribe::dosage(&dose.unwrap(), "1 tablet, when needed", today);
        assert!(faults.is_empty() && written.get("timing").is_none(), "{faults:?} {written}");
        let silent = Typed { instructions: String::new(), ..migraine };
        assert!(!silent.dose(None, today).1.is_empty(), "nobody would know how often");
        let ours = json!({"text": "1 tablet, once a day", "patientInstruction": "Swallow whole.", "timing": daily,
            "doseAndRate": tablet});
        assert_eq!(typed(ours).instructions, "Swallow whole.");
        let pain = typed(json!({"asNeededCodeableConcept": {"text": "severe pain"}, "doseAndRate": tablet,
            "timing": {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}}}));
        assert_eq!((pain.needed, pain.instructions.as_str()), (true, "When needed: severe pain"));
    }

    #[test]
    fn a_prior_prescription_is_of_what_it_refers_to_and_nothing_is_made_of_one_without_a_name() {
        let prior = json!({"id": "a", "medicationReference": {"reference": "Medication/1"}});
        let along = [json!({"resourceType": "Medication", "id": "1", "code": {"text": "Digoxin"}})];
        assert_eq!(Typed::of_prior(&prior, "renewed", (None, &along), &None, &TimeZone::UTC).written, "Digoxin");
        assert_eq!(Typed::of_prior(&prior, "renewed", (None, &[]), &None, &TimeZone::UTC).written, "");
    }
}
