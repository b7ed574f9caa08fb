//! A report of a file that is here already, by the numbers that its laboratory gave it. Its new version takes the old one's place,
//! value by value, and what the laboratory withdrew is taken back: never do two of one report stand.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::take_back::is_taken_back;
use super::super::{Report, belonging, comment, marks, whole};
use super::{ImportFault, WORDS, named};
use crate::access::{Actor, Sensitivity};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::care::within::{last_day, list, text};
use crate::fhir::ResourceType as R;
use crate::fhir::search::{Query, encode, escaped};
use crate::record::{Inside, RecordError, Records, Why, strict};

/// What becomes of a report of a file.
#[derive(Debug, Clone)]
pub enum Arriving {
    New(Report),
    /// The new version of one that is here, and the values of that which it has no more.
    InPlace {
        report: Report,
        gone: Vec<(FhirId, Option<u32>, Value)>,
    },
    /// One that is here, and that its laboratory withdrew.
    Withdrawn(Report),
}

impl Arriving {
    /// The report of a file beside the one that is here.
    pub fn of(new: Report, old: Option<Report>) -> Self {
        match old {
            None => Self::New(new),
            Some(old) if is_taken_back(&new.value) => Self::Withdrawn(old),
            Some(old) => {
                let (report, gone) = in_place(new, old);
                Self::InPlace { report, gone }
            }
        }
    }

    /// Whether it is not withdrawn.
    pub const fn stays(&self) -> bool {
        !matches!(self, Self::Withdrawn(_))
    }

    /// The report as it will stand.
    pub fn report(&self) -> &Report {
        match self {
            Self::New(report) | Self::InPlace { report, .. } | Self::Withdrawn(report) => report,
        }
    }
}

/// How a report of a file lies to the one that is here of the same number, as far as their dates and states tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// It corrects that one, or was issued after it.
    After,
    /// It is of another time: a further sample of one order.
    Further,
    /// It was issued before that one, or is less final.
    Before,
    Unsaid,
}

impl Lies {
    /// Days and months lie on this clock. What corrects something is never said to be a further one by itself.
    pub fn of(new: &Report, old: &Report, zone: &TimeZone) -> Self {
        let times = Times::of(new, old, zone);
        if times == Times::Apart {
            return if corrects(new) || is_taken_back(&new.value) { Self::Unsaid } else { Self::Further };
        }
        let issued = |of: &Report| text(&of.value, "/issued").parse::<Timestamp>().ok();
        let by_date = issued(new).zip(issued(old)).map(|(new, old)| new.cmp(&old));
        match by_date {
            // One that was issued again since is not withdrawn by what was said before.
            Some(Ordering::Less) => Self::Before,
            _ if is_taken_back(&new.value) => Self::After,
            _ if is_open(new) && !is_open(old) && !is_taken_back(&old.value) => Self::Before,
            // Another sample of that day would read so, too.
            _ if times == Times::Perhaps && !corrects(new) => Self::Unsaid,
            _ if corrects(new) => Self::After,
            _ if corrects(old) => Self::Unsaid,
            _ if is_open(old) && !is_open(new) => Self::After,
            // Of one order that says the day alone, the second sample is issued after the first.
            Some(Ordering::Greater) if are_of_one_moment(new, old) => Self::After,
            _ => Self::Unsaid,
        }
    }
}

/// Whether its status says that something was said before it.
fn corrects(report: &Report) -> bool {
    matches!(text(&report.value, "/status"), "amended" | "corrected" | "appended")
}

fn is_open(report: &Report) -> bool {
    matches!(text(&report.value, "/status"), "registered" | "partial" | "preliminary")
}

/// Whether it is sealed, itself or with a value of it.
pub fn is_sealed(report: &Report) -> bool {
    Sensitivity::of_resource(&report.value).is_sealed()
}

/// Whether both are known to the moment, and that is one.
fn are_of_one_moment(one: &Report, other: &Report) -> bool {
    let moments = |of: &Report| times(of).into_iter().filter_map(|time| time.parse::<Timestamp>().ok()).collect();
    let (mine, theirs): (Vec<Timestamp>, Vec<Timestamp>) = (moments(one), moments(other));
    mine.iter().any(|moment| theirs.contains(moment))
}

/// Whether one report of a file takes the place of another without a question: both are of one moment, it says by its status that
/// it does, and it has all that the other says. Samples of one order have one number and often the day alone: of two such nothing
/// is left out before somebody has read both.
pub fn is_surely_newer(one: &Report, other: &Report, zone: &TimeZone) -> bool {
    let is_next = corrects(one) || (is_open(other) && !is_open(one));
    let is_withdrawn = [one, other].into_iter().any(|report| is_taken_back(&report.value));
    is_next
        && !is_withdrawn
        && Lies::of(one, other, zone) == Lies::After
        && Lies::of(other, one, zone) != Lies::After
        && are_of_one_moment(one, other)
        && says_all(one, other)
}

/// Whether a report has each value of another, and words where that one has some.
fn says_all(one: &Report, other: &Report) -> bool {
    let has_words = WORDS.iter().all(|name| other.value.get(*name).is_none() || one.value.get(*name).is_some());
    let (mine, theirs) = (one.values(), other.values());
    let pairs = values_paired(&mine, &theirs);
    let is_there = |(at, value): (usize, &Value)| {
        let pair = pairs.iter().position(|pair| *pair == Some(at)).and_then(|at| mine.get(at));
        is_taken_back(value) || pair.is_some_and(|pair| is_surely_one(pair, value))
    };
    has_words && theirs.iter().enumerate().all(is_there)
}

