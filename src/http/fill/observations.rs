//! Observations as series: measurements, laboratory results, and their courses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::beside::{
    about_another, absent, beside, has_value, interpretation, part_beside, part_flag, part_said, ranges_of_parts,
    value_said,
};
use super::dates::{date_of, newest_first};
use super::ranges::{Ranged, ranged};
use super::units::{self, Unit};
use super::{Ctx, LOINC, as_written, called, code, concept, list, named, number, owned, short_name, text};
use crate::care::formulary::Head;
use crate::care::held::is_held;
use crate::care::uploads;
use crate::fhir::Another;
use crate::http::clinic::chart_pages::ResultGroup;
use crate::http::ui::{Bounds, Flag, Flagged, Reading, Series, When, format, t};

/// Which observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Vital signs.
    Measurements,
    /// Laboratory and other results.
    Results,
    /// All but vital signs: results, and what was asked, such as whether somebody smokes, and what a questionnaire came to.
    Findings,
    All,
}

const BLOOD_PRESSURE: [&str; 2] = ["85354-9", "55284-4"];
const SYSTOLIC: &str = "8480-6";
const DIASTOLIC: &str = "8462-4";

/// Those that the first page of a chart shows, in this order: LOINC codes that mean the same stand together.
const VITALS: [&[&str]; 6] =
    [&["85354-9", "55284-4"], &["8310-5"], &["59408-5", "2708-6"], &["8867-4"], &["9279-1"], &["29463-7"]];

/// All series of a kind, each oldest first; those with the newest reading first.
pub fn series_of(observations: &[Value], wanted: Wanted, ctx: &Ctx) -> Vec<Series> {
    let mut by_key: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for observation in observations.iter().filter(|observation| is_wanted(observation, wanted)) {
        by_key.entry(key_of(observation)).or_default().push(observation);
    }
    let codes = codes_of(by_key.values().flatten().copied());
    let mut all: Vec<Series> = by_key.into_iter().filter_map(|(key, found)| series(key, found, ctx)).collect();
    all.sort_by_key(|series| series.latest().map(|reading| newest_first(reading.when)));
    units::tell_apart(&mut all, &codes);
    all
}

/// The values of a report, each by itself. Where it has several that are called the same, by staff or by patients, each says its
/// time, and they stand in that order.
pub fn each_of<'a>(values: impl IntoIterator<Item = &'a Value>, ctx: &Ctx) -> Vec<Series> {
    let values: Vec<&Value> = values.into_iter().collect();
    let each = |value: &&Value| series_of(std::slice::from_ref(*value), Wanted::All, ctx);
    let all: Vec<Series> = values.iter().flat_map(each).collect();
    let names: Vec<[String; 2]> = all.iter().map(|one| [one.name.to_lowercase(), one.plain_name()]).collect();
    let first_alike = |[staff, patients]: &[String; 2]| {
        names.iter().position(|[name, plain]| name == staff || plain == patients).unwrap_or_default()
    };
    let mut placed: Vec<(usize, Series)> = names.iter().map(first_alike).zip(all).collect();
    let is_again = |[staff, patients]: &[String; 2]| {
        names.iter().filter(|[name, plain]| name == staff || plain == patients).count() > 1
    };
    for ((_, one), names) in placed.iter_mut().zip(&names) {
        if is_again(names)
            && let Some(reading) = one.readings.last_mut()
            && reading.when.clock().is_some()
        {
            reading.beside.insert(0, reading.when.short_time());
        }
    }
    placed.sort_by_key(|(first, one)| (*first, one.latest().map(|reading| reading.when.moment())));
    let mut all: Vec<Series> = placed.into_iter().map(|(_, one)| one).collect();
    units::tell_apart(&mut all, &codes_of(values));
    all
}

/// "Troponin 80 ng/L": what each of these says, and of one that is called as another, when.
pub(in crate::http) fn values_of(values: &[&Value], ctx: &Ctx) -> Vec<String> {
    let names: Vec<String> = values.iter().map(|one| name(one).to_lowercase()).collect();
    let told = |(one, name): (&&Value, &String)| {
        let said = value_of(one, ctx)?;
        let is_again = names.iter().filter(|other| *other == name).count() > 1;
        Some(match taken(one, ctx).clock().filter(|_| is_again) {
            Some(clock) => format!("{said} ({clock})"),
            None => said,
        })
    };
    values.iter().zip(&names).filter_map(told).collect()
}

/// By which code each test of these is known, with the code's system.
fn codes_of<'a>(observations: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, [String; 2]> {
    let all = observations.into_iter().filter_map(|one| Some((key_of(one), coded(one.get("code"))?)));
    all.map(|(key, code)| (key, code.map(str::to_owned))).collect()
}

/// What tests of a record are called, small letters, and their codes.
pub fn codes(observations: &[Value]) -> BTreeMap<String, Value> {
    let named =
        observations.iter().filter_map(|one| Some((name_written(one)?.to_lowercase(), one.get("code")?.clone())));
    named.collect()
}

/// The vital signs of the first page, as the clinic measured them: what a patient measured since is no measurement of the
/// visit. A sign that nobody measured here is the patient's, and says so.
pub fn vitals(observations: &[Value], ctx: &Ctx) -> Vec<Series> {
    let (reported, clinics): (Vec<Value>, Vec<Value>) =
        observations.iter().filter(|one| is_wanted(one, Wanted::Measurements)).cloned().partition(uploads::is_reported);
    let clinics = series_of(&clinics, Wanted::Measurements, ctx);
    let reported = series_of(&reported, Wanted::Measurements, ctx);
    let of = |all: &[Series], codes: &[&str]| all.iter().find(|one| codes.contains(&one.key.as_str())).cloned();
    VITALS.iter().filter_map(|codes| of(&clinics, codes).or_else(|| of(&reported, codes))).collect()
}

/// Whether a code is one of the vital signs of the first page.
pub(super) fn is_vital(key: &str) -> bool {
    VITALS.iter().any(|codes| codes.contains(&key))
}

/// Results that were made on one day stand together, newest day first; in each, what needs a look first.
pub fn groups(series: Vec<Series>) -> Vec<ResultGroup> {
    let mut groups: Vec<ResultGroup> = Vec::new();
    for one in series {
        let Some(when) = one.latest().map(|reading| reading.when) else { continue };
        // Of what is known by its month or its year nobody knows the day.
        let when = when.without_time();
        let day = groups.iter_mut().find(|group| group.when == Some(when));
        match day {
            Some(group) => group.series.push(one),
            None => groups.push(ResultGroup {
                title: String::new(),
                when: Some(when),
                source: one.source.clone(),
                series: vec![one],
            }),
        }
    }
    for group in &mut groups {
        if !group.series.iter().all(|series| series.source == group.source) {
            group.source = None;
        }
        let moment = |series: &Series| series.latest().map(|reading| reading.when.moment());
        group.series.sort_by_key(|series| (rank(series), series.name.clone(), moment(series)));
    }
    groups
}

/// What somebody has yet to decide about, what is outside its range, what nothing is compared with, the rest.
fn rank(series: &Series) -> u8 {
    match series.latest() {
        Some(latest) if latest.unsigned || latest.held => 0,
        _ if series.flag().is_some() => 1,
        _ if series.is_not_compared() => 2,
        _ => 3,
    }
}

