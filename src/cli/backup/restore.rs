//! What works without a box: on new hardware there is none yet.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::answers;
use super::bar::Bar;
use crate::app::AppError;
use crate::app::restore::{self, Request, There};
use crate::backup::{ListedTarget, Progress, TargetSpec, Watch, list_without_box};
use crate::base::{ActorRef, Timestamp};
use crate::cli::order::Caller;
use crate::cli::place::Reach;
use crate::cli::{Failure, runtime};

impl Watch for Bar {
    fn progress(&self, progress: Progress) {
        Self::progress(self, progress);
    }
}

pub(super) fn list(reach: &Reach, from: &TargetSpec) -> Result<Value, Failure> {
    let key = reach.key()?;
    let listed: ListedTarget = list_without_box(from, key.as_ref()).map_err(AppError::from)?;
    Ok(json!({ "targets": [answers::of_target(&listed)] }))
}

pub(super) fn restore(
    reach: &Reach,
    from: TargetSpec,
    snapshot: String,
    at: Option<Timestamp>,
    to: PathBuf,
    there: There,
) -> Result<Value, Failure> {
    let key = reach.key()?.ok_or_else(|| {
        Failure::Usage(
            "give what opens the backup: --sheet FILE, or - for standard input, or --passphrase-file FILE".into(),
        )
    })?;
    let by = ActorRef::system(&Caller::this_process().job("backup-restore"));
    let whole = std::path::absolute(&to).map_err(anyhow::Error::from)?;
    let request = Request { from, snapshot, at, to: whole.clone(), there, key, by };
    let bar = Bar::new();
    let restored = runtime()?.block_on(restore::restore(request, &bar));
    bar.clear();
    let restored = restored?;
    let opens: Vec<String> = restored.opens_with.iter().map(ToString::to_string).collect();
    Ok(json!({
        "snapshot": restored.snapshot.as_str(),
        "created": restored.snapshot.time().to_string(),
        "clinic": restored.clinic,
        "to": whole,
        "rows": restored.rows,
        "bytes": restored.bytes,
        "auditEntries": restored.entries,
        "opensWith": opens.join(", "),
        "configuration": restored.configuration,
        "keptAside": restored.kept_aside,
        "seconds": restored.seconds,
    }))
}