/// Whether two values are one: by a number of both, or by what was measured at which moment; without a time it is their reports'.
fn is_surely_one(one: &Value, other: &Value) -> bool {
    let (mine, theirs) = (numbers(one), numbers(other));
    let moment = |of: &str| of.parse::<Timestamp>().ok();
    mine.iter().any(|number| theirs.contains(number))
        || is_called_alike(one, other)
            && match (time_of(one), time_of(other)) {
                (Some(one), Some(other)) => moment(one).is_some() && moment(one) == moment(other),
                (None, None) => true,
                _ => false,
            }
}

/// How the times of two reports, or of two values, lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Times {
    /// One of them is the same, or one of the two has none.
    Same,
    /// As far as the coarser of them says.
    Perhaps,
    Apart,
}

impl Times {
    fn of(new: &Report, old: &Report, zone: &TimeZone) -> Self {
        let (mine, theirs) = (times(new), times(old));
        let pairs = mine.iter().flat_map(|one| theirs.iter().map(move |other| Self::of_two(one, other, zone)));
        pairs.min().unwrap_or(Self::Same)
    }

    /// Of two FHIR `dateTime`s.
    fn of_two(one: &str, other: &str, zone: &TimeZone) -> Self {
        match (one.parse::<Timestamp>(), other.parse::<Timestamp>()) {
            (Ok(one), Ok(other)) if one == other => Self::Same,
            (Ok(_), Ok(_)) => Self::Apart,
            _ if one == other => Self::Same,
            _ => {
                let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
                let here = last_day(long, zone).map(|day| day.to_string());
                let is_within = |long: &str| !short.is_empty() && long.starts_with(short);
                let is_day = is_within(long) || here.is_some_and(|day| is_within(&day));
                if is_day { Self::Perhaps } else { Self::Apart }
            }
        }
    }
}

/// When what a report says was true: by itself, else by its values.
fn times(of: &Report) -> Vec<&str> {
    match time_of(&of.value) {
        Some(time) => vec![time],
        None => of.results.iter().filter_map(|(.., one)| time_of(one)).collect(),
    }
}

fn time_of(one: &Value) -> Option<&str> {
    let all = ["/effectiveDateTime", "/effectiveInstant", "/effectivePeriod/start"];
    all.iter().map(|at| text(one, at)).find(|said| !said.is_empty())
}

/// The reports of this patient that bear a number of this one and are called as it is: of several reports of one order, which may
/// bear one number, all. One that was taken back is not here any more.
pub fn known_as(records: &Records, patient: &FhirId, report: &Value) -> Result<Vec<FhirId>, RecordError> {
    known(patient, report, |query| records.glimpse(query, standing))
}

/// The same, asked inside the writer: nobody puts another beside them meanwhile.
pub(in super::super) fn known_inside(
    inside: &Inside<'_, '_, '_>,
    patient: &FhirId,
    report: &Value,
) -> Result<Vec<FhirId>, RecordError> {
    known(patient, report, |query| inside.glimpse(query, standing))
}

fn standing(report: &Value) -> Option<Value> {
    (!is_taken_back(report)).then(|| report.clone())
}

fn known(
    patient: &FhirId,
    report: &Value,
    look: impl Fn(&Query) -> Result<Vec<Value>, RecordError>,
) -> Result<Vec<FhirId>, RecordError> {
    let mut all = Vec::new();
    for (system, value) in numbers(report) {
        let mut query = format!("subject=Patient/{patient}&identifier=");
        encode(&format!("{}|{}", escaped(&system), escaped(&value)), &mut query);
        let found = look(&strict(R::DiagnosticReport, &query)?)?;
        let alike = found.iter().filter(|one| is_called_alike(one, report));
        for id in alike.filter_map(|one| FhirId::parse(text(one, "/id")).ok()) {
            if !all.contains(&id) {
                all.push(id);
            }
        }
    }
    Ok(all)
}

/// Seals the values of a report of a file as what is here of its number and its time is sealed, in whichever report: each as one
/// that is called so, and what was called otherwise as each that is not there any more.
pub fn seal_as(new: &mut Report, here: &[&Report], zone: &TimeZone) {
    let of_time = here.iter().filter(|old| Times::of(new, old, zone) != Times::Apart);
    let before: Vec<&Value> = of_time.flat_map(|old| &old.results).map(|(.., one)| one).collect();
    let now = new.values();
    for (.., value) in &mut new.results {
        let is_new = !before.iter().any(|one| is_called_alike(one, value));
        let is_gone = |one: &Value| !now.iter().any(|other| is_called_alike(one, other));
        let may_be: Vec<Value> = before
            .iter()
            .filter(|one| is_called_alike(one, value) || (is_new && is_gone(one)))
            .map(|one| sealed_alone(one))
            .collect();
        *value = may_be.iter().fold(value.take(), with_labels);
    }
}

/// Of a resource the labels that seal it.
fn sealed_alone(one: &Value) -> Value {
    let seals = marks::labels(one).iter().filter(|label| Sensitivity::of_security(label).is_sealed());
    serde_json::json!({"meta": {"security": seals.collect::<Vec<_>>()}})
}

