//! The text of a section, for whoever reads the document without a program: a table of what its entries say.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::sections::{is_not_taken, is_of_the_patient, prescription_of};
use super::{Input, name_of};
use crate::fhir::{Another, Asks};

/// One row: what, when, and more.
pub(super) struct Line([String; 3]);

/// A table as XHTML; `more` entries are not in it.
pub(super) fn html(columns: [&str; 3], lines: &[Line], more: usize) -> String {
    let mut out = String::from("<table><thead><tr>");
    for column in columns {
        out.push_str(&format!("<th>{}</th>", escaped(column)));
    }
    out.push_str("</tr></thead><tbody>");
    for Line(cells) in lines {
        out.push_str("<tr>");
        for cell in cells {
            out.push_str(&format!("<td>{}</td>", escaped(cell)));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    if more > 0 {
        out.push_str(&paragraph(&format!("There are {more} more, which are not in this summary.")));
    }
    out
}

pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no other control characters.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Name and birth date.
pub(super) fn person(patient: &Value) -> String {
    let name = patient.pointer("/name/0");
    let words = |name: &Value| {
        let given = name.get("given").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let family = name.get("family").and_then(Value::as_str);
        given.chain(family).collect::<Vec<_>>().join(" ")
    };
    let whole = name.and_then(|name| string(name, "text")).or_else(|| name.map(words)).unwrap_or_default();
    match string(patient, "birthDate") {
        Some(born) => format!("{whole}, born {born}"),
        None => whole,
    }
}

/// What an entry says, in words.
pub(super) fn line(resource: &Value, input: &Input<'_>) -> Line {
    let along = input.along;
    let kind = string(resource, "resourceType").unwrap_or_default();
    let what = ["code", "vaccineCode", "medicationCodeableConcept", "title"];
    let what = what.iter().find_map(|name| said(resource.get(name)?));
    let what = what.or_else(|| referred(resource, along)).or_else(|| substances(resource));
    let what = what.or_else(|| first(resource, "category"));
    let when = [
        "onset",
        "effective",
        "occurrence",
        "performed",
        "authoredOn",
        "timing",
        "period",
        "recordedDate",
        "dateTime",
        "dateAsserted",
        "issued",
        "created",
    ];
    let when = when.iter().find_map(|name| time(resource, name, input.zone)).unwrap_or_default();
    let status = || {
        let state = resource.get("clinicalStatus").and_then(said).or_else(|| string(resource, "status"));
        joined(state.into_iter().chain(unconfirmed(resource)), "; ")
    };
    let besides = || input.besides.get(&name_of(resource)).into_iter().flatten().cloned();
    let more = match kind.as_str() {
        "AllergyIntolerance" => reactions(resource),
        "MedicationStatement" if is_not_taken(resource) => Some(not_taken(resource)),
        "MedicationStatement" => {
            let own = [(input.dose)(resource, input.zone), doubt(resource, input.zone)];
            joined(own.into_iter().flatten().chain(of_no_more(resource, input)).chain(besides()), ". ")
        }
        "MedicationRequest" if Asks::of(resource) == Asks::NotToGive => {
            let of = (input.dose)(resource, input.zone).map(|dose| format!("This is said of: {dose}"));
            let why = first(resource, "reasonCode").map(|why| format!("Reason: {why}"));
            joined([Some("Not to be given".to_owned()), of, why].into_iter().flatten(), ". ")
        }
        "MedicationRequest" => {
            let own = [(input.dose)(resource, input.zone), doubt(resource, input.zone)];
            joined(own.into_iter().flatten().chain(besides()), ". ")
        }
        "Immunization" => string(resource, "lotNumber").map(|lot| format!("Lot {lot}")),
        "Observation" if is_of_the_patient(resource) => {
            finding(resource).map(|said| format!("{said} (by the patient)"))
        }
        "Observation" => finding(resource),
        "DiagnosticReport" => string(resource, "conclusion").or_else(|| first(resource, "conclusionCode")),
        "CarePlan" => string(resource, "description"),
        _ => status(),
    };
    let what = what.unwrap_or_else(|| "Not named".into());
    let prohibits = kind == "MedicationRequest" && Asks::of(resource) == Asks::NotToGive;
    let what = match about_another(resource).filter(|_| kind == "Observation") {
        Some(about) => format!("{what} ({about})"),
        None if prohibits => format!("NOT TO BE GIVEN: {what}"),
        None => what,
    };
    Line([what, when, joined(more.into_iter().chain(notes(resource)), ". ").unwrap_or_default()])
}

/// Whom a value is about, where that is not the patient.
fn about_another(observation: &Value) -> Option<String> {
    let another = Another::of(observation)?;
    let names = another.focus.iter().filter_map(|one| string(one, "display"));
    let names: Vec<String> = names.chain(another.specimen.map(|sample| format!("sample: {sample}"))).collect();
    Some(match names.is_empty() {
        true => "not about the patient themselves".to_owned(),
        false => format!("about: {}", names.join(", ")),
    })
}

/// What somebody noted with it.
fn notes(resource: &Value) -> Option<String> {
    let all = resource.get("note").and_then(Value::as_array).into_iter().flatten();
    joined(all.filter_map(|note| string(note, "text")), "; ").map(|notes| format!("Note: {notes}"))
}

/// What says that a problem or an allergy is not certain.
fn unconfirmed(resource: &Value) -> Option<String> {
    let verification = resource.get("verificationStatus")?;
    let coding = verification.pointer("/coding/0/code").and_then(Value::as_str);
    (coding != Some("confirmed")).then(|| said(verification)).flatten()
}

/// That a statement is of a prescription which is no entry.
fn of_no_more(statement: &Value, input: &Input<'_>) -> Option<String> {
    let of = prescription_of(statement)?;
    let is_entry = input.chosen.iter().any(|one| name_of(one) == of);
    (!is_entry).then(|| "Its prescription does not count any more, or is not to be seen here".to_owned())
}

/// What says that it may not be taken now: its status, and the last day that it has.
fn doubt(resource: &Value, zone: &TimeZone) -> Option<String> {
    let state = match string(resource, "status").as_deref() {
        Some("unknown") => Some("It is not known whether it is taken".to_owned()),
        Some("on-hold") => Some("Paused at the moment".to_owned()),
        Some("intended") => Some("Not begun yet".to_owned()),
        _ => None,
    };
    let ends = ["/effectivePeriod/end", "/dispenseRequest/validityPeriod/end"];
    let end = ends.iter().find_map(|at| Some(on_the_clock(resource.pointer(at)?.as_str()?, zone, "%Y-%m-%d")));
    joined(state.into_iter().chain(end.map(|end| format!("Until {end}"))), ". ")
}

/// What the reactions of an allergy name as the substance.
fn substances(resource: &Value) -> Option<String> {
    let reactions = resource.get("reaction").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<String> = reactions.filter_map(|one| said(one.get("substance")?)).collect();
    names.dedup();
    joined(names, ", ")
}

fn not_taken(statement: &Value) -> String {
    let source = statement.get("informationSource");
    let to = source.and_then(|source| string(source, "reference")).unwrap_or_default();
    let of_patient = ["Patient/", "RelatedPerson/"].iter().any(|kind| to.starts_with(kind));
    let said = match source.and_then(|source| string(source, "display")) {
        _ if of_patient => "Not taken, says the patient".to_owned(),
        Some(by) => format!("Reported as not taken by {by}"),
        None => "Reported as not taken".to_owned(),
    };
    match first(statement, "statusReason").or_else(|| first(statement, "reasonCode")) {
        Some(reason) => format!("{said}: {reason}"),
        None => said,
    }
}

/// What was said, one after the other, if anything was.
fn joined(said: impl IntoIterator<Item = String>, between: &str) -> Option<String> {
    let said: Vec<String> = said.into_iter().collect();
    (!said.is_empty()).then(|| said.join(between))
}

fn string(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A text, or what a CodeableConcept says: its text, the first display, the first code.
fn said(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let codings = value.get("coding").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    string(value, "text")
        .or_else(|| codings.iter().find_map(|coding| string(coding, "display")))
        .or_else(|| codings.iter().find_map(|coding| string(coding, "code")))
}

/// The first of a list of CodeableConcepts.
fn first(resource: &Value, name: &str) -> Option<String> {
    said(resource.get(name)?.get(0)?)
}

/// What a medicine or a device is called that the resource refers to.
fn referred(resource: &Value, along: &[Value]) -> Option<String> {
    let reference = resource.get("medicationReference").or_else(|| resource.get("device"))?;
    let name = string(reference, "reference")?;
    let is_it = |one: &&Value| {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        name.strip_prefix(text("resourceType")).and_then(|rest| rest.strip_prefix('/')) == Some(text("id"))
    };
    let contained = |name: &str| {
        let all = resource.get("contained")?.as_array()?;
        all.iter().find(|one| string(one, "id").as_deref() == name.strip_prefix('#'))
    };
    let target = along.iter().find(is_it).or_else(|| contained(&name));
    let of = |target: &Value| {
        let named = ["code", "type"].iter().find_map(|name| said(target.get(name)?));
        named.or_else(|| string(target.pointer("/deviceName/0")?, "name"))
    };
    target.and_then(of).or_else(|| string(reference, "display"))
}

/// A choice of times by its stem, or a plain one: the day as it stands, a time on this clock; of a Period, its start.
fn time(resource: &Value, name: &str, zone: &TimeZone) -> Option<String> {
    let one = ["", "DateTime", "Date", "String"].iter().find_map(|end| string(resource, &format!("{name}{end}")));
    let one = one.or_else(|| {
        let period = resource.get(format!("{name}Period")).or_else(|| resource.get(name))?;
        string(period, "start").or_else(|| string(period, "end"))
    });
    // Seconds and fractions say nothing to a reader.
    one.map(|text| on_the_clock(&text, zone, "%Y-%m-%d %H:%M"))
}

/// A moment in this form on this clock; a day, a month or a year as it is.
fn on_the_clock(text: &str, zone: &TimeZone, form: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime(form).to_string(),
        Err(_) => text.to_owned(),
    }
}

fn reactions(resource: &Value) -> Option<String> {
    let all = resource.get("reaction").and_then(Value::as_array).into_iter().flatten();
    let manifestations =
        all.filter_map(|reaction| reaction.get("manifestation")?.as_array()).flatten().filter_map(said);
    let mut words: Vec<String> = manifestations.collect();
    if let Some(criticality) = string(resource, "criticality") {
        words.push(format!("criticality: {criticality}"));
    }
    words.extend(resource.get("clinicalStatus").and_then(said));
    words.extend(unconfirmed(resource));
    joined(words, "; ")
}

/// The value of a measurement, or of its parts.
fn finding(resource: &Value) -> Option<String> {
    let value = value_of(resource).or_else(|| {
        let parts = resource.get("component")?.as_array()?;
        let part = |part: &Value| Some(format!("{}: {}", said(part.get("code")?)?, value_of(part)?));
        joined(parts.iter().filter_map(part), "; ")
    });
    let absent = || resource.get("dataAbsentReason").and_then(said);
    let value = value.or_else(absent)?;
    // Of several, which is this patient's is not for a table to say.
    let range = match resource.get("referenceRange").and_then(Value::as_array).map(Vec::as_slice) {
        Some([range]) => reference_range(range),
        _ => None,
    };
    match joined([first(resource, "interpretation"), range].into_iter().flatten(), "; ") {
        Some(how) => Some(format!("{value} ({how})")),
        None => Some(value),
    }
}

/// The range that the laboratory gave: as it says it, or its bounds.
fn reference_range(range: &Value) -> Option<String> {
    let bound = |name: &str| range.get(name).and_then(quantity);
    let words = string(range, "text").or_else(|| match (bound("low"), bound("high")) {
        (Some(low), Some(high)) => Some(format!("{low} to {high}")),
        (Some(low), None) => Some(format!("{low} or more")),
        (None, Some(high)) => Some(format!("{high} or less")),
        (None, None) => None,
    })?;
    Some(format!("reference range: {words}"))
}

fn value_of(of: &Value) -> Option<String> {
    if let Some(value) = of.get("valueQuantity") {
        return quantity(value);
    }
    if let Some(value) = of.get("valueCodeableConcept") {
        return said(value);
    }
    let plain = ["valueString", "valueDateTime", "valueTime"].iter().find_map(|name| string(of, name));
    let number = || ["valueInteger", "valueBoolean"].iter().find_map(|name| of.get(name)).map(ToString::to_string);
    let range = || {
        let range = of.get("valueRange")?;
        Some(format!("{} to {}", quantity(range.get("low")?)?, quantity(range.get("high")?)?))
    };
    plain.or_else(number).or_else(range)
}

fn quantity(value: &Value) -> Option<String> {
    let number = value.get("value")?;
    let unit = string(value, "unit").or_else(|| string(value, "code")).unwrap_or_default();
    let comparator = string(value, "comparator").unwrap_or_default();
    Some(format!("{comparator}{number} {unit}").trim().to_owned())
}
