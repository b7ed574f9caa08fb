//! `chartbox key status | unlock | add | remove | rotate | sheet`

mod credential;
mod order;
mod rotate;
mod sheet;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::order::Order as BoxOrder;
use super::place::{Ran, Reach};
use super::{Failure, Out, ask, control, field, whole};
use crate::app;
use crate::crypto::SlotKind;

pub use order::{Given, Order};

#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    reach: Reach,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the ways to unlock the box, and say what they protect against. Exit code 4 when it is locked.
    Status,
    /// Open a box that runs and waits for its key: asks for the passphrase, or takes --passphrase-file or --sheet.
    Unlock,
    /// Add a way to unlock.
    Add(Add),
    /// Remove a way to unlock. The last one that a person holds stays.
    Remove {
        /// Its number, as `key status` lists it.
        #[arg(allow_negative_numbers = true, value_parser = whole::<u32>(1..=u32::MAX.into()))]
        slot: u32,
        /// Do not ask: needed where there is no terminal.
        #[arg(long)]
        yes: bool,
    },
    /// Change the root key: a new one, wrapped for the ways to unlock that remain, and the store copied under it.
    Rotate(rotate::Rotate),
    /// Make a new recovery sheet, in the place of those before once its words were asked back.
    Sheet(sheet::Sheet),
}

#[derive(Debug, Args)]
struct Add {
    /// A passphrase that somebody types after each start.
    #[arg(long, group = "kind")]
    passphrase: bool,
    /// A credential that systemd hands in at the start: sealed by this machine's TPM, where it has one.
    #[arg(long, group = "kind")]
    credential: bool,
    /// A file beside the store: it opens by itself, and so does a stolen disk.
    #[arg(long, group = "kind")]
    key_file: bool,
    /// A file whose first line is the new passphrase, instead of asking for it.
    #[arg(long, value_name = "FILE", requires = "passphrase")]
    new_passphrase_file: Option<PathBuf>,
    /// Where the sealed credential is put. The unit chartbox-key.service looks at the usual place.
    #[arg(long, value_name = "FILE", default_value = credential::PLACE, requires = "credential")]
    to: PathBuf,
}

impl Key {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let json = self.json;
        let done = self.act(out);
        if json { out.failed(done) } else { done }
    }

    fn act(self, out: &mut Out) -> Result<(), Failure> {
        let Self { what, reach, json } = self;
        match what {
            What::Status => status(out, &reach, json),
            What::Unlock => unlock(out, &reach, json),
            What::Add(add) => add.run(out, &reach, json),
            What::Remove { slot, yes } => remove(out, &reach, json, slot, yes),
            What::Rotate(rotate) => rotate.run(out, &reach, json),
            What::Sheet(sheet) => sheet.run(out, &reach, json),
        }
    }
}

fn status(out: &mut Out, reach: &Reach, json: bool) -> Result<(), Failure> {
    let answer = match reach.order(BoxOrder::Key(Order::Status)) {
        Ok(answer) => answer,
        Err(Failure::Locked(why)) => {
            // A box that does not run, and for which there is no key here: its slots can be listed all the same.
            let slots = app::keys::read_slots(&reach.folder()?)?;
            let slot = |slot: crate::crypto::keyslots::SlotInfo| json!({ "id": slot.id.0, "kind": slot.kind.name(), "created": slot.created.to_string() });
            json!({
                "state": "stopped",
                "why": why,
                "epoch": slots.current.epoch(),
                "rotating": slots.next.is_some(),
                "slots": slots.current.list().map(slot).collect::<Vec<_>>(),
                "helped": slots.helped,
            })
        }
        Err(other) => return Err(other),
    };
    let state = field(&answer, "state").as_str().unwrap_or_default();
    if json {
        out.json(&answer)?;
    } else {
        listed(out, &answer)?;
    }
    match state {
        "open" => Ok(()),
        "opening" => Err(Failure::Locked("the box is on its way: its store is copied under the new key first".into())),
        "stopped" => Err(Failure::Locked(field(&answer, "why").as_str().unwrap_or_default().to_owned())),
        _ => {
            let why = field(&answer, "why").as_str().unwrap_or_default();
            Err(Failure::Locked(format!("the box is locked: {why}. Open it with `chartbox key unlock`")))
        }
    }
}

fn listed(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    let text = |key: &str| field(answer, key).as_str().unwrap_or("-").to_owned();
    let opened = field(answer, "openedBy").as_str();
    let state = opened.map_or_else(|| text("state"), |opened| format!("{}, by the {opened}", text("state")));
    out.line(format!("state       {state}"))?;
    if let Some(at_rest) = field(answer, "atRest").as_str() {
        out.line(format!("at rest     {at_rest}"))?;
    }
    out.line(format!("root key    number {}", field(answer, "epoch")))?;
    if field(answer, "rotating") == &Value::Bool(true) {
        out.line("            the next one waits: the store is copied under it when the box starts again")?;
    }
    if let Some(helped) = field(answer, "helped").as_str() {
        out.line(format!("            {helped}"))?;
    }
    out.line("")?;
    let cell = |row: &Value, key: &str| match field(row, key) {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        other => other.to_string(),
    };
    let about = |row: &Value| {
        let said: Vec<&str> = ["seal", "sheet", "left"].iter().filter_map(|key| field(row, key).as_str()).collect();
        if said.is_empty() { "-".to_owned() } else { said.join("; ") }
    };
    let rows: Vec<[String; 4]> = field(answer, "slots")
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| [cell(row, "id"), cell(row, "kind"), cell(row, "created"), about(row)])
        .collect();
    out.table(["SLOT", "WAY TO UNLOCK", "MADE", "ABOUT IT"], &rows)
}