/// Which of those that are here each report of a file is to be held against, whatever the order of the file: `known` names those of
/// its number by their places in `old`. Those of one time belong together, a sealed one with a sealed one where there is any; the
/// others are held against what is left then, and use nothing up, for they may be further ones.
pub fn paired(new: &[Report], known: &[Vec<usize>], old: &[Report], zone: &TimeZone) -> Vec<Option<usize>> {
    let mut pairs: Vec<Option<usize>> = vec![None; new.len()];
    let mut placed = BTreeSet::new();
    let times = [Times::Same, Times::Perhaps];
    let ways = [true, false].into_iter().flat_map(|of_one_kind| times.map(|wanted| (of_one_kind, wanted)));
    for (of_one_kind, wanted) in ways {
        for ((pair, report), known) in pairs.iter_mut().zip(new).zip(known) {
            let fits = |at: &&usize| {
                let lies = |old: &Report| {
                    Times::of(report, old, zone) == wanted && (!of_one_kind || is_sealed(report) == is_sealed(old))
                };
                !placed.contains(*at) && old.get(**at).is_some_and(lies)
            };
            if pair.is_none()
                && let Some(at) = known.iter().find(fits)
            {
                placed.insert(*at);
                *pair = Some(*at);
            }
        }
    }
    for ((pair, report), known) in pairs.iter_mut().zip(new).zip(known) {
        let is_other_kind = |at: &&usize| old.get(**at).is_none_or(|old| is_sealed(old) != is_sealed(report));
        let left = || known.iter().filter(|at| !placed.contains(*at)).min_by_key(is_other_kind).copied();
        *pair = pair.or_else(left);
    }
    pairs
}

/// What becomes of a sealed report of a file beside one that is here and that whoever takes it does not see, so that nobody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unasked {
    InPlace,
    Further,
    Left,
    /// Nothing says it for certain.
    Unsaid,
}

/// As was said of its other half, which is not sealed, beside the other half of what is here; else as their dates and states say.
pub fn unasked(new: &Report, old: &Report, said: Option<(&str, &Report)>, zone: &TimeZone) -> Unasked {
    let is_withdrawn = is_taken_back(&new.value);
    match said {
        Some(("leave", _)) => return Unasked::Left,
        Some(("further", _)) if !is_withdrawn => return Unasked::Further,
        Some(("version", half)) if Times::of(half, old, zone) == Times::Same => return Unasked::InPlace,
        _ => {}
    }
    match Lies::of(new, old, zone) {
        Lies::After => Unasked::InPlace,
        Lies::Before => Unasked::Left,
        Lies::Further => Unasked::Further,
        Lies::Unsaid if !is_withdrawn && says_the_same(new, old) => Unasked::InPlace,
        // The rest of it is the new version of another sample: so is this.
        Lies::Unsaid if said.is_some() && !is_withdrawn && Times::of(new, old, zone) == Times::Apart => {
            Unasked::Further
        }
        Lies::Unsaid => Unasked::Unsaid,
    }
}

/// Whether a report has no value but those of another, each of its time.
fn says_the_same(one: &Report, other: &Report) -> bool {
    let said = |value: &Value| {
        let all = value.as_object().into_iter().flatten();
        let all = all.filter(|(name, _)| name.starts_with("value") || matches!(name.as_str(), "component" | "status"));
        all.map(|(name, value)| (name.clone(), value.clone())).collect::<BTreeMap<_, _>>()
    };
    let is_same = |(.., mine): &(FhirId, Option<u32>, Value), (.., theirs): &(FhirId, Option<u32>, Value)| {
        likeness(mine, theirs) == Times::Same && said(mine) == said(theirs)
    };
    one.results.len() == other.results.len()
        && one.results.iter().all(|mine| other.results.iter().any(|theirs| is_same(mine, theirs)))
        && WORDS.iter().all(|name| one.value.get(*name) == other.value.get(*name))
}

/// What its laboratory withdrew is withdrawn with what was sealed, or was not sealed, of it, which is a report of its own here
/// ([`super::apart`]): by the places of both, where the file does not have that by itself.
pub fn withdrawn_too(
    new: &[Report],
    (known, pairs): (&[Vec<usize>], &[Option<usize>]),
    here: &[Report],
) -> Vec<(usize, usize)> {
    let said = ["/issued", "/effectiveDateTime", "/effectivePeriod"];
    let are_halves = |one: &Report, other: &Report| {
        is_sealed(one) != is_sealed(other) && said.iter().all(|at| one.value.pointer(at) == other.value.pointer(at))
    };
    let mut all = Vec::new();
    for (at, ((report, known), pair)) in new.iter().zip(known).zip(pairs).enumerate() {
        let Some(one) = pair.and_then(|pair| here.get(pair)).filter(|_| is_taken_back(&report.value)) else { continue };
        let is_other =
            |old: &&usize| !pairs.contains(&Some(**old)) && here.get(**old).is_some_and(|other| are_halves(one, other));
        all.extend(known.iter().find(is_other).map(|old| (at, *old)));
    }
    all
}

/// Whether two reports of a file may be versions of one: a number of the one is the other's, and they are called alike.
pub fn may_be_one(one: &Report, other: &Report) -> bool {
    let theirs = numbers(&other.value);
    is_called_alike(&one.value, &other.value) && numbers(&one.value).iter().any(|number| theirs.contains(number))
}

/// The newer of two versions of one report that one file has: what only the other says is not taken.
pub fn newer(mut new: Report, mut old: Report) -> Report {
    // What both refer to came with the first of them.
    let mut pool = BTreeMap::new();
    for one in new.results.drain(..).chain(old.results.iter().cloned()) {
        pool.extend(named(&one.0).map(|name| (name, one)));
    }
    let found = belonging(&new.value, |name| pool.get(name).map(|(.., value)| value));
    let results = found.parts.iter().filter_map(|(name, _)| pool.get(name).cloned()).collect();
    new.results = results;
    old.results.retain(|(id, ..)| !new.results.iter().any(|(own, ..)| own == id));
    in_place(new, old).0
}

