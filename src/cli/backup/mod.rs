//! `chartbox backup create | list | verify | restore | drill | try | prune`

mod answers;
mod bar;
mod order;
mod restore;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;

use super::approval::Approval;
use super::order::Order as BoxOrder;
use super::place::{Place, Reach};
use super::{Failure, Out, time};
use crate::app::restore::There;
use crate::backup::{BackupError, TargetSpec};
use crate::base::{FhirId, ResourceRef, Timestamp};
use bar::Bar;
pub use order::Order;

#[derive(Debug, Args)]
pub(super) struct Backup {
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
    /// Make a snapshot of everything, now, while the box goes on working.
    Create {
        /// A target's name in the configuration, or a place: a folder, sftp://user@host/folder, s3://bucket/folder
        /// [default: all targets of the configuration].
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
        /// Start anew in a place that held backups before and holds none now: a new disk, say.
        #[arg(long)]
        anew: bool,
        /// Read everything, also what the box knows to be as it was. It does so each week by itself.
        #[arg(long)]
        everything: bool,
    },
    /// List the snapshots that there are. Exit code 3 when one is damaged or gone, as far as is known: `verify` looks.
    List {
        /// One target only.
        #[arg(long, value_name = "TARGET", conflicts_with = "from")]
        target: Option<String>,
        /// A place with backups, without a box: on a new computer. With --sheet or --passphrase-file it says what is in them.
        #[arg(long, value_name = "TARGET")]
        from: Option<String>,
    },
    /// Check what a target has. Exit code 3 when something is found.
    Verify {
        /// One target only.
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
        /// Read every byte, instead of seeing only whether everything is there.
        #[arg(long)]
        all: bool,
    },
    /// Restore a snapshot into a throwaway store, and hold it against what the box had. Exit code 3 when it differs.
    Drill {
        /// Which: `latest`, a number, or a name or a part of it.
        #[arg(value_name = "SNAPSHOT", default_value = "latest")]
        snapshot: String,
        /// One target only.
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
    },
    /// Try a target: whether a backup could be kept there. Writes a small file, reads it back, and removes it.
    Try {
        /// A target's name in the configuration, or a place [default: all targets of the configuration].
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
    },
    /// Remove snapshots that the retention of the configuration does not keep, and what only they needed.
    Prune {
        /// One target only.
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
        /// Only say what would go.
        #[arg(long, conflicts_with = "now")]
        dry_run: bool,
        /// Free the space at once, instead of a day later. Only where no other box or program writes to the place.
        #[arg(long)]
        now: bool,
        /// Remove this snapshot, and none that is not named, whatever the retention keeps. Give it again for more.
        #[arg(long, value_name = "SNAPSHOT")]
        forget: Vec<String>,
    },
    /// Make a box of a snapshot, in a folder where none is; or bring one patient or resource back into this box.
    Restore {
        /// Which: `latest`, a number, or a name or a part of it, as `backup list` shows them.
        #[arg(value_name = "SNAPSHOT", default_value = "latest")]
        snapshot: String,
        /// Where the backups are: a target's name in the configuration, or a place: a folder, sftp://user@host/folder,
        /// s3://bucket/folder. What it takes to reach it stands behind a "?", as in
        /// "s3://clinic/box?endpoint=https://minio.example&credentials=/root/s3".
        #[arg(long, value_name = "TARGET")]
        from: String,
        /// The new box's folder, empty or not there yet.
        #[arg(long, value_name = "DIR", required_unless_present_any = ["patient", "resource"])]
        to: Option<PathBuf>,
        /// Bring one patient's record, by its id, back into this box. Says what would change; --apply changes it.
        #[arg(long, value_name = "ID", conflicts_with_all = ["to", "at", "resource"])]
        patient: Option<FhirId>,
        /// Bring one resource back into this box, a document say.
        #[arg(long, value_name = "TYPE/ID", conflicts_with_all = ["to", "at"])]
        resource: Option<ResourceRef>,
        /// Keep what --patient or --resource found, as new versions.
        #[arg(long, conflicts_with = "to")]
        apply: bool,
        #[command(flatten)]
        approval: Approval,
        /// As it was at this time, such as 2026-03-03T09:00:00Z: the last snapshot that is not younger.
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<Timestamp>,
        /// There may be a box in the folder: it is kept beside, and the restored one takes its place once it has opened.
        #[arg(long, requires = "to")]
        replace: bool,
    },
}

const NOT_AS_WRITTEN: &str = "a backup is not as it was written; see above";