fn unlock(out: &mut Out, reach: &Reach, json: bool) -> Result<(), Failure> {
    let folder = reach.folder()?;
    let slots = app::keys::read_slots(&folder)?.current;
    let key = match reach.given()?.into_iter().next() {
        Some(key) => Given::of(&key),
        None if !ask::can() => {
            return Err(Failure::Usage(
                "give the key with --passphrase-file or --sheet, or run this at a terminal".into(),
            ));
        }
        None if slots.has(SlotKind::Passphrase) => Some(Given::passphrase(ask::hidden("Passphrase of the box: ")?)),
        None => Given::of(&crate::crypto::SlotKey::RecoverySheet(ask::sheet("the recovery sheet")?)),
    };
    let key = key.ok_or_else(|| Failure::Usage("a passphrase or a recovery sheet opens a locked box".into()))?;
    match reach.running(&BoxOrder::Key(Order::Unlock { key }))? {
        None => Err(Failure::failed(
            "no box runs here, so there is nothing to unlock. Start it first: systemctl start chartbox",
        )),
        Some(answer) if json => out.json(&answer),
        Some(answer) => out.line(match field(&answer, "opened") {
            Value::Bool(true) => "The box is open.",
            _ => "The box is open already. Nothing was done.",
        }),
    }
}

impl Add {
    fn run(self, out: &mut Out, reach: &Reach, json: bool) -> Result<(), Failure> {
        if self.credential {
            return credential::add(out, reach, json, &self.to);
        }
        let order = match (self.passphrase, self.key_file) {
            (true, _) => {
                let passphrase = match &self.new_passphrase_file {
                    Some(file) => app::keys::passphrase_from(file)?,
                    None if ask::can() => ask::new_passphrase()?,
                    None => return Err(Failure::Usage("give the passphrase with --new-passphrase-file".into())),
                };
                Order::Add { key: Given::passphrase(passphrase), seal: None }
            }
            (false, true) => Order::AddKeyFile,
            (false, false) => {
                return Err(Failure::Usage("say what to add: --passphrase, --credential or --key-file".into()));
            }
        };
        let answer = changed(reach, order)?;
        if json {
            return out.json(&answer);
        }
        added(out, &answer)?;
        backup_now(out, &answer)
    }
}

fn added(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    let text = |key: &str| field(answer, key).as_str().unwrap_or("-").to_owned();
    out.line(format!("Slot {}: {}. It opens the box from now on.", field(answer, "slot"), text("kind")))?;
    out.line(format!("At rest: {}", text("atRest")))?;
    match field(answer, "weaker").as_array() {
        Some(weaker) if !weaker.is_empty() => {
            let ids: Vec<String> = weaker.iter().map(ToString::to_string).collect();
            out.line(format!(
                "The weakest way counts. To be protected by the new one, remove the weaker: chartbox key remove {}",
                ids.join("; chartbox key remove ")
            ))
        }
        _ => Ok(()),
    }
}

fn remove(out: &mut Out, reach: &Reach, json: bool, slot: u32, yes: bool) -> Result<(), Failure> {
    match (yes, ask::can()) {
        (true, _) => {}
        (false, false) => {
            return Err(Failure::Usage(format!(
                "slot {slot} would not open this box any more, and there is no terminal to ask at: give --yes. Nothing was changed"
            )));
        }
        (false, true) if ask::agrees(&format!("Slot {slot} will not open this box any more."))? => {}
        (false, true) => return Err(Failure::failed("nothing was changed")),
    }
    let answer = changed(reach, Order::Remove { slot })?;
    if json {
        return out.json(&answer);
    }
    let text = |key: &str| field(&answer, key).as_str().unwrap_or("-").to_owned();
    out.line(format!("Slot {slot}, {}, is removed: it does not open this box any more.", text("kind")))?;
    out.line(text("remains"))?;
    out.line(format!("At rest: {}", text("atRest")))?;
    backup_now(out, &answer)
}

/// Has the ways to unlock changed. A box that does not run makes no backup afterwards by itself.
fn changed(reach: &Reach, order: Order) -> Result<Value, Failure> {
    let (answer, ran) = reach.order_and_where(BoxOrder::Key(order))?;
    Ok(made_by(answer, ran))
}

fn made_by(mut answer: Value, ran: Ran) -> Value {
    if ran == Ran::Here
        && let Some(who) = answer.get_mut("backupNow").filter(|who| **who != "none")
    {
        *who = order::BY_HAND.into();
    }
    answer
}

/// Says that a backup is made that opens by what opens the box now, or has to be, where there are backups.
fn backup_now(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    match field(answer, "backupNow").as_str() {
        Some("by-the-box") => {
            out.line(
                "The backups made until now open by what opened the box then. The box makes one now that opens by what",
            )?;
            out.line("opens it now; `chartbox status` says where there is none yet.")
        }
        Some(order::BY_HAND) => {
            out.line("The backups made until now open by what opened the box then. Make one now that opens by what opens it now:")?;
            out.line("chartbox backup create, with --target PLACE where the configuration names no place.")
        }
        _ => Ok(()),
    }
}

impl Reach {
    /// Asks the running box only. `None` when none runs.
    fn running(&self, order: &BoxOrder) -> Result<Option<Value>, Failure> {
        let folder = self.folder()?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(anyhow::Error::from)?;
        runtime.block_on(control::ask(&folder.control_socket(), order, &mut std::iter::empty(), &mut |_| Ok(())))
    }
}
