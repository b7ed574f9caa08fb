//! What the page of prescribing is filled with.

use std::collections::BTreeSet;

use askama::Template;

use super::chart_pages::{Frame, Section};
use super::prescribe::Desk;
use super::prescribe_form::{Faulty, LONGEST, LONGEST_UNIT, Typed, address_of};
use super::prescribe_words::{self as words, Said};
use serde_json::Value;

use crate::care::formulary::{Known, Medicine, Severity};
use crate::care::prescribe::{Chosen, Finding, Teller, Verdict, WRITTEN, gaps};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, dosage};
use crate::http::ui::format::{self, number};
use crate::http::ui::record::{AllergyStatus, MedicineStatus};
use crate::http::ui::{Cx, Faults, Field, State, When, filters, page, t};

/// Medicines that fit what is being typed.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/prescribe_found.html")]
pub struct FoundMedicines {
    pub cx: Cx,
    pub query: String,
    pub picks: Vec<Pick>,
    pub more: bool,
}

/// One medicine of the list.
#[derive(Debug, Clone)]
pub struct Pick {
    pub href: String,
    pub name: String,
    pub form: String,
    pub routes: String,
}

/// What is to be answered for before it is signed: a warning, or a check that was not made.
#[derive(Debug, Clone)]
pub struct Warning {
    pub key: String,
    pub serious: bool,
    pub unchecked: bool,
    pub said: Said,
    pub sources: Vec<String>,
    pub answer: String,
    pub unanswered: bool,
}

/// A check that warns of nothing: it passed, or was not made.
#[derive(Debug, Clone)]
pub struct Line {
    pub mark: State,
    pub text: String,
    pub sources: Vec<String>,
}

/// One medicine of the list beside it.
#[derive(Debug, Clone)]
pub struct After {
    pub name: String,
    pub dose: String,
    pub is_new: bool,
    pub ends: bool,
}

/// Prescribing.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/prescribe.html")]
pub struct Prescribe {
    pub cx: Cx,
    pub frame: Frame,
    pub faults: Faults,
    pub gaps: Vec<(String, String)>,
    /// Of the formulary: name, date; and that it is invented.
    pub formulary: Option<(String, String)>,
    pub invented: bool,
    pub query: String,
    pub picks: Vec<Pick>,
    pub more: bool,
    /// The name of the medicine that was chosen.
    pub chosen: Option<String>,
    /// What of the list it may be, where it was written and no list has it: names, and where they are looked up.
    pub meant: Vec<(String, String)>,
    /// Renewing, changing: in words.
    pub how: Option<String>,
    /// How the one before says to take it, and why not all of it is filled in.
    pub stood: Option<(String, Option<String>)>,
    /// What the patient wrote when they asked for it.
    pub asked: Option<String>,
    pub hidden: Vec<(&'static str, String)>,
    pub once: Field,
    pub unit: String,
    pub unit_field: Option<Field>,
    pub short: Vec<Field>,
    pub long: Vec<Field>,
    pub needed: bool,
    pub because: Option<Field>,
    pub sum: Option<String>,
    pub warnings: Vec<Warning>,
    pub lines: Vec<Line>,
    pub after: Vec<After>,
    pub reads: Option<String>,
}
page!(Prescribe in Patients);

impl Prescribe {
    fn section(&self) -> Section {
        Section::Medicines
    }

    fn title(&self) -> String {
        t("rx-title").with("name", self.frame.who.plain()).to_string()
    }

    fn heading(&self) -> String {
        self.how.clone().unwrap_or_else(|| t("rx-heading").to_string())
    }

    fn base(&self) -> String {
        format!("/patients/{}/prescribe", self.frame.who.id)
    }

    fn sum_of_checks(&self) -> String {
        let clear = self.lines.iter().filter(|line| line.mark.shape == "ok").count();
        let unchecked = self.lines.len() - clear + self.warnings.iter().filter(|one| one.unchecked).count();
        t("rx-checks-sum")
            .with("warnings", self.warnings.len())
            .with("unchecked", unchecked)
            .with("clear", clear)
            .to_string()
    }