/// Whether the reports of a file still have among them what each refers to.
pub fn whole_file(reports: &[&Report]) -> Result<(), ImportFault> {
    let all = || reports.iter().flat_map(|one| &one.results);
    let find = |name: &ResourceRef| all().find(|(id, ..)| *id == name.id()).map(|(.., value)| value);
    match reports.iter().find(|one| !belonging(&one.value, find).apart.is_empty()) {
        Some(one) => Err(ImportFault::Missing(super::title(&one.value))),
        None => Ok(()),
    }
}

/// Who reads and changes what is sealed from whoever takes a file: its new version must not be left out because they may not see the
/// one before.
pub(in super::super) fn house() -> Actor {
    Actor::system("sealed-results")
}

/// A report of this patient that is sealed from whoever takes a file, with all that belongs to it, for the house alone: nothing of it
/// is told. None where it is not sealed, or a part of it is not reached.
pub async fn sealed_whole(
    records: &Records,
    why: Why,
    patient: &FhirId,
    report: &FhirId,
) -> Result<Option<Report>, RecordError> {
    let query = whole(report)?;
    let page = records.disclose(&house(), why, |reading| reading.search(&query)).await?.into_inner();
    let found = page.matches.first().map(|found| Report::of(found, &page.included));
    let is_whole = |one: &Report| {
        let is_theirs = text(&one.value, "/subject/reference") == format!("Patient/{patient}");
        is_theirs && is_sealed(one) && one.apart.is_empty() && one.pictures.is_empty()
    };
    Ok(found.filter(is_whole))
}