pub(super) fn is_wanted(observation: &Value, wanted: Wanted) -> bool {
    let counts = !matches!(text(observation, "/status"), Some("entered-in-error" | "cancelled" | "registered"));
    counts && is_of(observation, wanted)
}

/// Whether an observation is of this kind, whatever became of it.
pub(super) fn is_of(observation: &Value, wanted: Wanted) -> bool {
    let is =
        |category: &str| list(observation, "category").iter().any(|concept| super::has_code(Some(concept), category));
    match wanted {
        Wanted::Measurements => is("vital-signs"),
        Wanted::Results => !is("vital-signs") && !is("survey") && !is("social-history"),
        Wanted::Findings => !is("vital-signs"),
        Wanted::All => true,
    }
}

/// What stands in addresses for a test, and is never the same for two and never nothing: LOINC's code where there is one, or a
/// code of no system; else a digest of what it is known by. What has no name at all is of its own kind, and what is about somebody
/// else than the patient is a test of its own.
pub(super) fn key_of(observation: &Value) -> String {
    let own = key_of_code(observation);
    match Another::of(observation) {
        Some(another) => digest(["another", &format!("{own}\0{}", another.key())]),
        None => own,
    }
}

fn key_of_code(observation: &Value) -> String {
    let of = observation.get("code");
    let is_plain = |key: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        (1..=64).contains(&key.len()) && key.chars().all(plain) && !key.starts_with(DIGEST)
    };
    let known = match coded(of) {
        Some(known) => known,
        None => match as_written(of) {
            Some(written) => return digest(["text", &written]),
            None => return digest(["id", text(observation, "/id").unwrap_or_default()]),
        },
    };
    match known {
        ["" | LOINC, code] if is_plain(code) => code.to_owned(),
        other => digest(other),
    }
}

/// System and code by which a test is known: LOINC's where there is one.
fn coded(of: Option<&Value>) -> Option<[&str; 2]> {
    if let Some(loinc) = code(of, Some(LOINC)) {
        return Some([LOINC, loinc]);
    }
    let coding = list(of?, "coding").iter().find(|coding| text(coding, "/code").is_some())?;
    Some([text(coding, "/system").unwrap_or_default(), text(coding, "/code").unwrap_or_default()])
}

/// What a key begins with that is no code.
const DIGEST: &str = "x_";

fn digest(of: [&str; 2]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11 key of a test");
    hasher.update(of.join("\0").as_bytes());
    format!("{DIGEST}{}", data_encoding::HEXLOWER.encode(hasher.finalize().as_bytes().get(..10).unwrap_or_default()))
}

fn series(key: String, mut found: Vec<&Value>, ctx: &Ctx) -> Option<Series> {
    found.sort_by_cached_key(|observation| taken(observation, ctx).moment());
    let newest = *found.last()?;
    let whose = of_whom(newest, ctx);
    let ctx = whose.as_ref();
    let unit = Unit::of_most(found.iter().map(|one| unit_of(one)));
    let judged = Judged::by(&found, &unit.shown, ctx);
    // A reading in another unit joins the line by what it is in this one, and stands in the table as it was given.
    let readings: Vec<Reading> =
        found.iter().filter_map(|observation| reading(observation, &unit, &judged, ctx)).collect();
    if readings.is_empty() {
        return None;
    }
    let when = taken(newest, ctx);
    let given = ranged(newest, when, ctx).given;
    let usual = if given { Bounds::default() } else { judged.usual(newest, when) };
    let of_part = |loinc| match component(newest, loinc) {
        Some(part) if !ranged(part, when, ctx).given => judged.usual(part, when),
        _ => Bounds::default(),
    };
    let ([upper, lower], usual_parts) = (judged.parts, [SYSTOLIC, DIASTOLIC].map(of_part));
    let [usual_upper, usual_lower] = usual_parts;
    let by_file = (usual.is_known() && !judged.whole.is_known()) || (usual_upper.is_known() && !upper.is_known());
    // Of a pair a range of the whole does not say which number it is for: it stands in words.
    let is_pair = readings.last().is_some_and(|latest| latest.second.is_some());
    Some(Series {
        name: name_of(&key, newest),
        unit: unit.shown,
        in_title: None,
        bounds: if is_pair { Bounds::default() } else { judged.whole.or(usual) },
        by_file: ctx.ranges.as_ref().filter(|_| by_file).map(|ranges| file_words(&ranges.file.head)),
        parts: [upper.or(usual_upper), lower.or(usual_lower)],
        readings,
        newest_only: false,
        source: list(newest, "performer").iter().find_map(|performer| called(Some(performer))).map(|name| {
            match uploads::is_reported(newest) {
                true => t("own-source").with("name", name).to_string(),
                false => name,
            }
        }),
        about: about_another(newest),
        key,
    })
}

/// What a value is compared by: of somebody else neither the patient's sex and age nor what is usual of patients says anything.
fn of_whom<'a>(observation: &Value, ctx: &'a Ctx) -> Cow<'a, Ctx> {
    match Another::of(observation) {
        Some(_) => Cow::Owned(Ctx { patient: None, ranges: None, ..ctx.clone() }),
        None => Cow::Borrowed(ctx),
    }
}

fn name_of(key: &str, observation: &Value) -> String {
    if BLOOD_PRESSURE.contains(&key) {
        return t("blood-pressure").to_string();
    }
    name(observation)
}

/// What a test is called, or that nobody named it.
pub(super) fn name(observation: &Value) -> String {
    let name = named(name_written(observation));
    match about_another(observation) {
        Some(about) => format!("{name} ({about})"),
        None => name,
    }
}

fn name_written(observation: &Value) -> Option<String> {
    short_name(observation.get("code")).or_else(|| concept(observation.get("code")))
}

/// One result by itself.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// With the unit.
    pub value: String,
    pub flag: Option<Flag>,
    /// What stands beside it; see [`Reading::beside`].
    pub beside: Vec<String>,
    /// The range that it was held against, and those that it was not.
    pub ranges: Vec<String>,
}

impl Said {
    /// The value with what stands beside it, in a line.
    pub fn whole(&self) -> String {
        std::iter::once(&self.value).chain(&self.beside).map(String::as_str).collect::<Vec<_>>().join("; ")
    }
}

pub(super) fn said(observation: &Value, ctx: &Ctx) -> Option<Said> {
    let whose = of_whom(observation, ctx);
    let ctx = whose.as_ref();
    let unit = unit_of(observation);
    let judged = Judged::by(&[observation], &unit.shown, ctx);
    let Reading { text, in_unit, flag, beside, ranges, second, .. } = reading(observation, &unit, &judged, ctx)?;
    let behind = if in_unit.is_some() { "" } else { unit.shown.as_str() };
    let held = if second.is_some() { String::new() } else { judged.whole.words() };
    let ranges = Some(held).filter(|words| !words.is_empty()).into_iter().chain(ranges).collect();
    Some(Said { value: format!("{text} {behind}").trim_end().to_owned(), flag, beside, ranges })
}

