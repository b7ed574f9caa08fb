//! `chartbox key rotate`

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::order::{Given, Order};
use super::{backup_now, made_by};
use crate::app::keys::{self, Carried, Key};
use crate::app::{AppError, Folder, Kind};
use crate::cli::order::Order as BoxOrder;
use crate::cli::place::{Ran, Reach, sheet_from};
use crate::cli::{Failure, Out, ask, field};
use crate::crypto::keyslots::KeySlots;
use crate::crypto::{SlotKey, SlotKind};

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// Leave this way to unlock behind: it opens the old copies only. Give it again for more.
    #[arg(long, value_name = "SLOT")]
    without: Vec<u32>,
    /// A file with the words of a further recovery sheet, where the box has several. Give it again for more.
    #[arg(long, value_name = "FILE")]
    also_sheet: Vec<PathBuf>,
    /// Call off a change that waits for the next start of the box: the old key stays.
    #[arg(long, conflicts_with_all = ["without", "also_sheet"])]
    cancel: bool,
}

impl Rotate {
    pub(super) fn run(self, out: &mut Out, reach: &Reach, json: bool) -> Result<(), Failure> {
        if self.cancel {
            let answer = reach.order(BoxOrder::Key(Order::CancelRotation))?;
            return match json {
                true => out.json(&answer),
                false => {
                    out.line("The change of the root key is called off. The old key stays, and nothing was copied.")
                }
            };
        }
        let folder = reach.folder()?;
        let slots = keys::read_slots(&folder)?.current;
        let given = self.keys(reach, &slots)?;
        let order = Order::Rotate { keys: given.iter().filter_map(Given::of).collect(), without: self.without };
        let (answer, ran) = reach.order_and_where(BoxOrder::Key(order))?;
        let mut answer = made_by(answer, ran);
        if ran == Ran::Here {
            let signed_by = copy(&folder, &given, json)?;
            if let Value::Object(answer) = &mut answer {
                answer.insert("done".into(), Value::Bool(true));
                answer.insert("auditKey".into(), signed_by);
            }
        }
        if json { out.json(&answer) } else { told(out, &answer, ran) }
    }

    /// What opens the slots that remain, asked for where it was not given and somebody is there.
    fn keys(&self, reach: &Reach, slots: &KeySlots) -> Result<Vec<SlotKey>, Failure> {
        let mut given = reach.given()?;
        for file in &self.also_sheet {
            given.push(SlotKey::RecoverySheet(sheet_from(file)?));
        }
        for kind in [SlotKind::RecoverySheet, SlotKind::Passphrase] {
            let wanted: Vec<_> =
                slots.list().filter(|slot| slot.kind == kind && !self.without.contains(&slot.id.0)).collect();
            let there = given.iter().filter(|key| key.kind() == kind).count();
            if there == 0 && !ask::can() && !wanted.is_empty() {
                // The box says which slot it is and what to do.
                continue;
            }
            for slot in wanted.iter().skip(there).filter(|_| ask::can()) {
                given.push(match kind {
                    SlotKind::Passphrase => {
                        SlotKey::Passphrase(ask::hidden(&format!("Passphrase of slot {}: ", slot.id))?)
                    }
                    _ => SlotKey::RecoverySheet(ask::sheet(&format!("the recovery sheet of slot {}", slot.id))?),
                });
            }
        }
        Ok(given)
    }
}