/// Whether a part of this report is the patient's, counts, and was not to be seen by who read it: a correction would leave it.
pub fn has_unseen_part(records: &Records, patient: &FhirId, report: &Report) -> Result<bool, RecordError> {
    let subject = format!("Patient/{patient}");
    for one in &report.apart {
        let Some(kind) = R::parse(one.type_name()) else { continue };
        let found = records.glimpse(&strict(kind, &format!("_id={}", one.id()))?, |found| {
            (!is_taken_back(found)).then(|| text(found, "/subject/reference").to_owned())
        })?;
        if found.contains(&subject) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The numbers of a resource, each with whose it is: of one without nobody knows what else bears it.
fn numbers(of: &Value) -> Vec<(String, String)> {
    let all =
        list(of, "identifier").iter().map(|one| (text(one, "/system").to_owned(), text(one, "/value").to_owned()));
    all.filter(|(system, value)| !system.is_empty() && !value.is_empty()).collect()
}

pub(super) fn is_called_alike(one: &Value, other: &Value) -> bool {
    let codes = |of: &Value| -> Vec<(String, String)> {
        let all = of.pointer("/code/coding").and_then(Value::as_array).into_iter().flatten();
        all.map(|one| (text(one, "/system").to_owned(), text(one, "/code").to_owned())).collect()
    };
    let (mine, theirs) = (codes(one), codes(other));
    let name = |of: &Value| super::title(of).to_lowercase();
    mine.iter().any(|code| !code.1.is_empty() && theirs.contains(code)) || name(one) == name(other)
}

/// How surely two values are one: by a number that both have, or by what was measured when.
fn likeness(one: &Value, other: &Value) -> Times {
    let (mine, theirs) = (numbers(one), numbers(other));
    if mine.iter().any(|number| theirs.contains(number)) {
        return Times::Same;
    }
    match (time_of(one), time_of(other)) {
        _ if !is_called_alike(one, other) => Times::Apart,
        // Of a day in another's words it is the same value: what is not, nobody had a number for.
        (Some(one), Some(other)) => Times::of_two(one, other, &TimeZone::UTC),
        (None, None) => Times::Same,
        _ => Times::Apart,
    }
}

/// Which old value each new one is, by its place: those that are surely one first, and among those that are alike in the order of
/// both files.
fn values_paired(new: &[Value], old: &[Value]) -> Vec<Option<usize>> {
    let mut pairs: Vec<Option<usize>> = vec![None; new.len()];
    for wanted in [Times::Same, Times::Perhaps] {
        for at in 0..new.len() {
            let (None, Some(value)) = (pairs.get(at).copied().flatten(), new.get(at)) else { continue };
            let is = |(place, before): &(usize, &Value)| {
                !pairs.contains(&Some(*place)) && !is_taken_back(before) && likeness(before, value) == wanted
            };
            let found = old.iter().enumerate().find(is).map(|(place, _)| place);
            if let Some(pair) = pairs.get_mut(at) {
                *pair = found;
            }
        }
    }
    pairs
}

/// As it stands then, and what it has no more.
fn in_place(new: Report, old: Report) -> (Report, Vec<(FhirId, Option<u32>, Value)>) {
    let (new_values, old_values) = (new.values(), old.values());
    let pairs = values_paired(&new_values, &old_values);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut results = Vec::new();
    for ((id, _, value), pair) in new.results.into_iter().zip(&pairs) {
        // It is as delicate as each that it may have been: one that is called so, and for one without a pair each that is gone.
        let may_be = |(at, before): &(usize, &Value)| {
            let is_gone = pair.is_none() && !pairs.contains(&Some(*at));
            *pair == Some(*at) || is_gone || is_called_alike(before, &value)
        };
        let before = old_values.iter().enumerate().filter(may_be).map(|(_, before)| before);
        let value = before.fold(value.clone(), with_labels);
        match pair.and_then(|at| old.results.get(at)) {
            Some((before, version, _)) => {
                names.insert(format!("Observation/{id}"), format!("Observation/{before}"));
                results.push((before.clone(), *version, value));
            }
            None => results.push((id, None, value)),
        }
    }
    for (.., value) in &mut results {
        rename(value, &names);
    }
    let mut value = with_labels(new.value, &old.value);
    rename(&mut value, &names);
    comment::keep(&mut value, &old.value);
    // What the laboratory asked for stays asked until a doctor has let it go.
    if marks::asks_to_hold(&old.value) {
        marks::put(&mut value, marks::ASKS_TO_HOLD);
    }
    let report = Report {
        id: old.id,
        version: old.version,
        own: new.own.and(old.own),
        value,
        results,
        pictures: Vec::new(),
        apart: Vec::new(),
        tasks: old.tasks,
    };
    let left = old
        .results
        .into_iter()
        .enumerate()
        .filter(|(at, (.., one))| !pairs.contains(&Some(*at)) && !is_taken_back(one));
    (report, left.map(|(_, one)| one).collect())
}

/// With the labels of what stood, too: a correction makes nothing less delicate.
fn with_labels(mut value: Value, stood: &Value) -> Value {
    let own = marks::labels(&value);
    let more = marks::labels(stood).iter().filter(|label| !own.contains(label));
    let all: Vec<Value> = own.iter().chain(more).cloned().collect();
    if !all.is_empty() {
        marks::label(&mut value, all);
    }
    value
}

/// What refers to a value by its new id refers to it by the one under which it stands.
fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(to) if name == "reference" => {
                        if let Some(stands) = names.get(to.as_str()) {
                            to.clone_from(stands);
                        }
                    }
                    member => rename(member, names),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| rename(one, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(text: &str) -> FhirId {
        FhirId::parse(text).unwrap()
    }

    fn value(name: &str, number: i32) -> Value {
        json!({"resourceType": "Observation", "status": "final", "code": {"text": name}, "effectiveDateTime": "2026-03-01",
            "valueInteger": number})
    }

    fn report(of: &str, status: &str, results: Vec<(FhirId, Option<u32>, Value)>) -> Report {
        let value = json!({"resourceType": "DiagnosticReport", "status": status, "code": {"text": "Iron"},
            "identifier": [{"system": "urn:lab", "value": "R77"}]});
        Report::new(id(of), value, results)
    }

    #[test]
    fn a_corrected_report_takes_the_place_of_the_one_that_is_here() {
        let sealed = json!({"security": [{"code": "PSY"}]});
        let mut stood = value("Ferritin", 8);
        stood["meta"] = sealed.clone();
        let mut old = report("old", "final", vec![(id("f"), Some(3), stood), (id("z"), Some(1), value("Zinc", 1))]);
        old.version = Some(7);
        let said = json!({"text": "Take iron.", "time": "2026-03-02T09:00:00Z"});
        old.value["extension"] =
            json!([{"url": comment::COMMENT, "valueAnnotation": said}, {"url": "urn:lab:run", "valueString": "4"}]);
        let new = report(
            "new",
            "corrected",
            vec![(id("nf"), None, value("Ferritin", 80)), (id("nc"), None, value("Copper", 2))],
        );
        let Arriving::InPlace { report, gone } = Arriving::of(new, Some(old)) else { panic!() };
        assert_eq!((report.id.as_str(), report.version), ("old", Some(7)));
        let said = comment::comments(&report.value).into_iter().map(|one| one.text);
        assert_eq!(said.collect::<Vec<_>>(), ["Take iron."], "the doctor's word stays, with its time");
        let results: Vec<_> = report.results.iter().map(|(id, version, _)| (id.as_str(), *version)).collect();
        assert_eq!(results, [("f", Some(3)), ("nc", None)]);
        assert_eq!((&report.results[0].2["valueInteger"], &report.results[0].2["meta"]), (&json!(80), &sealed));
        assert_eq!(report.value["result"], json!([{"reference": "Observation/f"}, {"reference": "Observation/nc"}]));
        assert_eq!(gone.iter().map(|(id, ..)| id.as_str()).collect::<Vec<_>>(), ["z"]);
    }

    #[test]
    fn a_further_sample_is_no_correction_and_an_older_state_no_newer_version() {
        let of = |status: &str, effective: &str, issued: &str| {
            let mut one = report("r", status, Vec::new());
            one.value["effectiveDateTime"] = effective.into();
            if !issued.is_empty() {
                one.value["issued"] = issued.into();
            }
            one
        };
        let (at, noon) = ("2026-11-20T08:00:00Z", "2026-11-20T12:00:00Z");
        let here = of("final", at, noon);
        let lies = |new: Report| Lies::of(&new, &here, &TimeZone::UTC);
        assert_eq!(lies(of("final", "2026-11-20T11:00:00Z", noon)), Lies::Further);
        assert_eq!(lies(of("preliminary", at, "2026-11-20T09:00:00Z")), Lies::Before);
        assert_eq!(lies(of("preliminary", at, "2026-11-20T13:00:00Z")), Lies::Before, "it is less final");
        assert_eq!(lies(of("final", "2026-11-20T09:00:00+01:00", noon)), Lies::Unsaid, "the same moment");
        assert_eq!(lies(of("final", at, "2026-11-20T13:00:00Z")), Lies::After);
        assert_eq!(lies(of("corrected", at, "")), Lies::After);
        let value = |day: &str| {
            let mut one = value("Ferritin", 8);
            one["effectiveDateTime"] = day.into();
            report("r", "final", vec![(id("f"), None, one)])
        };
        let by_values = Lies::of(&value("2026-03-01"), &value("2026-03-02"), &TimeZone::UTC);
        assert_eq!(by_values, Lies::Further, "by their values");
    }

    #[test]
    fn one_of_a_file_takes_anothers_place_only_where_nothing_is_lost_by_it() {
        let of = |status: &str, time: &str, hour: u32, name: &str, number: i32| {
            let mut of_value = value(name, number);
            of_value["effectiveDateTime"] = time.into();
            let mut one = report("r", status, vec![(id("v"), None, of_value)]);
            one.value["issued"] = format!("2026-11-27T{hour:02}:00:00Z").into();
            if !time.is_empty() {
                one.value["effectiveDateTime"] = time.into();
            }
            one
        };
        let (day, at) = ("2026-11-27", "2026-11-27T08:00:00Z");
        let is = |one: &Report, other: &Report| {
            let both = [(one, other), (other, one)];
            both.map(|(one, other)| is_surely_newer(one, other, &TimeZone::UTC))
        };
        let first = |status: &str, time: &str| of(status, time, 9, "Troponin", 12);
        let second = |status: &str, time: &str| of(status, time, 13, "Troponin", 480);
        assert_eq!(is(&second("final", day), &first("final", day)), [false, false], "two samples of one order");
        assert_eq!(is(&second("final", at), &first("final", at)), [false, false], "both count as they stand");
        for (status, before) in [("corrected", "final"), ("final", "preliminary")] {
            assert_eq!(is(&second(status, at), &first(before, at)), [true, false], "{status}");
            assert_eq!(is(&second(status, day), &first(before, day)), [false, false], "{status}: of a day");
            assert_eq!(is(&second(status, ""), &first(before, "")), [false, false], "{status}: of no time");
            let other = of(status, at, 13, "Organism", 1);
            assert_eq!(is(&other, &first(before, at)), [false, false], "{status}: the first value would be gone");
            let mut concluded = first(before, at);
            concluded.value["conclusion"] = json!("Infarction");
            assert_eq!(is(&second(status, at), &concluded), [false, false], "{status}: what was concluded, too");
        }
        assert_eq!(is(&second("entered-in-error", at), &first("final", at)), [false, false]);
        assert_eq!(is(&second("final", at), &first("entered-in-error", at)), [false, false]);
        assert_eq!(is(&second("corrected", at), &of("corrected", at, 13, "Troponin", 12)), [false, false]);
    }

    #[test]
    fn of_one_that_was_issued_again_since_it_is_not_said_that_it_is_withdrawn() {
        let of = |status: &str, hour: u32| {
            let mut one = report("r", status, Vec::new());
            one.value["effectiveDateTime"] = "2026-11-20T08:00:00Z".into();
            one.value["issued"] = format!("2026-11-20T{hour:02}:00:00Z").into();
            one
        };
        let lies = |new: (&str, u32), old: (&str, u32)| Lies::of(&of(new.0, new.1), &of(old.0, old.1), &TimeZone::UTC);
        assert_eq!(lies(("entered-in-error", 9), ("final", 10)), Lies::Before);
        assert_eq!(lies(("entered-in-error", 11), ("final", 10)), Lies::After);
        assert_eq!(lies(("final", 10), ("entered-in-error", 9)), Lies::After);
        assert_eq!(lies(("final", 11), ("corrected", 10)), Lies::Unsaid, "who corrected it knew more");
        let day = |hour: u32| {
            let mut one = of("final", hour);
            one.value["effectiveDateTime"] = "2026-11-20".into();
            one
        };
        assert_eq!(Lies::of(&day(13), &day(9), &TimeZone::UTC), Lies::Unsaid, "it may be the second sample");
    }

    #[test]
    fn a_sealed_part_is_held_against_the_sealed_one_and_the_other_against_the_other() {
        let sealed = |mut one: Report| {
            one.value["meta"] = json!({"security": [{"code": "HIV"}]});
            one
        };
        let new = || report("new", "final", Vec::new());
        let known = vec![vec![0, 1]; 2];
        let here = [new(), sealed(new())];
        assert_eq!(paired(&[sealed(new()), new()], &known, &here, &TimeZone::UTC), [Some(1), Some(0)]);
        assert_eq!(paired(&[sealed(new()), new()], &[vec![0], vec![0]], &[new()], &TimeZone::UTC), [None, Some(0)]);
        assert_eq!(paired(&[new()], &[vec![0]], &[sealed(new())], &TimeZone::UTC), [Some(0)]);
    }

    #[test]
    fn of_what_is_sealed_from_who_takes_a_file_nothing_is_overwritten_that_is_not_certain() {
        let of = |status: &str, hour: u32, number: i32| {
            let time = format!("2026-11-20T{hour:02}:00:00Z");
            let mut of_value = value("Antibody", number);
            of_value["effectiveDateTime"] = time.clone().into();
            let mut one = report("r", status, vec![(id("v"), None, of_value)]);
            one.value["effectiveDateTime"] = time.into();
            one
        };
        let old = of("final", 8, 1);
        let alone = |new: Report| unasked(&new, &old, None, &TimeZone::UTC);
        assert_eq!(alone(of("corrected", 8, 2)), Unasked::InPlace);
        assert_eq!(alone(of("preliminary", 8, 2)), Unasked::Left);
        assert_eq!(alone(of("final", 11, 2)), Unasked::Further);
        assert_eq!(alone(of("final", 8, 1)), Unasked::InPlace, "the very same");
        assert_eq!(alone(of("final", 8, 2)), Unasked::Unsaid);
        assert_eq!(alone(of("corrected", 11, 2)), Unasked::Unsaid, "its time may be what was corrected");
        assert_eq!(alone(of("entered-in-error", 11, 2)), Unasked::Unsaid);
        let with = |new: Report, said: &str, half: u32| {
            unasked(&new, &old, Some((said, &of("final", half, 0))), &TimeZone::UTC)
        };
        assert_eq!(with(of("final", 8, 2), "version", 8), Unasked::InPlace, "as its other half");
        assert_eq!(with(of("corrected", 11, 2), "version", 8), Unasked::InPlace, "as its other half");
        assert_eq!(with(of("corrected", 11, 2), "version", 11), Unasked::Further, "the other half is another sample's");
        assert_eq!(with(of("corrected", 8, 2), "further", 8), Unasked::Further);
        assert_eq!(with(of("corrected", 8, 2), "leave", 8), Unasked::Left);
        assert_eq!(with(of("entered-in-error", 8, 2), "version", 8), Unasked::InPlace);
    }

    #[test]
    fn what_is_left_is_held_against_one_of_its_own_kind() {
        let of = |hour: u32, sealed: bool| {
            let mut one = report("r", "final", Vec::new());
            one.value["effectiveDateTime"] = format!("2026-11-20T{hour:02}:00:00Z").into();
            if sealed {
                one.value["meta"] = json!({"security": [{"code": "HIV"}]});
            }
            one
        };
        let here = [of(8, true), of(8, false)];
        assert_eq!(paired(&[of(11, false)], &[vec![0, 1]], &here, &TimeZone::UTC), [Some(1)]);
        assert_eq!(paired(&[of(11, true)], &[vec![1, 0]], &here, &TimeZone::UTC), [Some(0)]);
    }

    #[test]
    fn what_is_withdrawn_is_withdrawn_with_its_sealed_half() {
        let of = |name: &str, hour: u32, sealed: bool| {
            let mut one = report(name, "final", Vec::new());
            one.value["issued"] = format!("2026-11-20T{hour:02}:00:00Z").into();
            if sealed {
                one.value["meta"] = json!({"security": [{"code": "HIV"}]});
            }
            one
        };
        let here = [of("p", 8, false), of("s", 8, true), of("other", 9, true)];
        let gone = [report("new", "entered-in-error", Vec::new())];
        let also = |new: &[Report], pairs: &[Option<usize>]| {
            withdrawn_too(new, (&vec![vec![0, 1, 2]; new.len()], pairs), &here)
        };
        assert_eq!(also(&gone, &[Some(0)]), [(0, 1)]);
        assert!(also(&[gone[0].clone(), gone[0].clone()], &[Some(0), Some(1)]).is_empty(), "the file has both");
        assert!(also(&gone, &[None]).is_empty());
        assert!(also(&[report("new", "corrected", Vec::new())], &[Some(0)]).is_empty());
    }

    #[test]
    fn what_was_sealed_stays_so_in_a_version_that_does_not_say_so_whichever_half_of_the_record_it_meets() {
        let label = json!([{"code": "NOPAT"}, {"code": "HIV"}]);
        let mut antibody = value("Antibody", 1);
        antibody["meta"] = json!({"security": label});
        let sealed = report("s", "final", vec![(id("a"), Some(1), antibody)]);
        let plain = report("p", "final", vec![(id("k"), Some(1), value("Potassium", 7))]);
        let labels = |names: [&str; 2], day: &str| {
            let all = names.map(|name| {
                let mut one = value(name, 2);
                one["effectiveDateTime"] = day.into();
                (id(name), None, one)
            });
            let mut new = report("new", "corrected", all.into());
            seal_as(&mut new, &[&plain, &sealed], &TimeZone::UTC);
            new.results.into_iter().map(|(.., one)| one["meta"]["security"].clone()).collect::<Vec<_>>()
        };
        let (none, hiv) = (Value::Null, json!([{"code": "HIV"}]));
        assert_eq!(labels(["Potassium", "Antibody"], "2026-03-01"), [none.clone(), hiv.clone()], "and no hold");
        assert_eq!(labels(["Potassium", "Virus"], "2026-03-01"), [none.clone(), hiv], "its name was corrected");
        assert_eq!(labels(["Potassium", "Antibody"], "2026-04-01"), [none.clone(), none], "another sample");
    }

    #[test]
    fn what_corrects_or_withdraws_is_no_further_sample_by_itself() {
        let of = |status: &str, effective: &str| {
            let mut one = report("r", status, Vec::new());
            one.value["effectiveDateTime"] = effective.into();
            one
        };
        let auckland = TimeZone::get("Pacific/Auckland").unwrap();
        let lies = |status: &str, new: &str, old: &str| Lies::of(&of(status, new), &of("final", old), &auckland);
        let (at, three) = ("2026-11-20T08:00:00+13:00", "2026-11-20T11:00:00+13:00");
        for status in ["corrected", "amended", "entered-in-error"] {
            assert_eq!(lies(status, three, at), Lies::Unsaid, "{status}: its time may be what was corrected");
            assert_eq!(lies(status, at, "2026-11-20"), Lies::After, "{status}: the same, written otherwise");
            assert_eq!(lies(status, "2026-11-19T19:00:00Z", "2026-11-20"), Lies::After, "{status}: on this clock");
        }
        assert_eq!(lies("final", three, "2026-11-20"), Lies::Unsaid, "it may be another of that day");
        assert_eq!(lies("final", three, at), Lies::Further);
    }

    #[test]
    fn reports_of_one_number_find_their_own_whatever_the_order_of_the_file() {
        let of = |status: &str, hour: u32| {
            let mut one = report("r", status, Vec::new());
            one.value["effectiveDateTime"] = format!("2026-11-20T{hour:02}:00:00Z").into();
            one
        };
        let here = [of("final", 8)];
        let pairs = |new: &[Report]| paired(new, &vec![vec![0]; new.len()], &here, &TimeZone::UTC);
        for status in ["corrected", "entered-in-error"] {
            assert_eq!(pairs(&[of("final", 11), of(status, 8)]), [None, Some(0)], "{status}");
            assert_eq!(pairs(&[of(status, 8), of("final", 11)]), [Some(0), None], "{status}");
        }
        assert_eq!(pairs(&[of("final", 11), of("final", 14)]), [Some(0), Some(0)], "neither uses it up");
        let two = [of("final", 8), of("final", 11)];
        assert_eq!(paired(&[of("corrected", 11)], &[vec![0, 1]], &two, &TimeZone::UTC), [Some(1)]);
        let day = |day: &str| {
            let mut one = report("r", "corrected", Vec::new());
            one.value["effectiveDateTime"] = day.into();
            one
        };
        assert_eq!(pairs(&[of("final", 11), day("2026-11-20")]), [None, Some(0)], "to the coarser of both");
    }

    #[test]
    fn a_corrected_value_is_as_delicate_as_it_was_whatever_its_time() {
        let mut stood = value("Viral load", 40);
        stood["meta"] = json!({"security": [{"code": "HIV"}]});
        let old = report("old", "final", vec![(id("v"), Some(1), stood)]);
        let labels = |effective: &str| {
            let mut new = value("Viral load", 90);
            new["effectiveDateTime"] = effective.into();
            let new = report("new", "corrected", vec![(id("n"), None, new)]);
            let Arriving::InPlace { report, .. } = Arriving::of(new, Some(old.clone())) else { panic!() };
            let (id, _, value) = report.results.into_iter().next().unwrap();
            (id.to_string(), value["meta"]["security"][0]["code"].clone())
        };
        assert_eq!(labels("2026-03-01T08:00:00Z"), ("v".to_owned(), json!("HIV")), "the same, written otherwise");
        assert_eq!(labels("2026-04-01"), ("n".to_owned(), json!("HIV")), "its time was corrected");
    }

    #[test]
    fn of_two_versions_in_one_file_the_newer_stands_with_what_both_refer_to_and_is_as_delicate() {
        let mut sealed = value("Zinc", 5);
        sealed["meta"] = json!({"security": [{"code": "HIV"}]});
        let old = report("old", "preliminary", vec![(id("z"), None, sealed), (id("both"), None, value("Iron", 1))]);
        let mut new = report("new", "final", vec![(id("y"), None, value("Zinc", 50))]);
        new.value["result"].as_array_mut().unwrap().push(json!({"reference": "Observation/both"}));
        assert!(may_be_one(&new, &old) && Lies::of(&new, &old, &TimeZone::UTC) == Lies::After);
        let one = newer(new, old);
        let results: Vec<_> =
            one.results.iter().map(|(id, _, one)| (id.as_str(), one["valueInteger"].clone())).collect();
        assert_eq!(results, [("z", json!(50)), ("both", json!(1))]);
        assert_eq!(one.results[0].2["meta"]["security"][0]["code"], "HIV");
        assert_eq!((&one.value["status"], whole_file(&[&one])), (&json!("final"), Ok(())));
        let mut other = report("other", "final", Vec::new());
        other.value["result"] = json!([{"reference": "Observation/gone"}]);
        assert_eq!(whole_file(&[&one, &other]), Err(ImportFault::Missing("Iron".into())));
    }

    #[test]
    fn values_that_are_alike_keep_their_order_and_each_is_as_delicate_as_any_of_them() {
        let labels = |one: &Value| one["meta"]["security"].to_string();
        let of = |times: &[&str]| -> Vec<(FhirId, Option<u32>, Value)> {
            let one = |(at, time): (usize, &&str)| {
                let mut one = value("Organism", i32::try_from(at).unwrap());
                one["effectiveDateTime"] = (*time).into();
                (id(&format!("n{at}")), None, one)
            };
            times.iter().enumerate().map(one).collect()
        };
        let hour = |hour: u32| format!("2026-03-01T{hour:02}:00:00Z");
        let stood = |times: &[&str]| {
            let all = of(times).into_iter().zip(["a", "b", "c"]);
            let mut all: Vec<_> = all.map(|((.., one), name)| (id(name), Some(1), one)).collect();
            all[2].2["meta"] = json!({"security": [{"code": "HIV"}]});
            report("old", "final", all)
        };
        let placed = |new: Vec<(FhirId, Option<u32>, Value)>, old: Report| {
            let Arriving::InPlace { report, .. } = Arriving::of(report("new", "corrected", new), Some(old)) else {
                panic!()
            };
            report.results.into_iter().map(|(id, _, one)| (id.to_string(), labels(&one))).collect::<Vec<_>>()
        };
        let all = ["a", "b", "c"].map(|id| (id.to_owned(), "[{\"code\":\"HIV\"}]".to_owned()));
        let day = "2026-03-01";
        let hours = [8, 9, 10].map(hour);
        let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
        assert_eq!(placed(of(&[day; 3]), stood(&[day; 3])), all, "of one time");
        assert_eq!(placed(of(&[day; 3]), stood(&hours)), all, "of one day");
        let exact = placed(of(&[day, hours[0], hours[1]]), stood(&hours));
        assert_eq!(
            exact.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
            ["c", "a", "b"],
            "what is sure goes first"
        );
        let renamed = vec![(id("n"), None, value("Microorganism", 3))];
        assert_eq!(placed(renamed, stood(&hours)), [("n".to_owned(), all[0].1.clone())], "its name was corrected");
    }

    #[test]
    fn one_that_is_withdrawn_is_taken_back_and_one_that_is_not_here_is_new() {
        let new = || report("new", "entered-in-error", Vec::new());
        let old = report("old", "final", Vec::new());
        assert!(matches!(Arriving::of(new(), Some(old)), Arriving::Withdrawn(one) if one.id.as_str() == "old"));
        assert!(matches!(Arriving::of(new(), None), Arriving::New(_)));
        assert_eq!(escaped("a|b,c"), "a\\|b\\,c");
    }
}