/// "Troponin 80 ng/L": what a result says, by itself.
fn value_of(observation: &Value, ctx: &Ctx) -> Option<String> {
    Some(format!("{} {}", name(observation), said(observation, ctx)?.value))
}

/// How one result by itself lies against its range.
pub(in crate::http) fn flag(observation: &Value, ctx: &Ctx) -> Option<Flag> {
    said(observation, ctx)?.flag
}

/// When it was true. A day on which it came here is not that.
pub(super) fn taken(observation: &Value, ctx: &Ctx) -> When {
    date_of(observation, &["effective", "issued"], ctx).unwrap_or(When::Unknown)
}

fn component<'a>(observation: &'a Value, loinc: &str) -> Option<&'a Value> {
    list(observation, "component").iter().find(|part| code(part.get("code"), Some(LOINC)) == Some(loinc))
}

fn unit_of(observation: &Value) -> Unit {
    Unit::of(observation).or_else(|| component(observation, SYSTOLIC).and_then(Unit::of)).unwrap_or_default()
}

/// From where a range is that no measurement of the record brought.
fn file_words(head: &Head) -> String {
    let words = if head.invented { "range-of-file-invented" } else { "range-of-file" };
    t(words).with("name", &head.name).to_string()
}

/// What readings are compared with that bring no range of their own.
struct Judged<'a> {
    whole: Bounds,
    /// Of both numbers of a blood pressure.
    parts: [Bounds; 2],
    /// Where the clinic's file is, for vital signs.
    file: Option<&'a Ctx>,
}

impl<'a> Judged<'a> {
    /// By the newest reading's range. One who measures at the bedside types no range: such a reading is compared with the
    /// newest that the record gives for this person, and if it gives none, with what the clinic's file says is usual. A
    /// laboratory that gives none has said why, or has its own.
    fn by(found: &[&Value], unit: &str, ctx: &'a Ctx) -> Self {
        let when = found.last().map_or(When::Unknown, |newest| taken(newest, ctx));
        let is_vital = found.last().is_some_and(|newest| is_wanted(newest, Wanted::Measurements));
        let looked = if is_vital { found.len() } else { 1 };
        let newest = || found.iter().rev().take(looked).filter(|one| unit_of(one).shown == unit);
        // Where the newest ranges are not certain, no older one is held against anything.
        let first = |all: &mut dyn Iterator<Item = &Value>| {
            all.map(|one| ranged(one, when, ctx)).find(|found| found.given).unwrap_or_default().bounds
        };
        let of_part = |loinc: &str| first(&mut newest().filter_map(|one| component(one, loinc)));
        Self {
            whole: first(&mut newest().copied()),
            parts: [of_part(SYSTOLIC), of_part(DIASTOLIC)],
            file: is_vital.then_some(ctx),
        }
    }

    /// What the clinic's file says of a value, an Observation or a part of one.
    fn usual(&self, value: &Value, when: When) -> Bounds {
        let row = self.file.and_then(|ctx| ctx.usual(value, when.day()));
        row.map_or_else(Bounds::default, |row| Bounds { low: row.low, high: row.high, ..Bounds::default() })
    }
}

fn reading(observation: &Value, unit: &Unit, judged: &Judged<'_>, ctx: &Ctx) -> Option<Reading> {
    let when = taken(observation, ctx);
    let marked = interpretation(observation);
    let base = Reading {
        flag: marked,
        compared: marked.is_some() || is_said_normal(observation),
        reported: uploads::is_reported(observation),
        held: is_held(observation),
        unsigned: text(observation, "/status") == Some("preliminary"),
        in_doubt: is_in_doubt(observation),
        id: owned(observation, "/id"),
        ..Reading::of(when, "")
    };
    let parts = list(observation, "component");
    let in_words = |text: String, base: Reading| Reading {
        text,
        // No unit of the others belongs behind words.
        in_unit: Some(String::new()),
        ranges: ranges_of_parts(observation, &[], when, ctx),
        ..base
    };
    let value = number(observation, "/valueQuantity/value").or_else(|| number(observation, "/valueInteger"));
    let pair = Pair::of(observation);
    // What the value itself says of the components.
    let (shown, read) = match (&pair, value) {
        (Some(pair), _) => (Shown::Pair, pressure(base, observation, pair, unit, judged, ctx)),
        (None, Some(value)) => (Shown::None, quantity(base, observation, value, unit, judged, ctx)),
        (None, None) if has_value(observation) => (Shown::None, in_words(value_said(observation, ctx)?, base)),
        (None, None) if !parts.is_empty() => {
            let said: Vec<String> = parts.iter().map(|part| part_said(part, when, ctx)).collect();
            (Shown::All, in_words(said.join("; "), base))
        }
        (None, None) => return without_value(in_words(String::new(), base), observation),
    };
    let is_in_pair =
        |part: &&Value| pair.as_ref().is_some_and(|pair| pair.parts().iter().any(|one| std::ptr::eq(*one, *part)));
    let mut said = Vec::new();
    for part in parts {
        match shown {
            Shown::All => {}
            Shown::Pair if is_in_pair(&part) => said.extend(part_beside(part)),
            _ => said.push(part_said(part, when, ctx)),
        }
    }
    said.extend(absent(observation));
    said.extend(beside(observation));
    let flags: Vec<Flag> =
        parts.iter().filter(|part| !is_in_pair(part)).filter_map(|part| part_flag(part, when, ctx)).collect();
    let mut read = Reading { beside: said, ..read };
    // What may be no value at all is neither drawn nor called a rise or a fall.
    if read.in_doubt {
        read.number = None;
    }
    // The whole is marked where a part is, unless its maker or its own range says how it lies.
    let gravest = flags.iter().copied().find(|flag| flag.is_critical()).or(flags.first().map(|_| Flag::Abnormal));
    if read.flag.is_none() && !is_said_normal(observation) && gravest.is_some() {
        read = Reading { flag: gravest, flagged: Flagged::ByRange, compared: true, ..read };
    }
    if is_said_normal(observation) && read.flag.is_some() && read.flagged == Flagged::ByRange {
        read.beside.push(t("result-said-normal").to_string());
    }
    Some(read)
}

/// Whether nobody knows if it is valid (FHIR R4 `observation-status`).
pub(super) fn is_in_doubt(observation: &Value) -> bool {
    text(observation, "/status") == Some("unknown")
}

/// Which components stand in the value.
enum Shown {
    None,
    Pair,
    All,
}

/// Of one that has neither a value nor components. A panel is said by its members, and by itself where it says more than they
/// do.
fn without_value(base: Reading, observation: &Value) -> Option<Reading> {
    let beside = beside(observation);
    let is_panel = !list(observation, "hasMember").is_empty();
    let silent = beside.is_empty() && base.flag.is_none() && base.ranges.is_empty();
    let text = match absent(observation) {
        Some(reason) => reason,
        None if is_panel && silent => return None,
        None if is_panel => t("result-panel").to_string(),
        None => t("result-no-value").to_string(),
    };
    Some(Reading { text, beside, ..base })
}

/// Both numbers of a blood pressure, in one unit.
struct Pair<'a> {
    upper: &'a Value,
    lower: &'a Value,
    values: [f64; 2],
    unit: Unit,
}

