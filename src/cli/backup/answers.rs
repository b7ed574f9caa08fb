//! What `chartbox backup` prints.

use serde_json::{Value, json};

use crate::app::take_back::{Found, Item, Kept};
use crate::backup::layout::SnapshotName;
use crate::backup::{
    BackupError, Checked, Damage, Depth, DrillRow, How, ListedSnapshot, ListedTarget, Pruned, TriedRow,
};
use crate::base::counted;
use crate::cli::{Failure, Out, field, size};

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
        match (field(target, "error").as_str(), field(target, "attention").as_str()) {
            (Some(error), _) => out.line(format!("{}: NOT backed up. {error}", text(target, "target")))?,
            (None, Some(attention)) => out.line(format!("{}: Attention: {attention}", text(target, "target")))?,
            (None, None) => out.line(format!(
                "{}: backed up; {} were new, of {} in all.",
                text(target, "target"),
                size(field(target, "bytes")),
                size(field(answer, "bytes"))
            ))?,
        }
        gone(out, &format!("{}: ", text(target, "target")), target)?;
        beside(out, &format!("{}: ", text(target, "target")), target)?;
        if field(target, "bytesResumed").as_u64().unwrap_or_default() > 0 {
            let size = size(field(target, "bytesResumed"));
            out.line(format!(
                "  A backup that was broken off had left {size} there, which this one needed not write again."
            ))?;
        }
    }
    if field(answer, "unmarked").as_u64().unwrap_or_default() > 0 {
        out.line(
            "Attention: the store had changed where the box did not know of it. This snapshot is whole, since everything was \
             read; those of the last days may lack something: keep older ones, and report this.",
        )?;
    }
    let seconds = field(answer, "seconds").as_f64().unwrap_or_default();
    let (rows, entries) = (text(answer, "rows"), text(answer, "auditEntries"));
    out.line(format!(
        "The snapshot {} has {rows} rows and {entries} entries of the access log. It took {seconds:.1} s.",
        text(answer, "snapshot")
    ))
}

/// Says which snapshots a target lost, behind what names the target.
fn gone(out: &mut Out, name: &str, target: &Value) -> Result<(), Failure> {
    let names: Vec<&str> = list(target, "gone").filter_map(Value::as_str).collect();
    let Some(first) = names.first() else { return Ok(()) };
    let (they, is) = if names.len() == 1 { ("it", "is") } else { ("them", "are") };
    out.line(format!(
        "{name}Attention: {} {is} gone, and this box did not remove {they}. Was something removed by hand, or is a disk \
         failing? To have no more said of it: `chartbox backup prune --target {} --forget {first}`{}",
        crate::backup::said_of(&names),
        text(target, "target"),
        if names.len() == 1 { "." } else { ", and so for each." },
    ))
}

/// Says which snapshots are of another run of the box, behind what names the target.
fn beside(out: &mut Out, name: &str, target: &Value) -> Result<(), Failure> {
    let names: Vec<&str> = list(target, "otherRun").filter_map(Value::as_str).collect();
    if names.is_empty() {
        return Ok(());
    }
    out.line(format!("{name}Attention: {}", crate::backup::of_another_run(&names)))
}

pub(super) fn names(names: &[SnapshotName]) -> Vec<&str> {
    names.iter().map(SnapshotName::as_str).collect()
}

/// A target with which it did not work makes the command fail, though it worked with others.
pub(super) fn all_good(answer: &Value) -> Result<(), Failure> {
    let unseen =
        |target: &Value| list(target, "snapshots").any(|one| matches!(field(one, "unseen"), Value::Bool(true)));
    let failed = list(answer, "targets").filter(|target| !field(target, "error").is_null() || unseen(target)).count();
    match failed {
        0 => Ok(()),
        1 => Err(Failure::failed("it did not work with one target; the reason stands above")),
        n => Err(Failure::failed(format!("it did not work with {n} targets; the reasons stand above"))),
    }
}

