//! `chartbox status`

use clap::Args;
use serde_json::{Value, json};

use super::order::{Caller, Order};
use super::place::Reach;
use super::{Failure, Out, field, size};
use crate::app::{AppError, Opened, stored_leaf};
use crate::audit::{self, Action};
use crate::backup::{Concern, Standing, TargetStanding, of_another_run};
use crate::http::keys::SheetsFacts;
use crate::store::StoreStats;

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    reach: Reach,
    /// Make a new setup code and print it, when the box waits to be set up and the first one is lost.
    #[arg(long)]
    setup_code: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let json = self.json;
        let done = self.act(out);
        if json { out.failed(done) } else { done }
    }

    fn act(self, out: &mut Out) -> Result<(), Failure> {
        if self.setup_code {
            let answer = self.reach.order(Order::SetupCode)?;
            return match self.json {
                true => out.json(&answer),
                false => out.line(format!("Setup code: {}", field(&answer, "code").as_str().unwrap_or_default())),
            };
        }
        let answer = self.reach.order(Order::Status)?;
        if self.json {
            return out.json(&answer);
        }
        for (label, key) in [
            ("clinic", "clinic"),
            ("name", "name"),
            ("network", "network"),
            ("version", "version"),
            ("opened by", "openedBy"),
            ("at rest", "atRest"),
            ("sheet", "sheet"),
            ("setup", "setup"),
            ("accounts", "accounts"),
            ("log entries", "auditEntries"),
            ("verified", "lastVerified"),
            ("found", "logFound"),
            ("checkpoint", "lastCheckpoint"),
            ("last backup", "lastBackup"),
            ("last drill", "lastDrill"),
            ("backups", "backupsStand"),
            ("certificate", "certificateUntil"),
            ("store", "storeBytes"),
            ("disk free", "diskFreeBytes"),
            ("disk room", "diskRoom"),
            ("folder", "folder"),
        ] {
            out.line(format!("{label:12} {}", said(key, field(&answer, key))))?;
        }
        for target in field(&answer, "backups").as_array().into_iter().flatten() {
            if let (Some(name), Some(doing)) = (field(target, "target").as_str(), busy(target)) {
                out.line(format!("{:12} {name}: {doing}", "in use"))?;
            }
            let why: Vec<&str> = field(target, "concerns")
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| field(one, "text").as_str())
                .collect();
            if let (Some(name), false) = (field(target, "target").as_str(), why.is_empty()) {
                out.line(format!("{:12} to {name}: {}", "backup", why.join(" ")))?;
            }
            let beside: Vec<&str> =
                field(target, "otherRun").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if let (Some(name), false) = (field(target, "target").as_str(), beside.is_empty()) {
                out.line(format!("{:12} on {name}: {}", "attention", of_another_run(&beside)))?;
            }
        }
        Ok(())
    }
}

/// What is being done with a target now.
fn busy(target: &Value) -> Option<String> {
    let busy = field(target, "busy");
    Some(format!("{}, since {}", field(busy, "doing").as_str()?, field(busy, "since").as_str()?))
}