impl Backup {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let json = self.json;
        let done = self.act(out);
        if json { out.failed(done) } else { done }
    }

    fn act(self, out: &mut Out) -> Result<(), Failure> {
        let Self { what, reach, json } = self;
        match what {
            What::Create { target, anew, everything } => {
                let target = meant(&reach.place, target)?;
                let answer = ask(&reach, Order::Create { target, anew, everything })?;
                show(out, json, &answer, answers::created)?;
                answers::all_good(&answer)
            }
            What::List { target, from: None } => {
                let target = meant(&reach.place, target)?;
                let answer = ask(&reach, Order::List { target })?;
                show(out, json, &answer, answers::listed)?;
                answers::nothing_wrong(&answer, NOT_AS_WRITTEN)
            }
            What::List { from: Some(from), .. } => {
                let answer = restore::list(&reach, &spec(&reach.place, &from)?)?;
                show(out, json, &answer, answers::listed)?;
                answers::nothing_wrong(&answer, NOT_AS_WRITTEN)
            }
            What::Verify { target, all } => {
                let target = meant(&reach.place, target)?;
                let answer = ask(&reach, Order::Verify { target, all })?;
                show(out, json, &answer, answers::verified)?;
                answers::nothing_wrong(&answer, NOT_AS_WRITTEN)
            }
            What::Drill { snapshot, target } => {
                let target = meant(&reach.place, target)?;
                let answer = ask(&reach, Order::Drill { target, snapshot })?;
                show(out, json, &answer, answers::drilled)?;
                answers::nothing_wrong(&answer, "a backup could not be restored as it should; see above")
            }
            What::Try { target } => {
                let target = meant(&reach.place, target)?;
                let answer = ask(&reach, Order::Try { target })?;
                show(out, json, &answer, answers::tried)?;
                answers::all_good(&answer)
            }
            What::Prune { target, dry_run, now, forget } => {
                let target = meant(&reach.place, target)?;
                let answer = ask(&reach, Order::Prune { target, dry_run, now, forget })?;
                show(out, json, &answer, answers::pruned)?;
                answers::nothing_wrong(&answer, NOT_AS_WRITTEN)
            }
            What::Restore { snapshot, from, to: None, patient, resource, apply, approval, .. } => {
                let from = told(&reach.place, &from)?;
                let order = Order::TakeBack { from, snapshot, patient, resource, apply, approve: approval.code() };
                show(out, json, &ask(&reach, order)?, answers::taken_back)
            }
            What::Restore { snapshot, from, to: Some(to), at, replace, .. } => {
                let there = if replace { There::KeepAside } else { There::Refuse };
                let answer = restore::restore(&reach, spec(&reach.place, &from)?, snapshot, at, to, there)?;
                show(out, json, &answer, answers::restored)
            }
        }
    }
}

/// Has the box do it, and shows how far it is.
fn ask(reach: &Reach, order: Order) -> Result<Value, Failure> {
    let bar = Bar::new();
    let answer = reach.long_order(BoxOrder::Backup(order), &mut std::iter::empty(), &mut |said| {
        bar.said(&said);
        Ok(())
    });
    bar.clear();
    answer
}

fn show(
    out: &mut Out,
    json: bool,
    answer: &Value,
    text: impl FnOnce(&mut Out, &Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if json { out.json(answer) } else { text(out, answer) }
}

/// A target as the running box is told of it: by its name, or by its place with what it takes to reach it. A folder is a
/// whole path: the box may stand elsewhere.
fn meant(place: &Place, target: Option<String>) -> Result<Option<String>, Failure> {
    target.map(|target| told(place, &target)).transpose()
}

fn told(place: &Place, target: &str) -> Result<String, Failure> {
    let known = place.config()?.backup.targets.0.iter().any(|spec| spec.name == target);
    if known || target.contains("://") {
        // What is wrong with it is said before the box is asked.
        let _ = spec(place, target)?;
        return Ok(target.to_owned());
    }
    Ok(spec(place, target)?.name)
}

fn spec(place: &Place, target: &str) -> Result<TargetSpec, Failure> {
    let config = place.config()?;
    let configured = |name: &str| {
        let fits = |spec: &&TargetSpec| spec.name == name || spec.place.to_string() == name;
        config.backup.targets.0.iter().find(fits).cloned()
    };
    if let Some(spec) = configured(target) {
        return Ok(spec);
    }
    if target.trim().is_empty() {
        return Err(Failure::Usage("a target has a name, or is a folder or another place: it cannot be empty".into()));
    }
    // A name that is mistyped is no folder to be made.
    if !target.contains('/') && ![".", ".."].contains(&target) {
        let error = BackupError::no_such_target(target, &config.backup.targets.0);
        return Err(Failure::Usage(error.to_string()));
    }
    let whole = if target.contains("://") {
        target.to_owned()
    } else {
        let whole = std::path::absolute(Path::new(target)).map_err(anyhow::Error::from)?;
        whole.to_str().ok_or_else(|| Failure::Usage("a target's path has to be readable text".into()))?.to_owned()
    };
    let spec = TargetSpec::at(&whole).map_err(|error| Failure::Usage(error.to_string()))?;
    // One of the configuration brings along what it takes to reach it.
    Ok(configured(&spec.name).unwrap_or(spec))
}
