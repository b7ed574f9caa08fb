//! What the box does for `chartbox backup`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::answers;
use crate::app::take_back::{TakeBack, Wanted};
use crate::app::{AppError, Opened};
use crate::backup::{
    Anew, BackupError, Backups, Created, Depth, Extent, How, Progress, Removal, TargetSpec, Watch, Wish,
};
use crate::base::{ActorRef, FhirId, ResourceRef, Secret};
use crate::cli::Failure;
use crate::cli::approval;
use crate::cli::order::{Caller, Talk};
use crate::identity::Approves;

/// What is asked of the box.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Create {
        target: Option<String>,
        anew: bool,
        #[serde(default)]
        everything: bool,
    },
    List {
        target: Option<String>,
    },
    Verify {
        target: Option<String>,
        all: bool,
    },
    Drill {
        target: Option<String>,
        snapshot: String,
    },
    /// One patient or resource back into the box.
    TakeBack {
        from: String,
        snapshot: String,
        patient: Option<FhirId>,
        resource: Option<ResourceRef>,
        apply: bool,
        #[serde(serialize_with = "approval::crossing")]
        approve: Option<Secret<String>>,
    },
    Try {
        target: Option<String>,
    },
    Prune {
        target: Option<String>,
        dry_run: bool,
        now: bool,
        forget: Vec<String>,
    },
}

impl Order {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "backup-create",
            Self::List { .. } => "backup-list",
            Self::Verify { .. } => "backup-verify",
            Self::Drill { .. } => "backup-drill",
            Self::Prune { .. } => "backup-prune",
            Self::Try { .. } => "backup-try",
            Self::TakeBack { .. } => "backup-take-back",
        }
    }

    pub async fn carry_out(self, opened: &Opened, caller: Caller, talk: Talk) -> Result<Value, Failure> {
        let by = ActorRef::system(&caller.job(self.name()));
        let backups = opened.backups.clone();
        match self {
            Self::Create { target, anew, everything } => {
                let anew = if anew { Anew::Yes } else { Anew::No };
                let extent = if everything { Extent::Everything } else { Extent::Changes };
                let wish = Wish { anew, extent };
                work(talk, move |watch| {
                    let targets = backups.named(target.as_deref())?;
                    Ok(said_of(&backups.create(&targets, wish, &by, watch)?))
                })
                .await
            }
            Self::List { target } => {
                let event = caller.event("backup-list", crate::audit::Action::Command);
                let _ = opened.audit.commit(vec![event]).await.map_err(AppError::from)?;
                work(talk, move |_| Ok(list(&backups, target.as_deref())?)).await
            }
            Self::Verify { target, all } => {
                let depth = if all { Depth::All } else { Depth::Structure };
                work(talk, move |watch| {
                    Ok(each(&backups, target.as_deref(), |spec| {
                        backups.verify(spec, depth, &by, watch).map(|checked| answers::of_check(&checked))
                    })?)
                })
                .await
            }
            Self::Drill { target, snapshot } => {
                work(talk, move |watch| {
                    Ok(each(&backups, target.as_deref(), |spec| {
                        let drill = backups.drill(spec, &snapshot, &by, watch)?;
                        Ok(answers::of_drill(&drill, &backups.of_another_run(spec).unwrap_or_default()))
                    })?)
                })
                .await
            }
            Self::Try { target } => {
                work(talk, move |_| {
                    Ok(each(&backups, target.as_deref(), |spec| {
                        backups.try_out(spec, &by).map(|tried| answers::of_try(&tried))
                    })?)
                })
                .await
            }
            Self::TakeBack { from, snapshot, patient, resource, apply, approve } => {
                let wanted = match (patient, resource) {
                    (Some(patient), _) => Wanted::Patient(patient),
                    (None, Some(resource)) => Wanted::Resource(resource),
                    (None, None) => return Err(Failure::Usage("say which: --patient ID or --resource TYPE/ID".into())),
                };
                if apply {
                    approval::ask(opened, caller, "backup-take-back", approve, Approves::TakeBack).await?;
                }
                let job = caller.job("backup-take-back");
                let (taking, spec) = (TakeBack::of(opened, &job), backups.named(Some(&from)).map_err(AppError::from)?);
                let spec = spec.into_iter().next().ok_or_else(|| Failure::failed("no target was named"))?;
                work(talk, move |watch| {
                    let found = taking.look(&spec, &snapshot, &wanted, watch)?;
                    let mut answer = answers::of_found(&found);
                    let kept = if apply { Some(taking.keep(found)?) } else { None };
                    answers::add_kept(&mut answer, kept.as_ref());
                    Ok(answer)
                })
                .await
            }
            Self::Prune { target, dry_run, now, forget } => {
                let how = match (dry_run, now) {
                    (true, _) => How::DryRun,
                    (false, true) => How::Now,
                    (false, false) => How::Later,
                };
                let several = backups.named(target.as_deref()).map_err(AppError::from)?.len() > 1;
                if several && !forget.is_empty() {
                    return Err(Failure::Usage(
                        "say with --target where it is to be forgotten: there are several places".into(),
                    ));
                }
                let removal = Removal { keep: opened.config.keep(), forget, how };
                work(talk, move |watch| {
                    Ok(each(&backups, target.as_deref(), |spec| {
                        match backups.prune(spec, &removal, &by, watch) {
                            // What went wrong stands beside what was done before.
                            Err(error @ BackupError::Halfway { .. }) => Ok(answers::of_broken_off(&error, how)),
                            done => done.map(|pruned| answers::of_prune(&pruned, how)),
                        }
                    })?)
                })
                .await
            }
        }
    }
}

