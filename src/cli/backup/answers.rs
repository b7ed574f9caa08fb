//! What `chartbox backup` prints.

use serde_json::{Value, json};

use crate::backup::{ListedSnapshot, ListedTarget};
use crate::cli::{Failure, Out, field};

/// Bytes for people.
fn size(bytes: &Value) -> String {
    bytes.as_u64().map_or_else(|| "-".to_owned(), |bytes| indicatif::BinaryBytes(bytes).to_string())
}

fn text(value: &Value, key: &str) -> String {
    match field(value, key) {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        other => other.to_string(),
    }
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    field(value, key).as_array().into_iter().flatten()
}

pub(super) fn created(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for target in list(answer, "targets") {
        match field(target, "error").as_str() {
            Some(error) => out.line(format!("{}: NOT backed up. {error}", text(target, "target")))?,
            None => out.line(format!(
                "{}: backed up; {} were new, of {} in all.",
                text(target, "target"),
                size(field(target, "bytes")),
                size(field(answer, "bytes"))
            ))?,
        }
    }
    let seconds = field(answer, "seconds").as_f64().unwrap_or_default();
    let (rows, entries) = (text(answer, "rows"), text(answer, "auditEntries"));
    out.line(format!(
        "The snapshot {} has {rows} rows and {entries} entries of the access log. It took {seconds:.1} s.",
        text(answer, "snapshot")
    ))
}

/// A target that got nothing makes the command fail, though others have the snapshot.
pub(super) fn all_good(answer: &Value) -> Result<(), Failure> {
    let failed = list(answer, "targets").filter(|target| !field(target, "error").is_null()).count();
    match failed {
        0 => Ok(()),
        1 => Err(Failure::failed("one target has no snapshot of now; the reason stands above")),
        n => Err(Failure::failed(format!("{n} targets have no snapshot of now; the reasons stand above"))),
    }
}

pub(super) fn of_target(target: &ListedTarget) -> Value {
    json!({
        "target": target.spec.name,
        "place": target.spec.place,
        "error": target.error.as_ref().map(ToString::to_string),
        "warnings": target.warnings,
        "snapshots": target.snapshots.iter().map(of_snapshot).collect::<Vec<_>>(),
    })
}

pub(super) fn of_snapshot(snapshot: &ListedSnapshot) -> Value {
    let manifest = snapshot.manifest.as_ref();
    json!({
        "snapshot": snapshot.name.as_str(),
        "number": snapshot.name.number(),
        "created": snapshot.name.time().to_string(),
        "clinic": manifest.map(|manifest| &manifest.clinic),
        "rows": manifest.map(crate::backup::layout::Manifest::rows),
        "bytes": manifest.map(crate::backup::layout::Manifest::bytes),
        "auditEntries": manifest.map(|manifest| manifest.audit.entries),
        "program": manifest.map(|manifest| &manifest.program),
        "fault": snapshot.fault,
    })
}

pub(super) fn listed(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for target in list(answer, "targets") {
        out.line(format!("{} ({})", text(target, "target"), text(target, "place")))?;
        if let Some(error) = field(target, "error").as_str() {
            out.line(format!("  {error}"))?;
            continue;
        }
        for warning in list(target, "warnings") {
            out.line(format!("  Attention: {}", warning.as_str().unwrap_or_default()))?;
        }
        let rows: Vec<[String; 5]> = list(target, "snapshots")
            .map(|one| {
                let held = match field(one, "fault").as_str() {
                    Some(fault) => fault.to_owned(),
                    None => text(one, "rows"),
                };
                [text(one, "number"), text(one, "created"), text(one, "snapshot"), size(field(one, "bytes")), held]
            })
            .collect();
        if rows.is_empty() {
            out.line("  There is no snapshot yet.")?;
        } else {
            out.table(["Number", "Made", "Name", "Holds", "Rows"], &rows)?;
        }
    }
    Ok(())
}

pub(super) fn restored(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    out.line(format!(
        "{} is back in {}, as it was at {}: {} rows, {} entries of the access log.",
        text(answer, "clinic"),
        text(answer, "to"),
        text(answer, "created"),
        text(answer, "rows"),
        text(answer, "auditEntries")
    ))?;
    if let Some(configuration) = field(answer, "configuration").as_str() {
        out.line(format!("Its configuration of that time lies in {configuration}."))?;
    }
    out.line("Accounts, passwords and tokens are as they were then: disable again who left since.")?;
    out.line(format!("It opens with: {}.", text(answer, "opensWith")))
}
