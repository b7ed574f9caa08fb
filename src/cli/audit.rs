//! `chartbox audit verify | list | checkpoint | export`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::approval::{self, Approval};
use super::order::{Caller, Order as BoxOrder, Talk};
use super::place::Reach;
use super::{Failure, Out, field, time, user, whole};
use crate::app::{AppError, Opened};
use crate::audit::{self as log, Action, Filter, Outcome, VerifyInput};
use crate::base::{FhirId, Secret, Timestamp, counted};
use crate::crypto::Fingerprint;
use crate::identity::Approves;

#[derive(Debug, Args)]
pub(super) struct Audit {
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
    /// Check the whole access log for changes, gaps and cuts. Exit code 3 when something is found.
    Verify {
        /// A checkpoint that was kept outside the box. Give it again for more.
        #[arg(long = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
        /// The fingerprint of the box's key, as it stands on the recovery sheet.
        #[arg(long, value_name = "FINGERPRINT")]
        key: Vec<Fingerprint>,
    },
    /// List entries, newest first.
    List(List),
    /// Sign the access log as it stands, and print the checkpoint. Keep it outside the box.
    Checkpoint {
        /// Write it to a file instead.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Write the whole access log as JSON Lines, from which alone a stranger can check it.
    Export {
        /// The file, which must not exist.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        approval: Approval,
    },
}

#[derive(Debug, Args)]
struct List {
    /// At most so many.
    #[arg(long, default_value_t = 50, allow_negative_numbers = true, value_parser = whole::<u32>(1..=10_000))]
    limit: u32,
    /// By this account.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// About this patient, by id.
    #[arg(long, value_name = "ID")]
    patient: Option<FhirId>,
    /// Of this kind, such as read or sign-in.
    #[arg(long, value_parser = |text: &str| Action::from_code(text).ok_or("no entry has such an action"))]
    action: Option<Action>,
    /// That ended so: success, denied, failed.
    #[arg(long, value_parser = |text: &str| Outcome::from_code(text).ok_or("success, denied, failed or started"))]
    outcome: Option<Outcome>,
    /// At or after this time, such as 2026-03-03T09:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// At or before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// Only entries that come after this one in the list: what the list before named as the next.
    #[arg(long, value_name = "SEQUENCE", allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX))]
    before: Option<u64>,
}

/// What is asked of the box.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Verify {
        checkpoints: Vec<String>,
        pinned: Vec<Fingerprint>,
    },
    List {
        filter: Box<Filter>,
        user: Option<String>,
        limit: u32,
    },
    Checkpoint,
    Export {
        #[serde(serialize_with = "approval::crossing")]
        approve: Option<Secret<String>>,
    },
}

impl Audit {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let Self { what, reach, json } = self;
        match what {
            What::Verify { checkpoints, key } => {
                let checkpoints = checkpoints.iter().map(|file| checkpoint_in(file)).collect::<Result<_, _>>()?;
                let answer = reach.order(BoxOrder::Audit(Order::Verify { checkpoints, pinned: key }))?;
                if json {
                    out.json(field(&answer, "report"))?;
                } else {
                    out.text(field(&answer, "text").as_str().unwrap_or_default())?;
                }
                match field(&answer, "whole") {
                    Value::Bool(true) => Ok(()),
                    _ => Err(Failure::Tampered("the access log is not as it was written; see above".into())),
                }
            }
            What::List(list) => {
                let filter = Filter {
                    from: list.from,
                    to: list.to,
                    account: None,
                    patient: list.patient,
                    action: list.action,
                    outcome: list.outcome,
                    before_seq: list.before,
                };
                let order = Order::List { filter: Box::new(filter), user: list.user, limit: list.limit };
                let answer = reach.order(BoxOrder::Audit(order))?;
                if json { out.json(&answer) } else { lines(out, &answer) }
            }
            What::Checkpoint { to } => {
                let answer = reach.order(BoxOrder::Audit(Order::Checkpoint))?;
                let note = field(&answer, "checkpoint").as_str().unwrap_or_default();
                match to {
                    Some(file) => {
                        // What is there may be a checkpoint that somebody kept.
                        new_file(&file)?.write_all(note.as_bytes()).map_err(AppError::file(&file, "written"))?;
                        let signed = field(&answer, "size").as_u64().unwrap_or_default();
                        let signed = counted(signed, "entry is", "entries are");
                        out.line(format!("{signed} signed in {}. Keep it outside the box.", file.display()))
                    }
                    None if json => out.json(&answer),
                    None => out.text(note),
                }
            }
            What::Export { to, approval } => export(out, &reach, &to, approval),
        }
    }
}

/// A checkpoint's text. A file that has nothing of one is a slip of whoever named it; one that was changed is not.
fn checkpoint_in(file: &std::path::Path) -> Result<String, Failure> {
    let bytes = std::fs::read(file).map_err(AppError::file(file, "read"))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if log::Checkpoint::parse(&text) == Err(log::CheckpointError::NotACheckpoint) && !text.starts_with("chartbox") {
        let wrong = log::CheckpointError::NotACheckpoint;
        return Err(Failure::Usage(format!("{}: {wrong}", file.display())));
    }
    Ok(text)
}