impl<'a> Pair<'a> {
    fn of(observation: &'a Value) -> Option<Self> {
        let (upper, lower) = (component(observation, SYSTOLIC)?, component(observation, DIASTOLIC)?);
        let value = |part| number(part, "/valueQuantity/value");
        let [unit, other] = [upper, lower].map(|part| Unit::of(part).unwrap_or_default());
        let is_alone = !has_value(observation) && unit.shown == other.shown;
        Some(Self { upper, lower, values: [value(upper)?, value(lower)?], unit }).filter(|_| is_alone)
    }

    fn parts(&self) -> [&'a Value; 2] {
        [self.upper, self.lower]
    }
}

fn pressure(
    base: Reading,
    observation: &Value,
    pair: &Pair<'_>,
    unit: &Unit,
    judged: &Judged<'_>,
    ctx: &Ctx,
) -> Reading {
    let same_unit = pair.unit.shown == unit.shown;
    let bounds = |part: &Value, judged_by: Bounds| {
        let own = ranged(part, base.when, ctx);
        let others = if same_unit { judged_by } else { Bounds::default() };
        if own.given { own.bounds } else { others.or(judged.usual(part, base.when)) }
    };
    let [of_upper, of_lower] = judged.parts;
    let ([upper, lower], [high, low]) = (pair.values, pair.parts().map(comparator));
    let (of_upper, of_lower) = (bounds(pair.upper, of_upper), bounds(pair.lower, of_lower));
    let flag = base.flag.or_else(|| {
        let marked = interpretation(pair.upper).or_else(|| interpretation(pair.lower));
        marked.or_else(|| flag_of(high, upper, &of_upper)).or_else(|| flag_of(low, lower, &of_lower))
    });
    let shown = format!("{high}{}/{low}{}", format::exact(upper), format::exact(lower));
    let is_held = of_upper.is_known() && of_lower.is_known() && high.is_empty() && low.is_empty();
    let apart = pair.unit.beside(&shown, unit);
    Reading {
        text: apart.as_ref().map_or(shown, |(text, _)| text.clone()),
        in_unit: apart.map(|(_, unit)| unit),
        number: pair.unit.convert(upper, unit),
        second: Some(pair.unit.convert(lower, unit).unwrap_or(lower)),
        ranges: ranges_of_parts(observation, &pair.parts(), base.when, ctx),
        flagged: Flagged::by(base.flag, is_held.then(|| of_upper.flag(upper).or(of_lower.flag(lower)))),
        flag,
        // Usual it is when both numbers are.
        compared: flag.is_some() || base.compared || is_held,
        ..base
    }
}

fn quantity(base: Reading, observation: &Value, value: f64, unit: &Unit, judged: &Judged<'_>, ctx: &Ctx) -> Reading {
    let own_unit = unit_of(observation);
    let converted = own_unit.convert(value, unit);
    let comparator = comparator(observation);
    let given = ["/valueQuantity/value", "/valueInteger"].iter().find_map(|at| observation.pointer(at)?.as_number());
    let shown = format!("{comparator}{}", given.map_or_else(|| format::exact(value), format::given));
    let apart = own_unit.beside(&shown, unit);
    // By its own range, by that of the others in one unit with it, or by what the clinic's file says of its own unit.
    let Ranged { bounds: own, words: mut ranges, given } = ranged(observation, base.when, ctx);
    let (compares, bounds) = match converted {
        _ if given => (value, own),
        Some(converted) if judged.whole.is_known() => (converted, judged.whole),
        _ => (value, judged.usual(observation, base.when)),
    };
    if own.is_known() && apart.is_some() {
        ranges.insert(0, format!("{} {}", own.words(), own_unit.shown).trim_end().to_owned());
    }
    let flag = base.flag.or_else(|| flag_of(comparator, compares, &bounds));
    let is_held = bounds.is_known() && comparator.is_empty();
    Reading {
        text: apart.as_ref().map_or(shown, |(text, _)| text.clone()),
        in_unit: apart.map(|(_, unit)| unit),
        number: converted,
        ranges,
        flagged: Flagged::by(base.flag, is_held.then(|| bounds.flag(compares))),
        flag,
        compared: flag.is_some() || base.compared || is_held,
        ..base
    }
}

/// Of an Observation or one of its components.
fn comparator(of: &Value) -> &str {
    text(of, "/valueQuantity/comparator").unwrap_or_default()
}

/// By its range, where that is certain: of "> 5" with a range up to 3 it is, with one up to 10 it is not.
pub(super) fn flag_of(comparator: &str, value: f64, bounds: &Bounds) -> Option<Flag> {
    match comparator {
        "" => bounds.flag(value),
        ">" | ">=" => {
            bounds.high.filter(|high| value >= *high && (comparator == ">" || value > *high)).map(|_| Flag::High)
        }
        "<" | "<=" => bounds.low.filter(|low| value <= *low && (comparator == "<" || value < *low)).map(|_| Flag::Low),
        _ => None,
    }
}