pub(super) fn of_target(target: &ListedTarget) -> Value {
    json!({
        "target": target.spec.name,
        "place": target.spec.place.to_string(),
        "kind": target.spec.place.kind(),
        "freeBytes": target.free,
        "error": target.error.as_ref().map(ToString::to_string),
        "damaged": target.is_damaged(),
        "gone": target.gone.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "otherRun": names(&target.beside),
        "faults": target.faults.iter().map(of_fault).collect::<Vec<_>>(),
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
        "damaged": snapshot.damaged,
        "unseen": snapshot.unseen,
    })
}

pub(super) fn listed(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for target in list(answer, "targets") {
        let free = match field(target, "freeBytes") {
            Value::Null => String::new(),
            free => format!(", {} free", size(free)),
        };
        out.line(format!("{} ({}{free})", text(target, "target"), text(target, "place")))?;
        if let Some(error) = field(target, "error").as_str() {
            out.line(format!("  {error}"))?;
            continue;
        }
        gone(out, "  ", target)?;
        for fault in list(target, "faults") {
            out.line(format!("  {}", text(fault, "text")))?;
        }
        if list(target, "snapshots").any(|one| matches!(field(one, "damaged"), Value::Bool(true))) {
            mended(out, "  ", target)?;
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
    if let Some(aside) = field(answer, "keptAside").as_str() {
        out.line(format!("The box that was there is kept in {aside}: remove it once you need it no more."))?;
    }
    if let Some(configuration) = field(answer, "configuration").as_str() {
        out.line(format!("Its configuration of that time lies in {configuration}."))?;
    }
    out.line("Accounts, passwords and tokens are as they were then: disable again who left since.")?;
    out.line(format!("It opens with: {}.", text(answer, "opensWith")))
}

pub(super) fn of_check(checked: &Checked) -> Value {
    json!({
        "whole": checked.is_whole(),
        "everyByte": checked.depth == Depth::All && checked.strange == 0 && checked.left.is_empty(),
        "everyOwnByte": checked.depth == Depth::All,
        "packsNotRead": checked.strange,
        "otherRun": names(&checked.beside),
        "snapshots": checked.snapshots,
        "good": checked.good.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "left": checked.left.iter().map(|(name, why)| json!({ "snapshot": name.as_str(), "why": why })).collect::<Vec<_>>(),
        "gone": checked.gone.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "chunks": checked.chunks,
        "packs": checked.packs,
        "unusedPacks": checked.unused,
        "bytes": checked.bytes,
        "faults": checked.faults.iter().map(of_fault).collect::<Vec<_>>(),
    })
}

fn of_fault(fault: &Damage) -> Value {
    json!({
        "file": fault.file,
        "fault": fault.what.code(),
        "lost": fault.lost.names(),
        "text": fault.to_string(),
    })
}

/// What becomes of damage that costs snapshots, behind what names the target.
fn mended(out: &mut Out, name: &str, target: &Value) -> Result<(), Failure> {
    out.line(format!(
        "{name}the next backup writes anew what the box still has of it. What cannot be read may be read again once the disk and what \
         connects it are looked at; what is lost for good goes with: chartbox backup prune --target {} --forget NUMBER",
        text(target, "target")
    ))
}

pub(super) fn verified(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for target in list(answer, "targets") {
        let name = text(target, "target");
        if let Some(error) = field(target, "error").as_str() {
            out.line(format!("{name}: could not be checked. {error}"))?;
            continue;
        }
        let is_gone = |fault: &&Value| {
            list(target, "gone").any(|gone| text(fault, "file").ends_with(gone.as_str().unwrap_or("-")))
        };
        for fault in list(target, "faults").filter(|fault| !is_gone(fault)) {
            out.line(format!("{name}: {}", text(fault, "text")))?;
        }
        if list(target, "faults").any(|fault| !is_gone(&fault) && list(fault, "lost").next().is_some()) {
            mended(out, &format!("{name}: "), target)?;
        }
        gone(out, &format!("{name}: "), target)?;
        for left in list(target, "left") {
            out.line(format!("{name}: {}", text(left, "why")))?;
        }
        beside(out, &format!("{name}: "), target)?;
        let good = list(target, "good").count();
        let how = match (field(target, "everyByte"), field(target, "everyOwnByte")) {
            (Value::Bool(true), _) => format!("every byte was read ({})", size(field(target, "bytes"))),
            (_, Value::Bool(true)) => format!(
                "every byte of what this box can open was read ({}), and {} of data under keys that it does not have not",
                size(field(target, "bytes")),
                counted(field(target, "packsNotRead").as_u64().unwrap_or_default(), "file", "files")
            ),
            _ => "everything that they need is there; --all reads every byte".to_owned(),
        };
        let snapshots = field(target, "snapshots").as_u64().unwrap_or_default();
        out.line(match field(target, "whole") {
            Value::Bool(true) if snapshots == 0 => format!("{name}: there is no snapshot yet."),
            Value::Bool(true) => format!("{name}: {good} of {} good: {how}.", are(snapshots)),
            _ => match list(target, "good").last().and_then(Value::as_str) {
                Some(newest) => format!("{name}: {good} of {} good; the newest of these is {newest}.", are(snapshots)),
                None => format!("{name}: none of {} good. Make a backup now, to another place too.", are(snapshots)),
            },
        })?;
    }
    Ok(())
}

/// Snapshots and their verb.
fn are(count: u64) -> String {
    counted(count, "snapshot is", "snapshots are")
}

pub(super) fn of_try(tried: &TriedRow) -> Value {
    json!({ "works": tried.error.is_none(), "error": tried.error, "millis": tried.millis, "freeBytes": tried.free })
}

pub(super) fn tried(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for target in list(answer, "targets") {
        let name = text(target, "target");
        match field(target, "error").as_str() {
            Some(error) => out.line(format!("{name}: cannot be used. {error}"))?,
            None => {
                let free = match field(target, "freeBytes") {
                    Value::Null => String::new(),
                    free => format!(" {} are free there.", size(free)),
                };
                out.line(format!(
                    "{name}: works. A file was written, read back and removed, in {} ms.{free}",
                    text(target, "millis")
                ))?;
            }
        }
    }
    Ok(())
}

pub(super) fn of_drill(drill: &DrillRow, beside: &[SnapshotName]) -> Value {
    if drill.untried || drill.snapshot.is_empty() {
        return json!({ "error": drill.faults.join(" "), "damaged": !drill.untried });
    }
    json!({
        "whole": drill.passed(),
        "at": drill.at.to_string(),
        "snapshot": drill.snapshot,
        "seconds": drill.seconds,
        "rows": drill.rows,
        "auditEntries": drill.entries,
        "samples": drill.samples,
        "otherRun": names(beside),
        "faults": drill.faults,
    })
}

pub(super) fn drilled(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for target in list(answer, "targets") {
        let name = text(target, "target");
        if let Some(error) = field(target, "error").as_str() {
            out.line(format!("{name}: the drill says nothing of the backup. {error}"))?;
            continue;
        }
        beside(out, &format!("{name}: "), target)?;
        for fault in list(target, "faults") {
            out.line(format!("{name}: {}", fault.as_str().unwrap_or_default()))?;
        }
        let [snapshot, rows, entries, samples, seconds] =
            ["snapshot", "rows", "auditEntries", "samples", "seconds"].map(|key| text(target, key));
        out.line(match field(target, "whole") {
            Value::Bool(true) => format!(
                "{name}: {snapshot} was restored in {seconds} s: {rows} rows, {entries} entries of the access log, and \
                 {samples} rows taken at random, all as they were."
            ),
            _ => format!("{name}: the drill of {snapshot} was NOT passed."),
        })?;
    }
    Ok(())
}

/// Exit code 3 where something is not as it was, 1 where it could not be looked at.
pub(super) fn nothing_wrong(answer: &Value, sentence: &str) -> Result<(), Failure> {
    let wrong = |target: &Value| {
        matches!(field(target, "whole"), Value::Bool(false)) || matches!(field(target, "damaged"), Value::Bool(true))
    };
    if list(answer, "targets").any(wrong) { Err(Failure::Tampered(sentence.to_owned())) } else { all_good(answer) }
}

pub(super) fn of_prune(pruned: &Pruned, how: How) -> Value {
    json!({
        "dryRun": how == How::DryRun,
        "removed": pruned.forgotten.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "givenUp": pruned.given_up.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "gone": pruned.gone.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "otherRun": names(&pruned.beside),
        "kept": pruned.kept,
        "relied": pruned.relied.as_ref().map(SnapshotName::as_str),
        "packsRemoved": pruned.packs_removed,
        "bytesFreed": pruned.bytes_freed,
        "packsMarked": pruned.packs_marked,
        "bytesMarked": pruned.bytes_marked,
        "bytesRewritten": pruned.bytes_rewritten,
        "heldBack": pruned.held_back,
        "damaged": pruned.damaged,
    })
}

/// A removal that was broken off: what was removed until then, and why.
pub(super) fn of_broken_off(error: &BackupError, how: How) -> Value {
    let mut answer = match error {
        BackupError::Halfway { done, .. } => of_prune(done, how),
        _ => json!({}),
    };
    let damaged = error.is_damage() || matches!(field(&answer, "damaged"), Value::Bool(true));
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("error".into(), error.to_string().into());
        fields.insert("damaged".into(), damaged.into());
    }
    answer
}

pub(super) fn pruned(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for target in list(answer, "targets") {
        let name = text(target, "target");
        match (field(target, "error").as_str(), field(target, "removed").is_null()) {
            (Some(error), true) => {
                out.line(format!("{name}: nothing was removed. {error}"))?;
                continue;
            }
            (Some(error), false) => out.line(format!("{name}: {error}"))?,
            (None, _) => {}
        }
        let (removed, kept) = (list(target, "removed").count(), field(target, "kept").as_u64().unwrap_or_default());
        let word = match (field(target, "dryRun"), removed) {
            (Value::Bool(true), _) => "would be removed",
            (_, 1) => "was removed",
            _ => "were removed",
        };
        let [snapshots, stay] = [(removed == 1, "snapshot", "snapshots"), (kept == 1, "stays", "stay")]
            .map(|(one, singular, plural)| if one { singular } else { plural });
        out.line(format!("{name}: {removed} {snapshots} {word}, {kept} {stay}."))?;
        for snapshot in list(target, "removed") {
            out.line(format!("  {}", snapshot.as_str().unwrap_or_default()))?;
        }
        for snapshot in list(target, "givenUp") {
            let snapshot = snapshot.as_str().unwrap_or_default();
            let asked = if matches!(field(target, "dryRun"), Value::Bool(true)) { "would not be" } else { "is not" };
            out.line(format!("{name}: {snapshot} was gone already, and {asked} asked for any more."))?;
        }
        gone(out, &format!("{name}: "), target)?;
        beside(out, &format!("{name}: "), target)?;
        if let Some(relied) = field(target, "relied").as_str() {
            out.line(format!("{name}: {relied}, which stays, was read whole first."))?;
        }
        if let Some(why) = field(target, "heldBack").as_str() {
            out.line(format!("{name}: {why}."))?;
        } else if matches!(field(target, "damaged"), Value::Bool(true)) {
            out.line(format!(
                "{name}: something there cannot be read, or is missing. `chartbox backup verify` says what."
            ))?;
        }
        let bytes = |key| field(target, key).as_u64().unwrap_or_default();
        if bytes("bytesFreed") > 0 {
            out.line(format!("{name}: {} are free again.", size(field(target, "bytesFreed"))))?;
        }
        if bytes("bytesMarked") > 0 {
            out.line(format!("{name}: {} more will be free a day from now.", size(field(target, "bytesMarked"))))?;
        }
    }
    Ok(())
}

/// What was found of a patient or a resource in a snapshot.
pub(super) fn of_found(found: &Found) -> Value {
    let items: Vec<Value> = found.items.iter().map(of_item).collect();
    json!({
        "snapshot": found.snapshot,
        "newestGone": found.newest_gone,
        "items": items,
        "goesOnAs": found.goes_on_as.as_ref().map(|id| format!("Patient/{id}")),
    })
}

fn of_item(item: &Item) -> Value {
    let (now, last) = if item.is_there() { (&item.is, &None) } else { (&None, &item.is) };
    json!({
        "resource": format!("{}/{}", item.kind.name(), item.id),
        "stands": item.stands.code(),
        "then": item.was,
        "now": now,
        "last": last,
        "changed": item.changed,
        "comes": item.comes,
        "cut": item.cut,
        "opens": item.opens,
        "waysStay": item.ways,
        "held": item.held,
    })
}

/// Adds what became of it, where anything was to be kept.
pub(super) fn add_kept(answer: &mut Value, kept: Option<&Kept>) {
    let names =
        |kept: &Kept| kept.meanwhile.iter().map(|(kind, id)| format!("{}/{id}", kind.name())).collect::<Vec<_>>();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("kept".into(), json!(kept.map(|kept| kept.written)));
        fields.insert("meanwhile".into(), json!(kept.map(names).unwrap_or_default()));
    }
}