fn new_file(to: &std::path::Path) -> Result<std::fs::File, AppError> {
    std::fs::File::create_new(to).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            AppError::Wrong(format!("{} is there already. Name a new file with --to.", to.display()))
        }
        _ => AppError::file(to, "written")(error),
    })
}

fn export(out: &mut Out, reach: &Reach, to: &std::path::Path, approval: Approval) -> Result<(), Failure> {
    let mut file = std::io::BufWriter::new(new_file(to)?);
    let mut written = 0u64;
    let mut line = |value: Value| {
        written += 1;
        writeln!(file, "{}", value.as_str().unwrap_or_default()).map_err(|e| AppError::file(to, "written")(e).into())
    };
    let done = reach.long_order(
        BoxOrder::Audit(Order::Export { approve: approval.code() }),
        &mut std::iter::empty(),
        &mut line,
    );
    let kept = done.and_then(|_| {
        file.into_inner()
            .map_err(|error| error.into_error())
            .and_then(|file| file.sync_all())
            .map_err(|e| AppError::file(to, "written")(e).into())
    });
    if let Err(failure) = kept {
        // A part of an export would pass for a whole one.
        let _ = std::fs::remove_file(to);
        return Err(failure);
    }
    let entries = counted(written.saturating_sub(2), "entry was", "entries were");
    out.line(format!("{entries} written to {}.", to.display()))
}

fn lines(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for line in field(answer, "lines").as_array().into_iter().flatten() {
        let text = |key: &str| match field(line, key) {
            Value::String(text) => text.clone(),
            Value::Null => "-".into(),
            other => other.to_string(),
        };
        let actor = field(line, "actor");
        let who = ["job", "account", "kind"].iter().find_map(|key| field(actor, key).as_str()).unwrap_or("-");
        let (sequence, time, action, outcome) = (text("sequence"), text("time"), text("action"), text("outcome"));
        out.line(format!("{sequence:>8}  {time:<27}  {action:<18}  {outcome:<8}  {who}"))?;
    }
    match field(answer, "next") {
        Value::Number(next) => out.line(format!("There is more: --before {next}")),
        _ => Ok(()),
    }
}

impl Order {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Verify { .. } => "audit-verify",
            Self::List { .. } => "audit-list",
            Self::Checkpoint => "audit-checkpoint",
            Self::Export { .. } => "audit-export",
        }
    }

    pub(super) async fn carry_out(self, opened: &Opened, caller: Caller, talk: Talk) -> Result<Value, Failure> {
        let name = self.name();
        match self {
            Self::Verify { checkpoints, pinned } => verify(opened, caller, name, checkpoints, pinned).await,
            Self::List { mut filter, user, limit } => {
                filter.account = user.map(|user| user::find(opened, &user)).transpose()?.map(|account| account.id);
                let read = opened.store.read().map_err(AppError::from)?;
                let page = log::entries(&read, &filter, limit as usize).map_err(AppError::from)?;
                let _ =
                    opened.audit.commit(vec![caller.event(name, Action::AuditRead)]).await.map_err(AppError::from)?;
                Ok(serde_json::to_value(page).map_err(anyhow::Error::from)?)
            }
            Self::Checkpoint => {
                let event = caller.event(name, Action::Checkpoint);
                let (made, _) = opened.audit.checkpoint(opened.signer(), event).await.map_err(AppError::from)?;
                Ok(json!({ "checkpoint": made.text, "size": made.size, "key": made.key.fingerprint().to_string() }))
            }
            Self::Export { approve } => export_lines(opened, caller, name, approve, talk).await,
        }
    }
}

async fn verify(
    opened: &Opened,
    caller: Caller,
    name: &str,
    checkpoints: Vec<String>,
    pinned: Vec<Fingerprint>,
) -> Result<Value, Failure> {
    let input = VerifyInput { checkpoints, pinned, own_key: Some(opened.signer().public()) };
    let event = caller.event(name, Action::AuditVerify);
    let report = opened.audit.check(input, event).await.map_err(AppError::from)?;
    let whole = report.verdict == log::Verdict::Whole;
    let text = format!("{report}\n");
    Ok(json!({ "whole": whole, "text": text, "report": report }))
}

async fn export_lines(
    opened: &Opened,
    caller: Caller,
    name: &str,
    approve: Option<Secret<String>>,
    talk: Talk,
) -> Result<Value, Failure> {
    approval::ask(opened, caller, name, approve, Approves::AuditExport).await?;
    let _ = opened.audit.commit(vec![caller.event(name, Action::AuditExport)]).await.map_err(AppError::from)?;
    let (checkpoint, _) = opened
        .audit
        .checkpoint(opened.signer(), caller.event(name, Action::Checkpoint))
        .await
        .map_err(AppError::from)?;
    let (audit, say) = (opened.audit.clone(), talk.say.clone());
    tokio::task::spawn_blocking(move || {
        for line in audit.export(checkpoint) {
            let line = line.map_err(AppError::from)?;
            if say.blocking_send(Value::String(line)).is_err() {
                return Err(Failure::failed("the export was broken off"));
            }
        }
        Ok(json!({ "exported": true }))
    })
    .await
    .map_err(anyhow::Error::from)?
}