/// Does something with each target that is meant. What went wrong with one is its answer; with the only one, it is the error.
fn each(
    backups: &Backups,
    target: Option<&str>,
    mut with: impl FnMut(&TargetSpec) -> Result<Value, BackupError>,
) -> Result<Value, BackupError> {
    let specs = backups.named(target)?;
    let alone = specs.len() == 1;
    let mut answers = Vec::new();
    for spec in &specs {
        let mut answer = match with(spec) {
            Ok(answer) => answer,
            Err(error) if alone => return Err(error),
            Err(error) => json!({ "error": error.to_string(), "damaged": error.is_damage() }),
        };
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("target".into(), spec.name.clone().into());
            fields.insert("place".into(), spec.place.to_string().into());
        }
        answers.push(answer);
    }
    Ok(json!({ "targets": answers }))
}

/// Runs blocking work; it hears when nobody waits for it any more.
async fn work<F>(talk: Talk, job: F) -> Result<Value, Failure>
where
    F: FnOnce(&Said) -> Result<Value, AppError> + Send + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let _stops = StopsWhenDropped(stop.clone());
    let said = Said { say: talk.say, stop };
    let done = tokio::task::spawn_blocking(move || job(&said)).await.map_err(anyhow::Error::from)?;
    Ok(done?)
}

struct StopsWhenDropped(Arc<AtomicBool>);

impl Drop for StopsWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Tells the command how far it is.
struct Said {
    say: mpsc::Sender<Value>,
    stop: Arc<AtomicBool>,
}

impl Watch for Said {
    fn progress(&self, progress: Progress) {
        let said = json!({ "phase": progress.phase.code(), "done": progress.done, "total": progress.total });
        // A word that is lost is made up for by the next.
        let _ = self.say.try_send(said);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn said_of(created: &Created) -> Value {
    let targets: Vec<Value> = created
        .targets
        .iter()
        .map(|done| match &done.result {
            Ok(written) => json!({
                "target": done.target.name,
                "place": done.target.place.to_string(),
                "gone": done.gone,
                "otherRun": answers::names(&done.beside),
                "bytes": written.bytes,
                "chunks": written.chunks,
                "packs": written.packs,
                "bytesResumed": written.resumed,
            }),
            // What was asked for was done, by the other name.
            Err(error @ BackupError::OnePlace { other, .. }) => json!({
                "target": done.target.name,
                "place": done.target.place.to_string(),
                "sameAs": other,
                "attention": error.to_string(),
            }),
            Err(error) => json!({ "target": done.target.name, "place": done.target.place.to_string(), "error": error.to_string() }),
        })
        .collect();
    json!({
        "snapshot": created.name.as_str(),
        "number": created.name.number(),
        "created": created.name.time().to_string(),
        "auditEntries": created.entries,
        "rows": created.rows,
        "bytes": created.bytes,
        "bytesRead": created.read,
        "unmarked": created.unmarked,
        "seconds": created.seconds,
        "targets": targets,
    })
}

fn list(backups: &Backups, target: Option<&str>) -> Result<Value, BackupError> {
    let listed = backups.list(target)?;
    Ok(json!({ "targets": listed.iter().map(answers::of_target).collect::<Vec<_>>() }))
}