pub(super) fn taken_back(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    if let Some(gone) = field(answer, "newestGone").as_str() {
        out.line(format!(
            "Attention: the newest snapshot that was made there, {gone}, is gone: {} is an older one.",
            text(answer, "snapshot")
        ))?;
    }
    let count = |stands: &str| list(answer, "items").filter(|item| text(item, "stands") == stands).count();
    for item in list(answer, "items").filter(|item| text(item, "stands") != "same") {
        out.line(format!("{} {}{}{}", text(item, "resource"), stands(item, answer), states(item), what_then(item)))?;
    }
    for resource in list(answer, "meanwhile").filter_map(Value::as_str) {
        out.line(format!("{resource} was changed just now, after it was looked at, and stays as it is"))?;
    }
    let same = counted(count("same") as u64, "resource is as it was", "resources are as they were");
    out.line(format!("{same} in {}.", text(answer, "snapshot")))?;
    if let Some(other) = field(answer, "goesOnAs").as_str() {
        out.line(format!(
            "Attention: this record was joined to another one, and nothing comes into it. It goes on in {other}."
        ))?;
    }
    if count("no-patient") > 0 {
        out.line(
            "Attention: the patient is not in this box and was changed since, and nobody could open a record without one. Bring the \
             patient back first, by `--resource Patient/ID`, and then the rest.",
        )?;
    }
    match field(answer, "kept").as_u64() {
        Some(kept) => out.line(format!(
            "{} back, as new versions: what was there before stays in the history.",
            counted(kept, "resource is", "resources are")
        )),
        None if list(answer, "items").all(|item| !matches!(field(item, "comes"), Value::Bool(true))) => {
            out.line("There is nothing to bring back.")
        }
        None => out.line("Nothing was changed. With --apply, those above come back that are not said to stay."),
    }
}