/// Whether the laboratory says itself that it is as it should be.
fn is_said_normal(observation: &Value) -> bool {
    list(observation, "interpretation").iter().any(|one| super::has_code(Some(one), "N"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ctx() -> Ctx {
        Ctx::of(jiff::tz::TimeZone::UTC)
    }

    fn egfr(date: &str, value: f64) -> Value {
        json!({"status": "final", "code": {"coding": [{"system": LOINC, "code": "33914-3", "display": "eGFR"}]},
            "effectiveDateTime": date, "valueQuantity": {"value": value as i64, "unit": "mL/min"},
            "referenceRange": [{"low": {"value": 60}}]})
    }

    #[test]
    fn readings_of_one_code_are_one_series_oldest_first() {
        let all = series_of(&[egfr("2026-02-24", 52.0), egfr("2024-03-01", 58.0)], Wanted::Results, &ctx());
        let [series] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((series.key.as_str(), series.name.as_str(), series.unit.as_str()), ("33914-3", "eGFR", "mL/min"));
        assert_eq!(series.readings.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), ["58", "52"]);
        assert_eq!(series.flag(), Some(Flag::Low));
    }

    #[test]
    fn a_reading_in_another_unit_keeps_its_unit_and_joins_the_line_where_it_is_of_the_same_kind() {
        let with = |unit: &str| {
            let mut old = egfr("2020-01-01", 1.0);
            old["valueQuantity"]["unit"] = json!(unit);
            series_of(&[egfr("2026-02-24", 52.0), old], Wanted::All, &ctx()).swap_remove(0)
        };
        let (joins, other) = (with("mL/s"), with("mmol/L"));
        assert_eq!(joins.readings[0].text, "1 mL/s");
        assert!((joins.readings[0].number.unwrap() - 60.0).abs() < 1e-9);
        assert_eq!((other.readings[0].text.as_str(), other.readings[0].number), ("1 mmol/L", None));
    }

    fn weight(date: &str, value: f64, unit: (&str, &str)) -> Value {
        json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}], "effectiveDateTime": date,
            "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
            "valueQuantity": {"value": value, "unit": unit.0, "code": unit.1}})
    }

    #[test]
    fn one_weight_in_pounds_leaves_the_course_in_kilograms_and_stands_as_it_was_typed() {
        let kg = ("kg", "kg");
        let all = [
            weight("2026-01-01", 82.0, kg),
            weight("2026-02-01", 81.0, kg),
            weight("2026-03-01", 179.5, ("lb", "[lb_av]")),
        ];
        let series = series_of(&all, Wanted::All, &ctx()).swap_remove(0);
        assert_eq!((series.unit.as_str(), series.value(), series.value_unit()), ("kg", "179.5 lb", ""));
        assert!((series.readings[2].number.unwrap() - 81.42).abs() < 0.005 && series.trend().is_some());
    }

    #[test]
    fn a_value_without_a_unit_stands_bare_in_a_course_that_has_one() {
        let glucose = |date: &str, value: f64, unit: Option<&str>| {
            let mut one = json!({"status": "final", "effectiveDateTime": date, "code": {"text": "Glucose"},
                "valueQuantity": {"value": value}, "referenceRange": [{"low": {"value": 70, "unit": "mg/dL"}}]});
            if let Some(unit) = unit {
                one["valueQuantity"]["unit"] = json!(unit);
            }
            one
        };
        let with = |unit: Option<&str>| {
            let all = [glucose("2026-01-01", 97.0, Some("mg/dL")), glucose("2026-02-01", 99.0, Some("mg/dL"))];
            let newest = glucose("2026-03-01", 5.4, unit);
            series_of(&[&all[..], &[newest]].concat(), Wanted::Results, &ctx()).swap_remove(0)
        };
        for (unit, shown) in [(None, "5.4 (unit not recorded)"), (Some("1"), "5.4 (no unit)")] {
            let series = with(unit);
            assert_eq!((series.value(), series.value_unit(), series.unit.as_str()), (shown, "", "mg/dL"));
            let latest = series.latest().unwrap();
            assert_eq!((latest.number, latest.flag, latest.compared), (None, None, false));
            assert_eq!(latest.ranges, ["70 or more mg/dL"]);
            assert!(series.gauge().is_none() && series.say_change().is_none());
        }
        let mut worded = glucose("2026-03-02", 5.4, None);
        worded.as_object_mut().unwrap().remove("valueQuantity");
        worded["valueString"] = json!("not done");
        let series = series_of(&[glucose("2026-01-01", 97.0, Some("mg/dL")), worded], Wanted::Results, &ctx());
        assert_eq!((series[0].value(), series[0].value_unit()), ("not done", ""));
    }

    #[test]
    fn a_pressure_in_another_unit_says_its_unit_and_all_that_came_with_it() {
        let part = |code: &str, value: f64, unit: &str| {
            json!({"code": {"coding": [{"system": LOINC, "code": code}], "text": code},
                "valueQuantity": {"value": value, "unit": unit, "code": unit}})
        };
        let of = |date: &str, parts: Value| {
            json!({"status": "final", "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
                "category": [{"coding": [{"code": "vital-signs"}]}], "effectiveDateTime": date, "component": parts})
        };
        let pair = |upper: f64, lower: f64, unit: &str| vec![part(SYSTOLIC, upper, unit), part(DIASTOLIC, lower, unit)];
        let usual = of("2026-01-01", json!(pair(120.0, 80.0, "mm[Hg]")));
        let again = of("2026-02-01", json!(pair(122.0, 80.0, "mm[Hg]")));
        let other = of("2026-03-01", json!(pair(16.0, 10.0, "kPa")));
        let all = vitals(&[usual, again, other], &ctx());
        assert_eq!((all[0].value(), all[0].value_unit()), ("16/10 kPa", ""));
        assert!((all[0].latest().unwrap().number.unwrap() - 120.0).abs() < 0.1);

        let mut parts = pair(300.0, 150.0, "mm[Hg]");
        parts[0]["valueQuantity"]["comparator"] = json!(">");
        parts.push(part("MEAN", 200.0, "mm[Hg]"));
        let mut whole = of("2026-03-01", json!(parts));
        whole["referenceRange"] = json!([{"text": "adults: below 140"}]);
        let all = vitals(&[whole], &ctx());
        let latest = all[0].latest().unwrap();
        assert_eq!((latest.text.as_str(), &latest.beside[..]), (">300/150", &["MEAN: 200.0 mmHg".to_owned()][..]));
        assert_eq!((all[0].bounds.is_known(), &latest.ranges[..]), (false, &["adults: below 140".to_owned()][..]));
        let mut one = pair(130.0, 0.0, "mm[Hg]");
        one[1]["valueQuantity"] = Value::Null;
        one[1]["dataAbsentReason"] = json!({"text": "not heard"});
        let all = vitals(&[of("2026-03-01", json!(one))], &ctx());
        assert_eq!((all[0].value(), all[0].value_unit()), ("8480-6: 130.0 mmHg; 8462-4: No value: not heard", ""));
    }

    #[test]
    fn what_bears_no_date_stands_before_all_that_is_dated_and_is_never_of_today() {
        let mut undated = egfr("2026-03-03", 10.0);
        undated.as_object_mut().unwrap().remove("effectiveDateTime");
        undated["meta"] = json!({"lastUpdated": "2026-03-03T10:00:00Z"});
        let all = series_of(&[undated.clone(), egfr("2020-01-01", 70.0)], Wanted::Results, &ctx());
        assert_eq!((all[0].value(), all[0].readings[0].when), ("70", When::Unknown));
        assert_eq!((all[0].numbers().count(), all[0].say_change().is_none()), (1, true));
        let mut other = undated;
        other["code"] = json!({"text": "Zinc"});
        let all = groups(series_of(&[other, egfr("2020-01-01", 70.0)], Wanted::Results, &ctx()));
        let days: Vec<String> = all.iter().map(|group| group.when.unwrap().short()).collect();
        assert_eq!(days, ["1 Jan 2020", "date not recorded"]);
    }

    #[test]
    fn a_resistant_germ_and_a_critical_part_are_seen() {
        let one = json!({"status": "final", "id": "o", "code": {"text": "Culture"}, "effectiveDateTime": "2026-03-03",
            "valueCodeableConcept": {"text": "Escherichia coli"}, "component": [
                {"code": {"text": "Ciprofloxacin"}, "valueCodeableConcept": {"text": "RESISTANT"}},
                {"code": {"text": "Potassium"}, "valueQuantity": {"value": 8.9, "unit": "mmol/L"},
                    "interpretation": [{"coding": [{"code": "HH"}]}]}]});
        let all = series_of(std::slice::from_ref(&one), Wanted::Results, &ctx());
        let latest = all[0].latest().unwrap();
        let parts = ["Ciprofloxacin: RESISTANT", "Potassium: 8.9 mmol/L, far above the usual range"];
        assert_eq!((latest.text.as_str(), &latest.beside[..]), ("Escherichia coli", &parts.map(str::to_owned)[..]));
        assert_eq!(latest.flag, Some(Flag::CriticalHigh));
        assert!(said(&one, &ctx()).unwrap().whole().contains("Ciprofloxacin: RESISTANT"));
    }

    #[test]
    fn two_courses_of_one_name_in_units_that_no_rule_brings_together_say_their_units() {
        let glucose = |code: &str, unit: &str, value: f64| {
            json!({"status": "final", "effectiveDateTime": "2026-03-01", "code": {"text": "Glucose",
                "coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": unit, "code": unit}})
        };
        let all = [glucose("15074-8", "mmol/L", 5.4), glucose("2339-0", "mg/dL", 97.0)];
        let mut names: Vec<String> =
            series_of(&all, Wanted::All, &ctx()).into_iter().map(|series| series.plain_name()).collect();
        names.sort();
        assert_eq!(names, ["Blood sugar, in mg/dL", "Blood sugar, in mmol/L"]);
        let mut bare = glucose("15074-8", "mmol/L", 5.4);
        bare["code"] = json!({"text": "Glucose"});
        let all = series_of(&[glucose("15074-8", "mmol/L", 5.4), bare], Wanted::All, &ctx());
        let mut names: Vec<String> = all.into_iter().map(|series| series.name).collect();
        names.sort();
        assert_eq!(names, ["Glucose", "Glucose (15074-8)"]);
    }

    #[test]
    fn a_test_that_a_report_has_more_than_once_says_the_time_of_each() {
        let all = [
            egfr("2026-03-03T11:00:00Z", 80.0),
            egfr("2026-03-03T08:00:00Z", 8.0),
            haemoglobin("2026-03-03", 13, json!({})),
        ];
        let all = groups(each_of(&all, &ctx()));
        let [group] = all.as_slice() else { panic!("{all:?}") };
        let said = |series: &Series| (series.value().to_owned(), series.beside().first().cloned().unwrap_or_default());
        let said: Vec<_> = group.series.iter().filter(|series| series.name == "eGFR").map(said).collect();
        let at = |value: &str, time: &str| (value.to_owned(), time.to_owned());
        assert_eq!(said, [at("8", "3 Mar 2026 08:00"), at("80", "3 Mar 2026 11:00")]);
        let once = each_of([&egfr("2026-03-03T08:00:00Z", 8.0)], &ctx());
        assert!(once[0].beside().is_empty());
    }

    fn glucose(coding: Value, time: &str, value: f64) -> Value {
        json!({"status": "final", "id": time, "code": {"text": "Glucose-W", "coding": [coding]}, "effectiveDateTime": time,
            "valueQuantity": {"value": value, "unit": "mmol/L", "code": "mmol/L"}})
    }

    #[test]
    fn a_test_that_a_report_has_under_several_codes_says_code_and_time_and_stands_in_that_order() {
        let loinc = |code: &str| json!({"system": LOINC, "code": code});
        let all = [
            glucose(loinc("1518-0"), "2026-03-03T10:00:00Z", 11.9),
            haemoglobin("2026-03-03", 13, json!({})),
            glucose(loinc("1558-6"), "2026-03-03T08:00:00Z", 5.0),
            glucose(json!({}), "2026-03-03T09:00:00Z", 9.9),
        ];
        let each = each_of(&all, &ctx());
        let said: Vec<(&str, &str)> = each.iter().map(|one| (one.name.as_str(), one.value())).collect();
        let others = [("Glucose-W (1558-6)", "5.0"), ("Glucose-W", "9.9"), ("Glucose-W (1518-0)", "11.9")];
        assert_eq!(said[..3], others);
        let times: Vec<&str> = each[..3].iter().map(|one| one.beside()[0].as_str()).collect();
        assert_eq!(times, ["3 Mar 2026 08:00", "3 Mar 2026 09:00", "3 Mar 2026 10:00"]);
        assert!(each[3].beside().is_empty());
        let twice = [egfr("2026-03-03T11:00:00Z", 80.0), egfr("2026-03-03T08:00:00Z", 8.0)];
        assert!(each_of(&twice, &ctx()).iter().all(|one| one.name == "eGFR"), "one test needs no code");
    }

    #[test]
    fn two_tests_of_one_name_are_told_apart_whatever_system_their_codes_are_of() {
        let names = |codings: [Value; 2]| {
            let [one, other] = codings.map(|coding| glucose(coding, "2026-03-03T08:00:00Z", 5.0));
            let mut all: Vec<String> =
                series_of(&[one, other], Wanted::All, &ctx()).into_iter().map(|series| series.name).collect();
            all.sort();
            all
        };
        let of = |system: &str, code: &str| json!({"system": system, "code": code});
        let own = names([of("urn:lab:codes", "GLU-S"), of("urn:lab:codes", "GLU-U")]);
        assert_eq!(own, ["Glucose-W (GLU-S)", "Glucose-W (GLU-U)"]);
        let two = names([of("urn:lab:codes", "GLU"), of("https://other.example/tests", "GLU")]);
        assert_eq!(two, ["Glucose-W (GLU, codes)", "Glucose-W (GLU, tests)"]);
        let alike = names([of("urn:a:codes", "GLU"), of("urn:b:codes", "GLU")]);
        assert_eq!(alike, ["Glucose-W (GLU, urn:a:codes)", "Glucose-W (GLU, urn:b:codes)"]);
    }

    #[test]
    fn of_a_period_or_an_instant_it_is_said_when_too() {
        let of = |more: Value| {
            let mut one = json!({"status": "final", "code": {"text": "Troponin"}, "valueInteger": 5});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let mut all = [
            of(json!({"effectiveInstant": "2026-03-03T08:00:00Z"})),
            of(json!({"effectivePeriod": {"start": "2026-03-03T09:00:00Z"}})),
            of(json!({"code": {"text": "Iron"}, "effectiveDateTime": "2026-03-03T09:00:00Z"})),
        ];
        all[1]["code"]["coding"] = json!([{"system": LOINC, "code": "99999-9"}]);
        let said = values_of(&all.iter().collect::<Vec<_>>(), &ctx());
        assert_eq!(said, ["Troponin 5 (08:00)", "Troponin 5 (09:00)", "Iron 5"]);
    }

    #[test]
    fn a_group_of_a_day_says_of_each_value_who_brought_it() {
        let mut own = weight("2026-03-03T19:31:00Z", 80.5, ("kg", "kg"));
        own["performer"] = json!([{"reference": "Patient/p"}]);
        let mut held = egfr("2026-03-03T09:00:00Z", 52.0);
        held["meta"] = json!({"security": [{"code": "NOPAT"}]});
        held["status"] = json!("preliminary");
        let all = groups(series_of(&[own, held], Wanted::All, &ctx()));
        let [group] = all.as_slice() else { panic!("{all:?}") };
        let said = |series: &Series| series.latest().map(|one| (one.reported, one.held, one.unsigned));
        let said: Vec<_> = group.series.iter().map(|series| said(series).unwrap()).collect();
        assert_eq!(said, [(false, true, true), (true, false, false)]);
    }

    #[test]
    fn the_first_page_shows_what_the_clinic_measured_and_not_what_came_from_home_since() {
        let pulse = |code: &str, when: &str, value: i64, home: bool| {
            let mut one = json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": when,
                "category": [{"coding": [{"code": "vital-signs"}]}], "code": {"coding": [{"system": LOINC, "code": code}]},
                "valueQuantity": {"value": value, "unit": "/min"}});
            if home {
                one["performer"] = json!([{"reference": "Patient/p"}]);
            }
            one
        };
        let all = [
            pulse("8867-4", "2026-03-03T09:00:00Z", 96, false),
            pulse("8867-4", "2026-03-03T19:31:00Z", 61, true),
            pulse("9279-1", "2026-03-03T19:31:00Z", 14, true),
        ];
        let shown = vitals(&all, &ctx());
        let values: Vec<(&str, bool)> = shown.iter().map(|one| (one.value(), one.latest().unwrap().reported)).collect();
        assert_eq!(values, [("96", false), ("14", true)]);
    }

    fn haemoglobin(date: &str, value: u32, more: Value) -> Value {
        let mut one = json!({"status": "final", "effectiveDateTime": date, "subject": {"reference": "Patient/p"},
            "code": {"text": "Haemoglobin", "coding": [{"system": LOINC, "code": "718-7"}]},
            "valueQuantity": {"value": value, "unit": "g/L", "code": "g/L"}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    #[test]
    fn what_is_about_a_fetus_or_of_the_cord_is_a_course_of_its_own_and_never_the_patients_newest() {
        let fetus = json!({"focus": [{"reference": "RelatedPerson/f", "display": "fetus"}]});
        let range =
            json!([{"low": {"value": 120}, "high": {"value": 160}, "appliesTo": [{"coding": [{"code": "female"}]}]}]);
        let all = [
            haemoglobin("2026-01-01", 130, json!({})),
            haemoglobin("2026-02-01", 113, json!({"specimen": {"display": "Venous blood"}})),
            haemoglobin("2026-02-02", 60, fetus.clone()),
            haemoglobin("2026-02-03", 90, json!({"specimen": {"display": "Umbilical cord"}, "referenceRange": range})),
            haemoglobin("2026-02-04", 66, fetus),
        ];
        let woman = ctx().about(&json!({"gender": "female", "birthDate": "1990-01-01"}));
        let found = series_of(&all, Wanted::Results, &woman);
        let said = |one: &Series| (one.name.clone(), one.plain_name(), one.value().to_owned());
        let own = found.iter().find(|one| one.key == "718-7").unwrap();
        assert_eq!((own.value(), own.numbers().count(), own.about.as_ref()), ("113", 2, None));
        assert!(own.say_change().unwrap().to_string().contains("130"), "{:?}", own.say_change());
        let others: Vec<_> = found.iter().filter(|one| one.key != "718-7").map(said).collect();
        let name = |about: &str| format!("Haemoglobin ({about})");
        let of = |about: &str, value: &str| (name(about), name(about), value.to_owned());
        assert_eq!(others, [of("About: fetus", "66"), of("Sample: Umbilical cord", "90")]);
        assert_eq!(found.iter().find(|one| one.value() == "90").unwrap().flag(), None, "by the range of a woman");
    }

    #[test]
    fn a_value_of_which_nobody_knows_whether_it_is_valid_says_so_and_is_not_drawn() {
        let doubt = json!({"status": "unknown"});
        let all = [haemoglobin("2026-01-01", 130, json!({})), haemoglobin("2026-02-01", 77, doubt)];
        let found = series_of(&all, Wanted::Results, &ctx());
        assert_eq!((found[0].value(), found[0].numbers().count()), ("77", 1));
        assert!(found[0].say_change().is_none());
        let words = "It is not known whether this value is valid";
        assert_eq!(found[0].beside(), [words]);
        assert_eq!(said(&all[1], &ctx()).unwrap().whole(), format!("77 g/L; {words}"));
        let since = [all.as_slice(), &[haemoglobin("2026-03-01", 131, json!({}))]].concat();
        let found = series_of(&since, Wanted::Results, &ctx());
        let before = |found: &Series| found.before().map(|before| before.text.clone());
        assert_eq!(before(&found[0]).as_deref(), Some("130"), "it is none that the next is held against");
        assert_eq!(before(&series_of(&since[1..], Wanted::Results, &ctx())[0]), None);
    }

    #[test]
    fn results_of_a_year_or_a_month_stand_under_what_is_known_of_their_day() {
        let mut zinc = haemoglobin("2025", 5, json!({}));
        zinc["code"] = json!({"text": "Zinc"});
        let mut iron = haemoglobin("2025-06", 5, json!({}));
        iron["code"] = json!({"text": "Iron"});
        let all = groups(series_of(&[zinc, iron, haemoglobin("2025-01-01", 5, json!({}))], Wanted::Results, &ctx()));
        let mut days: Vec<String> = all.iter().map(|group| group.when.unwrap().short()).collect();
        days.sort();
        assert_eq!(days, ["1 Jan 2025", "2025", "Jun 2025"]);
    }

    #[test]
    fn a_blood_pressure_is_two_numbers_in_one_reading() {
        let part = |code: &str, value: f64| json!({"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}});
        let pressure = json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
            "code": {"coding": [{"system": LOINC, "code": "85354-9"}]}, "effectiveDateTime": "2026-03-03T09:31:00Z",
            "component": [part(SYSTOLIC, 148.0), part(DIASTOLIC, 86.0)]});
        let all = vitals(&[pressure], &ctx());
        assert_eq!((all[0].value(), all[0].unit.as_str()), ("148/86", "mmHg"));
    }

    #[test]
    fn a_measurement_that_brings_no_range_is_compared_with_the_newest_of_the_record() {
        let vital = |loinc: &str, date: &str, more: Value| {
            let mut one = json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
                "code": {"coding": [{"system": LOINC, "code": loinc}]}, "effectiveDateTime": date});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let heat = |value: f64| json!({"valueQuantity": {"value": value, "unit": "Cel"}});
        let mut first = vital("8310-5", "2026-03-01", heat(36.9));
        first["referenceRange"] = json!([{"low": {"value": 35.5}, "high": {"value": 37.5}}]);
        let typed = vital("8310-5", "2026-03-03", heat(38.4));
        let all = vitals(&[first.clone(), typed], &ctx());
        assert_eq!((all[0].flag(), all[0].bounds.high), (Some(Flag::High), Some(37.5)));
        let mut other = vital("8310-5", "2026-03-03", heat(101.1));
        other["valueQuantity"]["unit"] = json!("[degF]");
        assert_eq!(vitals(&[first, other], &ctx())[0].flag(), None, "a range of another unit says nothing");

        let part = |code: &str, value: f64, high: Option<f64>| {
            let range = high.map(|high| json!([{"high": {"value": high}}])).unwrap_or(json!([]));
            json!({"code": {"coding": [{"system": LOINC, "code": code}]}, "referenceRange": range,
                "valueQuantity": {"value": value, "unit": "mmHg"}})
        };
        let pressure = |date: &str, (upper, lower): (f64, f64), bounds: [Option<f64>; 2]| {
            let parts = [part(SYSTOLIC, upper, bounds[0]), part(DIASTOLIC, lower, bounds[1])];
            vital("85354-9", date, json!({"component": parts}))
        };
        let first = pressure("2026-03-01", (120.0, 80.0), [Some(139.0), Some(89.0)]);
        for (typed, flag) in
            [((138.0, 88.0), None), ((148.0, 80.0), Some(Flag::High)), ((130.0, 94.0), Some(Flag::High))]
        {
            let all = vitals(&[first.clone(), pressure("2026-03-03", typed, [None, None])], &ctx());
            assert_eq!(all[0].flag(), flag, "{typed:?}");
        }
    }

    #[test]
    fn a_first_fever_is_outside_by_the_clinics_file_and_without_a_file_it_is_not_compared() {
        let vital = |loinc: &str, value: f64, (unit, ucum): (&str, &str)| {
            json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
                "code": {"coding": [{"system": LOINC, "code": loinc}], "text": "X"}, "effectiveDateTime": "2026-03-03",
                "valueQuantity": {"value": value, "unit": unit, "code": ucum}})
        };
        let fever = [vital("8310-5", 38.4, ("\u{b0}C", "Cel"))];
        let alone = vitals(&fever, &ctx());
        assert_eq!(
            (alone[0].flag(), alone[0].latest_is_inside(), alone[0].latest_is_not_compared()),
            (None, false, true)
        );

        let file = crate::care::formulary::read(crate::care::demo::FORMULARY.as_bytes(), &Default::default()).unwrap();
        let of = |born: &str, today: &str| {
            let ranges = super::super::Ranges::of(std::sync::Arc::new(file.clone()), today.parse().unwrap());
            Ctx { ranges, ..ctx() }.about(&json!({"birthDate": born}))
        };
        let adult = of("1967-05-09", "2026-03-03");
        let first = vitals(&fever, &adult);
        assert_eq!((first[0].flag(), first[0].bounds.high), (Some(Flag::High), Some(37.5)));
        assert!(first[0].by_file.as_ref().is_some_and(|by| by.contains("invented")), "{:?}", first[0].by_file);
        let other = vitals(&[vital("8310-5", 101.1, ("\u{b0}F", "[degF]"))], &adult);
        assert!(other[0].flag().is_none() && other[0].latest_is_not_compared(), "no range of this unit");

        // What is for grown-ups says nothing of a child, and a file out of date nothing of anybody.
        let pulse = [vital("8867-4", 118.0, ("/min", "/min"))];
        assert_eq!(vitals(&pulse, &adult)[0].flag(), Some(Flag::High));
        for other in [of("2023-05-09", "2026-03-03"), of("1967-05-09", "2100-01-01")] {
            let shown = vitals(&pulse, &other);
            assert!(shown[0].flag().is_none() && shown[0].latest_is_not_compared());
        }
    }

    #[test]
    fn a_result_without_a_range_is_not_compared_with_another_laboratorys() {
        let mut newest = egfr("2026-02-24", 52.0);
        newest.as_object_mut().unwrap().remove("referenceRange");
        let all = series_of(&[newest, egfr("2024-03-01", 70.0)], Wanted::Results, &ctx());
        assert_eq!((all[0].flag(), all[0].bounds.is_known()), (None, false));
    }

    #[test]
    fn every_category_is_among_the_measurements_or_the_findings() {
        for category in ["vital-signs", "laboratory", "survey", "social-history", "exam", "activity", "other"] {
            let mut one = egfr("2026-02-24", 5.0);
            one["category"] = json!([{"coding": [{"code": category}]}]);
            let of = |wanted| series_of(std::slice::from_ref(&one), wanted, &ctx()).len();
            assert_eq!(of(Wanted::Measurements) + of(Wanted::Findings), 1, "{category}");
        }
    }

    #[test]
    fn what_was_entered_in_error_is_not_shown() {
        let mut wrong = egfr("2026-02-24", 5.0);
        wrong["status"] = json!("entered-in-error");
        assert!(series_of(&[wrong], Wanted::All, &ctx()).is_empty());
    }

    fn result(code: Value, value: &str, range: &str) -> Value {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let mut one = json!({"status": "final", "id": value, "code": code, "effectiveDateTime": "2026-03-03",
            "valueQuantity": {"value": number(value), "unit": "mmol/L"}});
        if let Some((low, high)) = range.split_once(' ') {
            one["referenceRange"] = json!([{"low": {"value": number(low)}, "high": {"value": number(high)}}]);
        }
        one
    }

    #[test]
    fn a_value_and_its_range_are_shown_with_the_digits_that_were_given() {
        let shown = |value: &str, range: &str| {
            let series = series_of(&[result(json!({"text": "X"}), value, range)], Wanted::Results, &ctx()).remove(0);
            (series.value().to_owned(), series.known_range().unwrap_or_default(), series.flag())
        };
        let said = |value: &str, range: &str| (value.to_owned(), range.to_owned());
        for (value, range, words, flag) in [
            ("7.345", "7.350 7.450", "7.350 to 7.450", Some(Flag::Low)),
            ("2.345", "", "", None),
            ("1.015", "1.005 1.030", "1.005 to 1.030", None),
            ("7.0", "", "", None),
            ("150000", "", "", None),
        ] {
            let (shown, range, found) = shown(value, range);
            assert_eq!(((shown, range), found), (said(value, words), flag));
        }
    }

    #[test]
    fn a_test_is_shown_whatever_letters_its_name_has_and_none_is_joined_with_another() {
        let of = |code: Value| result(code, "17.2", "");
        let all = [
            of(json!({"text": "Глюкоза"})),
            of(json!({"text": "血糖"})),
            of(json!({"text": "Na"})),
            of(json!({"text": "Na+"})),
            of(json!({"coding": [{"system": "urn:lab", "code": "718-7"}]})),
            of(json!({"coding": [{"system": LOINC, "code": "718-7"}]})),
            of(json!({"coding": [{"display": "Sodium"}]})),
            of(json!({})),
        ];
        let mut unnamed = of(json!({}));
        unnamed["id"] = json!("other");
        let series = series_of(&[&all[..], &[unnamed]].concat(), Wanted::Results, &ctx());
        assert_eq!(series.len(), all.len() + 1);
        for one in &series {
            assert!(one.key.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) && !one.key.is_empty());
            assert_eq!(one.value(), "17.2");
        }
        let names: Vec<&str> = series.iter().map(|one| one.name.as_str()).collect();
        assert!(names.contains(&"Глюкоза") && names.contains(&"血糖") && names.contains(&"Not named"), "{names:?}");
        assert!(series.iter().any(|one| one.key == "718-7"), "LOINC's code stays as it is in addresses");
    }

    #[test]
    fn a_result_of_any_kind_of_value_is_shown_and_one_without_says_so() {
        let shown = |more: Value| {
            let mut one =
                json!({"status": "final", "id": "o", "code": {"text": "X"}, "issued": "2026-03-03T09:00:00Z"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let series = series_of(&[one], Wanted::Results, &ctx());
            series.first().map(|one| one.value().to_owned())
        };
        let said = |text: &str| Some(text.to_owned());
        let titre = json!({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}});
        assert_eq!(shown(titre), said("1:128"));
        assert_eq!(shown(json!({"valueRange": {"low": {"value": 5}, "high": {"value": 10}}})), said("5 to 10"));
        let parts = json!({"component": [{"code": {"text": "IgG"}, "valueQuantity": {"value": 7.5, "unit": "g/L"}}]});
        assert_eq!(shown(parts), said("IgG: 7.5 g/L"));
        assert_eq!(shown(json!({"dataAbsentReason": {"text": "haemolysed"}})), said("No value: haemolysed"));
        assert_eq!(shown(json!({})), said("No value"));
        assert_eq!(shown(json!({"hasMember": [{"reference": "Observation/a"}]})), None);
    }
}