    pub(super) fn filled(
        desk: &Desk,
        cx: Cx,
        typed: &Typed,
        chosen: Option<Chosen>,
        findings: &[Finding],
        faulty: Faulty,
        (query, picks, more): (&str, Vec<Pick>, bool),
    ) -> Self {
        let formulary = desk.formulary.as_deref();
        let name = chosen.as_ref().map(|chosen| words::name_of(chosen, formulary));
        let named = name.clone().unwrap_or_default();
        let medicine = desk.medicine(typed);
        let warnings = findings.iter().filter(|one| one.wants_answer()).map(|one| {
            let key = one.key();
            Warning {
                unchecked: !one.is_warning(),
                serious: one.verdict == Verdict::Warning(Severity::Serious),
                said: words::of(one, &named),
                sources: one.rules.iter().map(words::source).collect(),
                answer: typed.answer(&key),
                unanswered: faulty.unanswered.contains(&key),
                key,
            }
        });
        let warnings: Vec<Warning> = warnings.collect();
        let lines = findings.iter().filter(|one| !one.wants_answer()).map(|one| Line {
            mark: words::mark(one),
            text: words::of(one, &named).title,
            sources: one.rules.iter().map(words::source).collect(),
        });
        let (dose, _) = typed.dose(medicine, desk.today);
        let said = dose.as_ref().and_then(|dose| {
            let value = crate::care::prescribe::dosage(dose, "", desk.today);
            dosage::words(&value, &desk.opened.ctx.zone)
        });
        let frame = Frame { why: None, ..desk.opened.frame.clone() };
        let mut faults = faulty.faults;
        if !faulty.unanswered.is_empty() {
            faults.add("checks", t("rx-fault-answers").with("n", faulty.unanswered.len()));
        }
        let how =
            desk.prior.as_ref().map(|_| if typed.how == "renewed" { "rx-heading-renew" } else { "rx-heading-change" });
        Self {
            gaps: gaps(formulary, &desk.facts, desk.today).iter().map(words::gap).collect(),
            formulary: formulary.map(|one| (one.head.name.clone(), When::Day(one.head.date).long())),
            invented: formulary.is_some_and(|one| one.head.invented),
            query: query.to_owned(),
            picks,
            more,
            meant: meant(desk, chosen.as_ref()),
            hidden: hidden(typed),
            how: how.map(|id| t(id).to_string()),
            stood: desk.prior.as_ref().and_then(|prior| Typed::stood(prior, medicine, &desk.opened.ctx.zone)),
            asked: desk.refill.as_ref().and_then(|(_, refill)| refill.note.clone()),
            once: Field::text("once-dose", t("rx-once"), &typed.once, &faults).keyboard("decimal").narrow(),
            unit: typed.unit_of(medicine),
            unit_field: medicine
                .is_none()
                .then(|| Field::text("unit", t("rx-unit"), &typed.unit, &faults).narrow().most(LONGEST_UNIT)),
            short: short(typed, medicine, &faults),
            long: long(desk, typed, &faults),
            needed: typed.needed,
            because: (typed.how == "changed")
                .then(|| Field::text("because", t("rx-because"), &typed.because, &faults).optional()),
            sum: dose.as_ref().and_then(|dose| sum(dose, typed, medicine, desk)),
            warnings,
            lines: lines.collect(),
            after: after(desk, &named, said.as_deref(), chosen.is_some()),
            reads: said.map(|said| {
                [Some(said), Some(typed.instructions.trim().to_owned())]
                    .into_iter()
                    .flatten()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(". ")
            }),
            chosen: name,
            frame,
            faults,
            cx,
        }
    }
}

/// What a written name may mean of the list.
fn meant(desk: &Desk, chosen: Option<&Chosen>) -> Vec<(String, String)> {
    let (Some(formulary), Some(Chosen::Written(name))) = (&desk.formulary, chosen) else { return Vec::new() };
    if !formulary.known(&[], name).is_nothing() {
        return Vec::new();
    }
    let names = formulary.names_of(&Known { classes: BTreeSet::new(), ..formulary.alike(name) });
    let to = |name: &String| format!("{}?{}", desk.base(), address_of(&[("q", name)]));
    names.into_iter().map(|name| (to(&name), name)).collect()
}

/// What the form carries along.
fn hidden(typed: &Typed) -> Vec<(&'static str, String)> {
    let version = |version: u32| if version == 0 { String::new() } else { version.to_string() };
    let all = [
        ("medicine", typed.medicine.clone()),
        ("written", typed.written.clone()),
        ("prior", typed.prior.clone()),
        ("prior-version", version(typed.prior_version)),
        ("how", typed.how.clone()),
        ("refill", typed.refill.clone()),
        ("refill-version", version(typed.refill_version)),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn short(typed: &Typed, medicine: Option<&Medicine>, faults: &Faults) -> Vec<Field> {
    let choice = |code: &str, id: &str| (code.to_owned(), t(id).to_string());
    let every = vec![
        choice("", "rx-choose"),
        choice("1d", "every-1d"),
        choice("2d", "every-2d"),
        choice("3d", "every-3d"),
        choice("4d", "every-4d"),
        choice("12h", "every-12h"),
        choice("8h", "every-8h"),
        choice("6h", "every-6h"),
        choice("every-2d", "every-other-day"),
        choice("1wk", "every-week"),
        choice("1mo", "every-month"),
        choice("once", "every-once"),
        choice(WRITTEN, "every-written"),
    ];
    let when = vec![
        choice("", "when-any"),
        choice("MORN", "when-morning"),
        choice("NOON", "when-noon"),
        choice("EVE", "when-evening"),
        choice("NIGHT", "when-night"),
        choice("AC", "when-before-meals"),
        choice("C", "when-with-food"),
        choice("PC", "when-after-meals"),
    ];
    let mut fields = vec![
        Field::choice("every", t("rx-every"), &typed.every, every, faults),
        Field { required: false, ..Field::choice("when", t("rx-when"), &typed.when, when, faults) },
    ];
    if let Some(medicine) = medicine {
        // With a single way there is nothing to say.
        let unsaid = (medicine.routes.len() != 1).then(|| choice("", "rx-choose"));
        let routes = medicine.routes.iter().map(|route| (route.code.clone(), route.text.clone()));
        let routes = unsaid.into_iter().chain(routes).collect();
        fields.push(Field::choice("route", t("rx-route"), &typed.route, routes, faults));
    }
    let number = |name: &'static str, id: &str, value: &str| {
        Field::text(name, t(id), value, faults).keyboard("numeric").narrow()
    };
    fields.push(number("days", "rx-days", &typed.days).optional().hint(t("rx-days-hint")));
    fields.push(number("quantity", "rx-quantity", &typed.quantity).optional().hint(t("rx-quantity-hint")));
    fields.push(number("refills", "rx-refills", &typed.refills).hint(t("rx-refills-hint")));
    fields
}

fn long(desk: &Desk, typed: &Typed, faults: &Faults) -> Vec<Field> {
    let mut problems = vec![(String::new(), t("rx-problem-none").to_string())];
    let active = desk.opened.chart.of(R::Condition).iter().filter(|one| fill::is_active_problem(one));
    let choice = |one: &Value| Some((fill::text(one, "/id")?.to_owned(), fill::named(fill::concept(one.get("code")))));
    problems.extend(active.filter_map(choice));
    vec![
        Field { required: false, ..Field::choice("problem", t("rx-problem"), &typed.problem, problems, faults) },
        Field::text("reason", t("rx-reason"), &typed.reason, faults).optional().most(LONGEST),
        Field::area("instructions", t("rx-instructions"), &typed.instructions, faults)
            .optional()
            .hint(t("rx-instructions-hint"))
            .most(LONGEST),
    ]
}

/// "Comes to 14 tablets, last dose on 10 March. Most in a day: 1000 mg."
fn sum(dose: &crate::care::prescribe::Dose, typed: &Typed, medicine: Option<&Medicine>, desk: &Desk) -> Option<String> {
    let quantity: f64 = typed.quantity_of(dose)?.parse().ok()?;
    let mut parts = vec![t("rx-sum").with("quantity", dosage::units(quantity, &dose.unit)).to_string()];
    if let (Some(days), false) = (dose.days, dose.every.single) {
        let last = desk.today.saturating_add(jiff::Span::new().days(i64::from(days.saturating_sub(1))));
        parts.push(t("rx-sum-last").with("date", When::Day(last).long()).to_string());
    }
    // What is written down for the pharmacy beside what the days come to.
    if let Some(course) = dose.days.and_then(|days| Some(dose.once.parse::<f64>().ok()? * dose.every.times_in(days)?)) {
        let word = if quantity < course { "rx-sum-less" } else { "rx-sum-more" };
        if (quantity - course).abs() > 1e-4 {
            parts = vec![t("rx-sum").with("quantity", dosage::units(course, &dose.unit)).to_string()];
            parts.push(t(word).with("quantity", dosage::units(quantity, &dose.unit)).to_string());
        }
    }
    let amount = medicine.and_then(|medicine| medicine.contains.first()).and_then(|one| one.amount.as_ref());
    if let (Some(amount), Ok(once), Some(times)) = (amount, dose.once.parse::<f64>(), dose.every.times_a_day()) {
        let most = format!("{} {}", number(amount.value * once * times), amount.unit);
        parts.push(t("rx-sum-day").with("most", most).to_string());
    }
    Some(parts.join(" "))
}

/// The list of medicines as it will be.
fn after(desk: &Desk, name: &str, dose: Option<&str>, chosen: bool) -> Vec<After> {
    let prior = desk.prior.as_ref().and_then(|prior| fill::text(prior, "/id"));
    let mut all = Vec::new();
    if chosen {
        let dose = dose.unwrap_or_default().to_owned();
        all.push(After { name: name.to_owned(), dose, is_new: true, ends: false });
    }
    let statements = desk.opened.chart.of(R::MedicationStatement).iter();
    let not_taken = crate::care::prescribe::not_taking(statements, &desk.opened.ctx.zone);
    let taken = desk.opened.chart.of(R::MedicationRequest).iter().chain(desk.opened.chart.of(R::MedicationStatement));
    for one in taken {
        let along = desk.opened.chart.medications();
        let goes_along = crate::care::prescribe::goes_with(one, desk.opened.chart.of(R::MedicationRequest), along);
        if goes_along || crate::care::prescribe::taken_of(one, along).is_none() {
            continue;
        }
        let word = fill::text(one, "/id").and_then(|id| not_taken.get(id));
        let not_taken = word.and_then(|word| match word.by {
            Teller::Patient => Some("medicine-said-not-taken"),
            Teller::ForPatient => Some("medicine-said-not-taken-for"),
            Teller::Other(_) => None,
        });
        let dose = fill::dose_of(one, &desk.opened.ctx.zone).unwrap_or_default();
        let doubt = match fill::text(one, "/status") {
            _ if not_taken.is_some() => not_taken,
            Some("on-hold") => Some("summary-paused"),
            Some("active" | "intended") => None,
            _ => Some("medicine-may-be-taken"),
        };
        let (chart, ctx) = (&desk.opened.chart, &desk.opened.ctx);
        let besides = fill::due(one, ctx).words().into_iter().chain(fill::doubts_of(one, chart, ctx));
        let besides = besides.map(|said| format::within(&said));
        let doubts: Vec<String> = doubt.map(|doubt| t(doubt).to_string()).into_iter().chain(besides).collect();
        all.push(After {
            dose: match doubts.is_empty() {
                true => dose,
                false => format!("{dose} ({})", doubts.join(", ")).trim_start().to_owned(),
            },
            name: fill::medicine_name(one, along),
            is_new: false,
            ends: prior.is_some() && fill::text(one, "/id") == prior,
        });
    }
    all
}