/// How one stands.
fn stands(item: &Value, answer: &Value) -> String {
    let comes = matches!(field(item, "comes"), Value::Bool(true));
    let how = match text(item, "stands").as_str() {
        "differs" if comes => "was changed since",
        "differs" => return format!("was changed since{}, and stays as it is", elements(item)),
        "deleted" => "was deleted since",
        "access" => "lets somebody see the record, and stays as it is now",
        "refusal" => "refuses somebody the record, and is not in this box any more: it comes back as far as it refuses",
        "elsewhere" => "is another patient's, too, or was or would be",
        "joined" => "was joined with another record since, or parted from one, and stays so",
        "no-patient" => "stays away, for its patient is not in this box and does not come",
        "led-away" => return format!("stays as it is: its record goes on in {}", text(answer, "goesOnAs")),
        "mistake" => "was marked as a mistake since, and stays one",
        "own-work" => "is work that the box does by itself, and is not begun anew",
        "absent" => "is referred to, and is not in this box any more",
        _ => "is not in this box",
    };
    how.to_owned()
}

/// In which elements it was changed.
fn elements(item: &Value) -> String {
    let all: Vec<&str> = list(item, "changed").filter_map(Value::as_str).collect();
    if all.is_empty() { String::new() } else { format!(" in {}", all.join(", ")) }
}

