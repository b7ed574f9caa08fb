//! `chartbox key sheet`

use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::order::{Given, Order, Typed};
use super::{backup_now, changed};
use crate::app::{self, AppError};
use crate::base::Secret;
use crate::cli::order::Order as BoxOrder;
use crate::cli::place::Reach;
use crate::cli::{Failure, Out, ask, field};
use crate::crypto::{SlotKey, SlotKind};

#[derive(Debug, Args)]
pub(super) struct Sheet {
    /// Write the sheet to a new file (0600) instead of printing it. Print it from there, and delete the file.
    #[arg(long, value_name = "FILE", conflicts_with = "confirm")]
    to: Option<PathBuf>,
    /// Keep the sheets before it, also when this one is known to be kept.
    #[arg(long, conflicts_with = "confirm")]
    keep_old: bool,
    /// Make no sheet: show that the newest one is kept, by some of its words, or by all of them with --sheet.
    #[arg(long)]
    confirm: bool,
}

impl Sheet {
    pub(super) fn run(self, out: &mut Out, reach: &Reach, json: bool) -> Result<(), Failure> {
        if self.confirm {
            return confirm(out, reach, json);
        }
        // The file first: a sheet that could not be shown would be a way in that nobody has.
        let file = self.to.as_deref().map(|path| new_file(path).map(|file| (file, path))).transpose()?;
        let answer = reach.order(BoxOrder::Key(Order::Sheet { keep_old: self.keep_old })).inspect_err(|_| {
            if let Some((_, path)) = &file {
                let _ = std::fs::remove_file(path);
            }
        })?;
        let text = field(&answer, "text").as_str().unwrap_or_default();
        match file {
            Some((file, path)) => {
                let wrote = file.write_all_at(text.as_bytes(), 0).and_then(|()| file.set_len(text.len() as u64));
                let wrote = wrote.and_then(|()| file.sync_all());
                wrote.map_err(AppError::file(path, "written"))?;
                if !json {
                    out.line(format!("The new sheet is in {}. Print it, and delete the file.", path.display()))?;
                }
            }
            None if !json => out.text(text)?,
            None => {}
        }
        if json {
            return out.json(&answer);
        }
        let slot = field(&answer, "slot");
        out.line("")?;
        out.line(format!(
            "It opens the box from now on, as slot {slot}. The sheets before it stay until you show that this one"
        ))?;
        out.line("is kept: some of its words are asked back.")?;
        out.flush()?;
        if !ask::can() {
            return out.line("Do so with: chartbox key sheet --confirm");
        }
        let number = slot.as_u64().and_then(|slot| u32::try_from(slot).ok()).unwrap_or_default();
        asked_back(out, reach, number, field(&answer, "asked"))
    }
}

/// No sheet is longer.
const ROOM: usize = 16 << 10;

/// A new file with room for a sheet. Where there is none, no file stays.
fn new_file(path: &Path) -> Result<std::fs::File, Failure> {
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let made = made.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::failed(format!("{} is there already. Name a new file; nothing was changed", path.display()))
        }
        _ => AppError::file(path, "made")(error).into(),
    });
    let mut file = made?;
    match file.write_all(&[b' '; ROOM]).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(file),
        Err(error) => {
            let _ = std::fs::remove_file(path);
            Err(AppError::file(path, "written")(error).into())
        }
    }
}

fn confirm(out: &mut Out, reach: &Reach, json: bool) -> Result<(), Failure> {
    let given = reach.given()?.into_iter().find(|key| matches!(key, SlotKey::RecoverySheet(_)));
    if let Some(sheet) = given.as_ref().and_then(Given::of) {
        let answer = changed(reach, Order::ConfirmWhole { sheet })?;
        return told(out, &answer, json);
    }
    if !ask::can() {
        // What is asked for cannot be given.
        let slots = app::keys::read_slots(&reach.folder()?)?.current;
        if !slots.has(SlotKind::RecoverySheet) {
            return Err(Failure::failed(NO_SHEET));
        }
        return Err(Failure::Usage("give the whole sheet with --sheet FILE, or run this at a terminal".into()));
    }
    let status = reach.order(BoxOrder::Key(Order::Status))?;
    let slots = field(&status, "slots").as_array().map(Vec::as_slice).unwrap_or_default();
    if !slots.iter().any(|slot| field(slot, "kind").as_str() == Some(SlotKind::RecoverySheet.name())) {
        return Err(Failure::failed(NO_SHEET));
    }
    let waits = |slot: &&Value| {
        field(slot, "kind").as_str() == Some(SlotKind::RecoverySheet.name())
            && field(slot, "kept") == &Value::Bool(false)
    };
    let Some(newest) = slots.iter().rev().find(waits) else {
        return out.line("The recovery sheet is known to be kept. Nothing has to be done.");
    };
    let number = field(newest, "id").as_u64().and_then(|slot| u32::try_from(slot).ok()).unwrap_or_default();
    asked_back(out, reach, number, field(newest, "asked"))
}

const NO_SHEET: &str = "this box has no recovery sheet, so there is none to be kept: chartbox key sheet makes one";

/// Asks for the words, until they are right or somebody gives up.
fn asked_back(out: &mut Out, reach: &Reach, slot: u32, asked: &Value) -> Result<(), Failure> {
    let asked: Vec<(u64, u64)> = asked
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|word| Some((field(word, "row").as_u64()?, field(word, "word").as_u64()?)))
        .collect();
    if asked.is_empty() {
        let sheet = Given::of(&SlotKey::RecoverySheet(ask::sheet("the recovery sheet")?));
        let sheet = sheet.ok_or_else(|| Failure::failed("this is not a recovery sheet"))?;
        return told(out, &changed(reach, Order::ConfirmWhole { sheet })?, false);
    }
    out.line("Look at the sheet on paper, not at this screen. To do this later, press Ctrl-C.")?;
    out.flush()?;
    loop {
        let mut words = Vec::new();
        for (row, word) in &asked {
            let typed = ask::line(&format!("Row {row}, word {word}: "))?;
            words.push(Typed::new(Secret::new(typed.to_string())));
        }
        match changed(reach, Order::Confirm { slot, words }) {
            Ok(answer) => return told(out, &answer, false),
            Err(Failure::Failed(why)) => {
                out.line(why.to_string())?;
                out.flush()?;
            }
            Err(other) => return Err(other),
        }
    }
}

fn told(out: &mut Out, answer: &Value, json: bool) -> Result<(), Failure> {
    if json {
        return out.json(answer);
    }
    out.line("The sheet is known to be kept. Keep it where the box is not.")?;
    match field(answer, "replaced").as_array() {
        Some(replaced) if !replaced.is_empty() => {
            let slots: Vec<String> = replaced.iter().map(ToString::to_string).collect();
            let (slots, after) = (slots.join(", "), SlotKind::RecoverySheet.after_removal());
            if field(answer, "backupNow") == "none" {
                return out.line(format!(
                    "The sheet before it (slot {slots}) does not open this box any more: destroy it. {after}"
                ));
            }
            out.line(format!(
                "The sheet before it (slot {slots}) does not open this box any more. Keep it all the same until another backup has"
            ))?;
            out.line("been made, and for as long as an older one is to be restored; then destroy it.")?;
            backup_now(out, answer)?;
            out.line(after)
        }
        _ => Ok(()),
    }
}