/// Copies the store under its new key, in this process, and answers with what signs the access log from then on.
fn copy(folder: &Folder, given: &[SlotKey], json: bool) -> Result<Value, Failure> {
    let key = opens_both(folder, given)?;
    let bar = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    let style = ProgressStyle::with_template("copying the store under its new key {spinner} {bytes} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let done = keys::carry_on(folder, &key, &mut |bytes| bar.set_position(bytes));
    bar.finish_and_clear();
    match done? {
        Carried::Done(key) => Ok(json!(key.unlocked.root.checkpoint_signer().fingerprint().to_string())),
        Carried::Nothing | Carried::OtherKey => {
            Err(Failure::failed("the new key is made, and nothing here opens both: start the box, and unlock it"))
        }
    }
}

fn opens_both(folder: &Folder, given: &[SlotKey]) -> Result<Key, Failure> {
    let slots = keys::read_slots(folder)?;
    let demo = slots.current.is_demo();
    let opens = |key: &SlotKey| if demo { slots.unlock_demo(key) } else { slots.unlock(key) };
    // The sheet costs nothing, a passphrase some tenths of a second.
    let (passphrases, others): (Vec<_>, Vec<_>) = given.iter().partition(|key| matches!(key, SlotKey::Passphrase(_)));
    let found = others.into_iter().chain(passphrases).filter_map(|key| opens(key).ok()).find(|key| key.next.is_some());
    if let Some(key) = found {
        return Ok(key);
    }
    let ready = keys::unlock_with_what_lies_ready(folder, &slots, Kind::Either)?;
    ready.ok_or_else(|| {
        let why = keys::why_locked(&slots.current);
        Failure::from(AppError::Locked { dir: folder.path().to_owned(), why })
    })
}

fn told(out: &mut Out, answer: &Value, ran: Ran) -> Result<(), Failure> {
    let list = |key: &str| {
        let items = field(answer, key).as_array().into_iter().flatten().filter_map(Value::as_str);
        items.collect::<Vec<_>>().join(", ")
    };
    let mib = field(answer, "storeBytes").as_u64().unwrap_or_default().div_ceil(1 << 20);
    match ran {
        Ran::Here => {
            out.line(format!(
                "The store has its new root key, number {}. It opens by slot {}.",
                field(answer, "epoch"),
                list("remain")
            ))?;
            let key = field(answer, "auditKey").as_str().unwrap_or("-").to_owned();
            out.line(format!(
                "The access log is now signed by {key}. Write it on the recovery sheet: it takes the place"
            ))?;
            out.line("of the key there, which still vouches for it.")?;
            backup_now(out, answer)?;
        }
        Ran::Box => {
            out.line(format!(
                "The new root key, number {}, is made and wrapped for slot {}.",
                field(answer, "epoch"),
                list("remain")
            ))?;
            out.line(
                "The box goes on under the old one until it is started again. Then it copies its store under the new",
            )?;
            out.line(format!(
                "key before it answers: {mib} MiB, about a minute for each 1,000 of them on a small computer. If the"
            ))?;
            out.line("power goes meanwhile, nothing is lost. Choose the time, then: systemctl restart chartbox")?;
            out.line("To stay with the old key instead: chartbox key rotate --cancel")?;
            if field(answer, "backupNow") == "by-the-box" {
                out.line("Once it has started, it makes a backup that opens by the new key.")?;
            }
        }
    }
    if field(answer, "left").as_array().is_some_and(|left| !left.is_empty()) {
        out.line(format!("Left behind: slot {}. It does not open the box under its new key.", list("left")))?;
    }
    out.line("")?;
    out.line("What was copied before stays as it is: whoever has an old backup, or a copy of the old disk, and an old sheet or")?;
    out.line("passphrase can read what stood in it then.")?;
    match field(answer, "oldBackups").as_str().unwrap_or_default() {
        "none" => out.line("No backup was made before the change."),
        "stay" => {
            out.line("The backups made before the change open by the old sheet for ever, until you remove them yourself: they are")?;
            out.line("in no place that the configuration names.")
        }
        day => {
            out.line(format!(
                "The backups made before the change open by the old sheet until about {day}: then retention has removed the"
            ))?;
            out.line("last of them, if backups go on as they do. `chartbox backup list` shows them, and")?;
            out.line("`chartbox backup prune --forget NUMBER` removes one before.")
        }
    }
}