/// A value of the answer as a person reads it.
fn said(key: &str, value: &Value) -> String {
    match (key, value) {
        ("storeBytes" | "diskFreeBytes", bytes) => size(bytes),
        ("setup", Value::String(code)) => match code.as_str() {
            "nocode" => "no code was made".into(),
            "waiting" => "waits for its code to be used: chartbox status --setup-code makes a new one".into(),
            _ => "done".into(),
        },
        ("lastVerified" | "lastBackup" | "lastDrill", Value::Null) => "not yet".into(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => "-".into(),
        (_, other) => other.to_string(),
    }
}

/// The health of the box. No name of a patient, no count of patients.
pub(super) async fn carry_out(opened: &Opened, caller: Caller) -> Result<Value, Failure> {
    let _ = opened.audit.commit(vec![caller.event("status", Action::Status)]).await.map_err(AppError::from)?;
    let read = opened.store.read().map_err(AppError::from)?;
    let last = audit::last_checkpoint(&read).map_err(AppError::from)?;
    let check = audit::last_check(&read).map_err(AppError::from)?;
    let StoreStats { file_bytes, disk, room, .. } = opened.store.stats();
    let certificate = stored_leaf(&opened.folder).map(|leaf| leaf.not_after().to_string()).ok();
    let keys = opened.keys.facts().map_err(AppError::from)?;
    let setup = opened.identity.setup_state().map_err(AppError::from)?;
    let backups = opened.backups.stands().await.map_err(AppError::from)?;
    Ok(json!({
        "clinic": opened.settings.clinic,
        "name": opened.settings.local_name(),
        "network": opened.presence.borrow().said(),
        "presence": opened.presence.borrow().name(),
        "demo": opened.settings.is_demo(),
        "version": env!("CARGO_PKG_VERSION"),
        "folder": opened.folder.path(),
        "openedBy": opened.opened_by.to_string(),
        "atRest": keys.protection.covers(),
        "protection": keys.protection.name(),
        "slots": keys.slots.iter().map(|slot| slot.kind.name()).collect::<Vec<_>>(),
        "sheet": match keys.sheets() {
            SheetsFacts::Kept(_) => "kept",
            SheetsFacts::Unproven => "nobody has shown yet that it is kept: chartbox key sheet --confirm",
            SheetsFacts::None => "this box has no recovery sheet: chartbox key sheet",
        },
        "setup": format!("{setup:?}").to_lowercase(),
        "accounts": opened.identity.accounts().map_err(AppError::from)?.len(),
        "auditEntries": audit::size(&read).map_err(AppError::from)?,
        "auditKey": opened.signer().fingerprint().to_string(),
        "lastVerified": check.map(|check| check.at.to_string()),
        "logFound": check.map(|check| format!("{:?}", check.found).to_lowercase()),
        "lastCheckpoint": last.map(|last| last.time.to_string()),
        "lastBackup": backups.iter().filter_map(TargetStanding::last).max().map(|at| at.to_string()),
        "lastDrill": backups.iter().filter_map(|target| target.drill_passed).max().map(|at| at.to_string()),
        "backupsStand": stand(&backups),
        "backups": backups.iter().map(of_target).collect::<Vec<_>>(),
        "certificateUntil": certificate,
        "storeBytes": file_bytes,
        "diskFreeBytes": disk.map(|disk| disk.free),
        "diskRoom": room.name(),
    }))
}

/// The worst there is, in a word. Without a target there is none.
fn stand(backups: &[TargetStanding]) -> &'static str {
    let all = backups.iter().flat_map(|target| [target.backup_stands, target.drill_stands]);
    all.max().map_or("no target", Standing::code)
}

fn of_target(target: &TargetStanding) -> Value {
    json!({
        "target": target.spec.name,
        "place": target.spec.place.to_string(),
        "kind": target.spec.place.kind(),
        "snapshots": target.known.as_ref().map(|row| row.snapshots),
        "gone": target.gone,
        "otherRun": target.beside,
        "tried": target.tried.as_ref().map(|tried| json!({
            "at": tried.at.to_string(),
            "works": tried.error.is_none(),
            "freeBytes": tried.free,
        })),
        "last": target.last().map(|at| at.to_string()),
        "stands": target.backup_stands.code(),
        "error": target.error(),
        "busy": target.busy.as_ref().map(|(doing, since)| json!({ "doing": doing, "since": since.to_string() })),
        "drill": target.drill.as_ref().map(|drill| json!({
            "at": drill.at.to_string(),
            "passed": drill.passed(),
            "faults": drill.faults,
        })),
        "drillStands": target.drill_stands.code(),
        "concerns": target.concerns().into_iter().map(of_concern).collect::<Vec<_>>(),
    })
}

fn of_concern(concern: &Concern) -> Value {
    json!({ "concern": concern.code(), "stands": concern.standing().code(), "text": concern.to_string() })
}

/// A new setup code. The one before is good no more.
pub(super) async fn setup_code(opened: &Opened, caller: Caller) -> Result<Value, Failure> {
    let code = opened.identity.make_setup_code(caller.by("setup-code")).await.map_err(AppError::from)?;
    Ok(json!({ "code": code.expose() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_status_says_is_for_people() {
        assert_eq!(said("storeBytes", &json!(33_636_352)), "32.08 MiB");
        assert_eq!(said("diskFreeBytes", &Value::Null), "-");
        assert_eq!(said("lastBackup", &Value::Null), "not yet");
        assert_eq!(said("setup", &json!("done")), "done");
        assert!(said("setup", &json!("waiting")).contains("--setup-code"));
        assert_eq!(said("accounts", &json!(7)), "7");
        let target = json!({ "busy": { "doing": "removing old backups", "since": "2026-03-03T02:20:00Z" } });
        assert_eq!(busy(&target).as_deref(), Some("removing old backups, since 2026-03-03T02:20:00Z"));
        assert_eq!(busy(&json!({ "busy": null })), None);
    }
}