/// What it said of itself then, and says now: whoever approves sees what would be valid again.
fn states(item: &Value) -> String {
    let said = [("now", "now"), ("last", "at last"), ("then", "then")];
    let all = said.iter().filter_map(|(key, word)| Some(format!("{} {word}", field(item, key).as_str()?)));
    let all: Vec<String> = all.collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join("; ")) }
}

/// What becomes of one.
fn what_then(item: &Value) -> String {
    let is = |key| matches!(field(item, key), Value::Bool(true));
    let stands = text(item, "stands");
    let more = match (stands.as_str(), is("comes"), is("cut")) {
        ("elsewhere", true, _) => ", and comes into the record that it was in, and out of the other",
        ("elsewhere", false, _) => ", and stays as it is: `--resource` with its name brings it back",
        ("joined", ..) => ": two records are joined, and made two again, on the page \"Duplicates\" alone",
        ("refusal" | "led-away" | "no-patient" | "own-work", ..) => "",
        (_, true, true) => "; it names those who would see the record by it, and lets none of them",
        (_, true, false) => "",
        _ => ": `--resource` with its name brings it back",
    };
    let lost = match elements(item) {
        of if of.is_empty() || !is("comes") || stands == "refusal" => String::new(),
        of => format!("; it comes as it was then: what was changed{of} stays in the history alone"),
    };
    let opens = if is("opens") { "; it lets somebody see the record who may not now" } else { "" };
    let ways = if is("waysStay") {
        "; what of its numbers and addresses ended, was changed or became another's since stays so"
    } else {
        ""
    };
    let held = if is("held") {
        "; it stays held from the patient: what would have let it go is not begun anew, and somebody must set it again"
    } else {
        ""
    };
    format!("{more}{lost}{ways}{held}{opens}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_approves_reads_what_each_is_now_and_what_would_come() {
        let item = |now: Option<&str>, last: Option<&str>, then: Option<&str>| json!({ "now": now, "last": last, "then": then });
        assert_eq!(states(&item(Some("stopped"), None, Some("active"))), " (stopped now; active then)");
        assert_eq!(
            states(&item(None, Some("inactive, refuted"), Some("active"))),
            " (inactive, refuted at last; active then)"
        );
        assert_eq!(states(&item(None, None, None)), "");
    }

    #[test]
    fn whoever_approves_reads_what_was_changed_since_and_what_is_lost_where_it_comes() {
        let item = |comes: bool| json!({ "stands": "differs", "changed": ["doNotPerform", "note"], "comes": comes });
        let line = |comes: bool| format!("it {}{}", stands(&item(comes), &Value::Null), what_then(&item(comes)));
        assert_eq!(
            line(false),
            "it was changed since in doNotPerform, note, and stays as it is: `--resource` with its name brings it back"
        );
        assert_eq!(
            line(true),
            "it was changed since; it comes as it was then: what was changed in doNotPerform, note stays in the history alone"
        );
    }

    #[test]
    fn a_list_in_which_something_could_not_be_looked_at_does_not_end_well() {
        let of = |damaged: bool, unseen: bool| {
            let snapshots = json!([{ "damaged": damaged, "unseen": unseen }]);
            let answer = json!({ "targets": [{ "error": null, "damaged": damaged, "snapshots": snapshots }] });
            nothing_wrong(&answer, "damaged").map_err(|failure| failure.exit_code())
        };
        assert_eq!((of(false, false), of(false, true), of(true, true)), (Ok(()), Err(1), Err(3)));
    }
}
