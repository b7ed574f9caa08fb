//! `chartbox import`

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::order::{Caller, Order as BoxOrder, Talk};
use super::out::complain;
use super::place::Reach;
use super::{Failure, Out};
use crate::access::Actor;
use crate::app::Opened;
use crate::app::config::Validation;
use crate::base::counted;
use crate::care::import::{self, Mode, Piece, Progress, Source, Summary};

/// Bring in FHIR bundles and NDJSON: files, folders of them (also .gz and .bz2), or standard input.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Files and folders, or "-" for standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Read and check only; nothing is stored.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    reach: Reach,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is asked of the box; the pieces are sent along.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Order {
    dry_run: bool,
}

/// How many entries pass between two words of progress.
const SAID_EVERY: u64 = 500;

impl Import {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let sources = import::expand(&self.paths).map_err(|error| Failure::failed(error.to_string()))?;
        let bar = ProgressBar::new(sources.iter().map(Source::bytes).sum());
        let style = ProgressStyle::with_template("{msg:>10} entries {bar:32} {bytes}/{total_bytes} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let read = bar.clone();
        let pieces = sources.iter().flat_map(move |source| {
            let read = read.clone();
            let bytes = source.bytes();
            import::pieces(source).chain(std::iter::from_fn(move || {
                read.inc(bytes);
                None
            }))
        });
        let mut pieces = pieces.map(|piece| {
            let piece = piece.map_err(|error| Failure::failed(error.to_string()))?;
            Ok(serde_json::value::to_raw_value(&piece).map_err(anyhow::Error::from)?)
        });
        let asked = self.reach.place.config()?.import.validation;
        let order = BoxOrder::Import(Order { dry_run: self.dry_run });
        let answer = self.reach.long_order(order, &mut pieces, &mut |entries| {
            bar.set_message(entries.to_string());
            Ok(())
        })?;
        bar.finish_and_clear();
        if let Some(other) = held_instead(asked, &answer) {
            complain(&other);
        }
        let mut summary: Summary = serde_json::from_value(answer).map_err(anyhow::Error::from)?;
        summary.sources = sources.len() as u64;
        if self.json {
            out.json(&summary)?
        } else {
            tell(out, &summary)?
        }
        let rejected = summary.total().rejected;
        if rejected > 0 {
            let what = counted(rejected, "entry was", "entries were");
            let rest = if summary.total().kept() > 0 { "The rest is in." } else { "Nothing was imported." };
            return Err(Failure::failed(format!("{what} not kept; the reasons stand above. {rest}")));
        }
        Ok(())
    }
}

impl Order {
    pub const fn name(&self) -> &'static str {
        if self.dry_run { "import-dry-run" } else { "import" }
    }

    pub async fn carry_out(self, opened: &Opened, caller: Caller, talk: Talk) -> Result<Value, Failure> {
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Write };
        let validation = opened.config.import.validation;
        let strictness = validation.mode();
        let (records, actor) = (opened.records.clone(), Actor::system(&caller.job(self.name())));
        let Talk { say, mut hear } = talk;
        if self.dry_run {
            let event = caller.event(self.name(), crate::audit::Action::Command);
            let _ = opened.audit.commit(vec![event]).await.map_err(crate::app::AppError::from)?;
        }
        let work = tokio::task::spawn_blocking(move || {
            let pieces = std::iter::from_fn(|| hear.blocking_recv()).map(|piece: Box<RawValue>| {
                let read = serde_json::from_str::<Piece>(piece.get());
                read.map_err(|error| import::ImportError::Unreadable {
                    name: "a piece".into(),
                    cause: error.to_string(),
                })
            });
            let progress = Said { say, entries: AtomicU64::new(0) };
            import::run(&records, &actor, pieces, mode, strictness, &progress)
        });
        let summary = work.await.map_err(anyhow::Error::from)?.map_err(|error| Failure::failed(error.to_string()))?;
        let mut answer = serde_json::to_value(summary).map_err(anyhow::Error::from)?;
        if let Some(members) = answer.as_object_mut() {
            members.insert(VALIDATION.to_owned(), validation.name().into());
        }
        Ok(answer)
    }
}

/// By which the box says with which `[import] validation` it went.
const VALIDATION: &str = "validation";

/// What is to be said where the box that imported goes by another configuration than the command: a running one by that with which
/// it was started.
fn held_instead(asked: Validation, answer: &Value) -> Option<String> {
    let held = answer.get(VALIDATION)?.as_str()?;
    let asked = asked.name();
    (held != asked).then(|| {
        format!(
            "the running box's own settings held: [import] validation is \"{held}\" there, and the configuration of this command, \
             where it is \"{asked}\", was not used. Change the box's configuration and restart it, or import while it does not run"
        )
    })
}

/// Tells the command how far it is.
struct Said {
    say: tokio::sync::mpsc::Sender<Value>,
    entries: AtomicU64,
}

impl Progress for Said {
    fn entries(&self, count: u64) {
        let before = self.entries.fetch_add(count, Ordering::Relaxed);
        if before / SAID_EVERY != (before + count) / SAID_EVERY {
            // A word that is lost is made up for by the next.
            let _ = self.say.try_send(Value::from(before + count));
        }
    }
}

fn tell(out: &mut Out, summary: &Summary) -> Result<(), Failure> {
    let rows: Vec<[String; 5]> = summary
        .by_type
        .iter()
        .map(|(kind, counts)| {
            let number = |n: u64| if n == 0 { String::new() } else { n.to_string() };
            let as_before = counts.unchanged + counts.checked;
            [kind.clone(), number(counts.created), number(counts.updated), number(as_before), number(counts.rejected)]
        })
        .collect();
    out.table(["Type", "New", "New version", "As before", "Not kept"], &rows)?;
    out.line("")?;
    let total = summary.total();
    out.line(format!(
        "{}: {} new, {}, {} as before or checked only, {} not kept.",
        counted(summary.sources, "source", "sources"),
        total.created,
        counted(total.updated, "new version", "new versions"),
        total.unchanged + total.checked,
        total.rejected
    ))?;
    for rejected in &summary.rejected {
        let named = [&rejected.source, &rejected.place, &rejected.what].map(String::as_str);
        out.line(named.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", "))?;
        for reason in &rejected.reasons {
            out.line(format!("    {reason}"))?;
        }
    }
    if summary.more_rejected > 0 {
        out.line(format!("and {} more that were not kept", summary.more_rejected))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_imports_into_a_running_box_hears_that_its_own_settings_held() {
        let by = |validation: &str| serde_json::json!({ "sources": 1, "validation": validation });
        for same in [Validation::Strict, Validation::Lenient] {
            assert_eq!(held_instead(same, &by(same.name())), None);
        }
        let said = held_instead(Validation::Lenient, &by("strict")).unwrap();
        assert!(
            said.contains("running box's own settings held") && said.contains("\"lenient\", was not used"),
            "{said}"
        );
        assert!(held_instead(Validation::Strict, &by("lenient")).is_some());
        // A box that is older than the command says nothing of it.
        assert_eq!(held_instead(Validation::Lenient, &serde_json::json!({ "sources": 1 })), None);
    }
}
