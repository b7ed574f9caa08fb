//! Making a snapshot, for several targets at once.
//!
//! The order makes a snapshot good or nothing: its packs are on the target and synced before the file that names it is put.
//! What an earlier attempt left in packs is found by the index and used again.
//!
//! The store is asked what changed since the last snapshot, and that is read ([`super::known`]).

use std::collections::BTreeSet;
use std::ops::Bound;

use data_encoding::HEXLOWER;

use crate::audit::{self, Action, AuditError, Checkpoint, Detail, Outcome};
use crate::base::ActorRef;
use crate::crypto::backup::{KeyId, RepositoryKey};
use crate::store::{Besides, Direction, Key, KeyRange, Outline, ReadExt, SCHEMA, Survey};

use super::error::{BackupError, of_another_run};
use super::index::Index;
use super::known::{Extent, Knowledge};
use super::layout::{AuditFacts, Header, Manifest, SnapshotBytes, SnapshotName, TableFacts};
use super::lease::{Doing, Lease, Left};
use super::places::copy;
use super::prune::{marked, marks};
use super::repository::{Repository, checkpoint_file, snapshot_file};
use super::rows::{Attempt, BACKUPS, LastMade, Made, OpensBy};
use super::samples;
use super::scan::{Scan, Scanned, Way};
use super::service::{Anew, Backups, TargetSpec};
use super::target::Put;
use super::watch::{Phase, Progress, Watch};
use super::writing::{Sink, Written};

/// What one target got.
#[derive(Debug)]
pub struct Done {
    pub target: TargetSpec,
    /// The snapshots that were made there, and that neither are there nor were removed by this box.
    pub gone: Vec<String>,
    /// The snapshots there that are of another run of this box, oldest first.
    pub beside: Vec<SnapshotName>,
    pub result: Result<Written, BackupError>,
}

/// A snapshot that was made; at least one target has it.
#[derive(Debug)]
pub struct Created {
    pub name: SnapshotName,
    pub entries: u64,
    pub rows: u64,
    /// Everything it holds, before compression.
    pub bytes: u64,
    /// Of these, what was read: the rest was known to be as it was.
    pub read: u64,
    /// Parts of the store that were not as the box remembered them. There are none while it works as it should.
    pub unmarked: u64,
    pub seconds: f64,
    pub targets: Vec<Done>,
}

/// What is wanted of a snapshot besides its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub anew: Anew,
    pub extent: Extent,
}

impl Wish {
    /// As the schedule makes them.
    pub const USUAL: Self = Self { anew: Anew::No, extent: Extent::Changes };
}

/// A snapshot as far as it is the same for all targets.
struct Whole {
    facts: Facts,
    scanned: Scanned,
}

/// A target that takes part.
struct Part {
    spec: TargetSpec,
    repository: Repository,
    sink: Sink,
    /// The snapshots that were there before, oldest first.
    there: Vec<SnapshotName>,
    /// Given back when the work is done, as the repository's is.
    lease: Lease,
    _of_repository: Option<Lease>,
}

/// What became of each target that took part.
type Results = Vec<Result<(Written, Option<OpensBy>), BackupError>>;

/// What stands in a snapshot besides its rows.
struct Facts {
    name: SnapshotName,
    entries: u64,
    head: [u8; 32],
    epoch: u32,
    checkpoint: Checkpoint,
}

impl Backups {
    /// Makes a snapshot of the store as it is now. Blocks until every target has it or has failed. An error means that none
    /// has it.
    pub fn create(
        &self,
        specs: &[TargetSpec],
        wish: Wish,
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<Created, BackupError> {
        let begun = std::time::Instant::now();
        watch.progress(Progress { phase: Phase::Looking, done: 0, total: 0 });
        let mut failed: Vec<Done> = Vec::new();
        let mut parts = Vec::new();
        for spec in specs {
            match self.take_part(spec, wish.anew, &parts) {
                Ok(part) => parts.push(part),
                Err(error) => {
                    failed.push(Done { target: spec.clone(), gone: Vec::new(), beside: Vec::new(), result: Err(error) })
                }
            }
        }
        let made = if parts.is_empty() { Ok(None) } else { self.make(&parts, wish.extent, by, watch).map(Some) };
        match made {
            Ok(made) => self.told(parts, failed, made, by, begun),
            Err(error) => {
                let text = error.to_string();
                for part in &parts {
                    self.note_failed(&part.spec, Some(part.repository.marker().repository), &text)?;
                }
                self.tell(by, Outcome::Failed, &text)?;
                Err(error)
            }
        }
    }

    fn take_part(&self, spec: &TargetSpec, anew: Anew, before: &[Part]) -> Result<Part, BackupError> {
        // Before it is taken: it would be found in use for the sake of its other name.
        if let Some(double) = self.double_of(spec, None)? {
            return Err(double);
        }
        let lease = self.lease(spec, Doing::Backup)?;
        let repository = self.open_to_write(spec, anew)?;
        let id = repository.marker().repository;
        if let Some(part) = before.iter().find(|part| part.repository.marker().repository == id) {
            return Err(copy(spec, &part.spec));
        }
        if let Some(double) = self.double_of(spec, Some(id))? {
            return Err(double);
        }
        let of_repository = self.lease_of(spec, Doing::Backup, &repository)?;
        let cache = self.cache(&repository);
        let keyring = self.keyring()?;
        // What is to be removed is not relied on: it may be gone when this snapshot is done. Nor is what was found changed.
        let mut marked = marked(&marks(&repository, &keyring)?);
        marked.extend(self.remembered(id)?.spoiled);
        let index = Index::load_marked(repository.target(), &keyring, Some(&cache), &marked)?.without(&marked);
        let there = repository.snapshots()?;
        let sink = Sink::new(repository.shared_target(), index, Some(cache));
        Ok(Part { spec: spec.clone(), repository, sink, there, lease, _of_repository: of_repository })
    }

    /// Reads the store once and writes to all; answers with the snapshot and what became of each target.
    fn make(
        &self,
        parts: &[Part],
        extent: Extent,
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<(Whole, Results), BackupError> {
        let (id, key) = self.current_key()?;
        let highest = parts.iter().filter_map(|part| Some(part.there.last()?.number())).max();
        let number = self.number_after(highest.unwrap_or(0))?;
        let name = SnapshotName::new(self.ambient.now(), number, &self.ambient);
        let event = self.event(by, Action::Checkpoint).detail(Detail::note(format!("for the snapshot {name}")));
        let (checkpoint, _) = self.checkpoint(event)?;
        // What the snapshot holds is what there is at this moment.
        let survey = self.store.survey()?;
        let view = &survey.view;
        let head = audit::head(view)?.ok_or_else(|| BackupError::Failed("the box has no access log yet".into()))?;
        let facts = Facts { name, entries: head.size, head: head.hash, epoch: head.epoch, checkpoint };
        let samples = samples::take(view, &self.ambient)?;
        let (scanned, mut results) = self.scan(&survey, parts, extent, (id, &key), watch)?;
        let made = Made {
            name: facts.name.to_string(),
            created: facts.name.time(),
            // The scan held each against the engine's own count.
            tables: scanned.tables.iter().map(|table| (table.number, table.rows)).collect(),
            entries: facts.entries,
            head: facts.head,
            samples,
        };
        self.keep(number, made)?;
        for (part, result) in parts.iter().zip(&mut results) {
            if let Ok((_, opens)) = result {
                match self.seal_off(part, &facts, &scanned.tables, id, &key) {
                    Ok(by) => *opens = Some(by),
                    Err(error) => *result = Err(error),
                }
            }
        }
        // The next snapshot reads more without it, and is as good.
        if let Err(error) = survey.remember(&scanned.outline) {
            tracing::warn!(target: "backup", %error, "what was read could not be remembered: the next backup takes longer");
        }
        Ok((Whole { facts, scanned }, results))
    }

    /// Reads what changed, or everything where that cannot be relied on.
    fn scan(
        &self,
        survey: &Survey,
        parts: &[Part],
        extent: Extent,
        (id, key): (KeyId, &RepositoryKey),
        watch: &dyn Watch,
    ) -> Result<(Scanned, Results), BackupError> {
        let now = self.ambient.now();
        let knowledge = survey.head()?.and_then(|head| Knowledge::from_bytes(&head)).filter(|known| known.key == id);
        let extent = if knowledge.is_some_and(|known| known.is_old(now)) { Extent::Everything } else { extent };
        let total = self.known()?.iter().filter_map(|(_, row)| Some(row.last.as_ref()?.holds)).max();
        let total = total.unwrap_or_else(|| self.store.stats().file_bytes / 3);
        let ambient = &self.ambient;
        let mut scan = Scan { survey, extent, knows: knowledge.is_some(), key, ambient, watch, total };
        let (mut scanned, mut results) = self.scan_once(&scan, parts, id, key);
        if matches!(scanned, Err(BackupError::Unknown)) {
            tracing::error!(target: "backup", "what the box remembers of its store is not what is in it: everything is read");
            scan.extent = Extent::Everything;
            let failed = results;
            (scanned, results) = self.scan_once(&scan, parts, id, key);
            // A target that failed the first time got nothing the second.
            results = results.into_iter().zip(failed).map(|(result, before)| before.and(result)).collect();
            scanned = scanned.map(|scanned| Scanned { unmarked: scanned.unmarked.max(1), ..scanned });
        }
        let mut scanned = scanned?;
        let whole = Knowledge::new(id, now);
        let relied = knowledge.filter(|_| scan.extent == Extent::Changes);
        scanned.outline.head = relied.map_or(whole, Knowledge::one_more).to_bytes();
        if scanned.unmarked > 0 {
            // Snapshots since everything was last read may lack a change. This one does not.
            let chunks = scanned.unmarked;
            tracing::error!(target: "backup", chunks, "the store changed where it had not been marked as changed");
            scanned.outline = Outline { besides: Besides::Go, ..Outline::default() };
        }
        Ok((scanned, results))
    }

    fn scan_once(
        &self,
        scan: &Scan<'_>,
        parts: &[Part],
        id: KeyId,
        key: &RepositoryKey,
    ) -> (Result<Scanned, BackupError>, Results) {
        let (scanned, answers) = std::thread::scope(|scope| {
            let queues: Vec<_> = parts.iter().map(|part| part.sink.start(scope, id, key, &self.ambient)).collect();
            let ways: Vec<Way<'_>> =
                parts.iter().zip(&queues).map(|(part, queue)| Way { sink: &part.sink, send: queue.sender() }).collect();
            let scanned = scan.run(&ways);
            drop(ways);
            (scanned, queues.into_iter().map(super::writing::Queue::close).collect::<Vec<_>>())
        });
        let result = |(answer, part): (super::writing::Answer, &Part)| {
            let resumed = if part.lease.left == Left::Unfinished { part.sink.found() } else { 0 };
            answer.take().map(|(written, _)| (Written { resumed, ..written }, None))
        };
        (scanned, answers.into_iter().zip(parts).map(result).collect())
    }

    /// Puts the file that makes the snapshot one, last of all, and reads it back. Answers with what opens it.
    fn seal_off(
        &self,
        part: &Part,
        facts: &Facts,
        tables: &[TableFacts],
        id: KeyId,
        key: &RepositoryKey,
    ) -> Result<OpensBy, BackupError> {
        let of_box = part.repository.marker().of_box;
        let wrapped = key.wrap(&self.home.snapshot_key(), id, &self.ambient);
        let wrapped = wrapped.map_err(|error| BackupError::Failed(error.to_string()))?;
        let slots = self.home.keyslots()?;
        let opens = OpensBy::of(&slots)?;
        let header = Header::new(of_box, id, &wrapped, slots);
        let manifest = Manifest {
            name: facts.name.clone(),
            created: facts.name.time(),
            repository: part.repository.id(),
            previous: part.there.last().cloned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA,
            clinic: self.home.clinic(),
            called: self.home.called(),
            audit: AuditFacts {
                entries: facts.entries,
                head: HEXLOWER.encode(&facts.head),
                epoch: facts.epoch,
                checkpoint: facts.checkpoint.text.clone(),
            },
            tables: tables.to_vec(),
            attachments: self.home.attachments(),
        };
        let bytes = SnapshotBytes::make(&header, &manifest, key, &self.ambient)
            .ok_or_else(|| BackupError::Failed("the snapshot's own file could not be made".into()))?;
        let target = part.repository.target();
        target.put(&checkpoint_file(&facts.name)?, facts.checkpoint.text.as_bytes())?;
        let put = target.put(&snapshot_file(&facts.name)?, &bytes)?;
        target.sync()?;
        let read = part.repository.read(&facts.name)?;
        let kept = put == Put::New && read.open(key).is_ok_and(|read| read == manifest);
        if kept {
            Ok(opens)
        } else {
            let place = part.repository.place();
            Err(BackupError::Failed(format!("{place} does not keep what is written to it. Use another one.")))
        }
    }

    fn told(
        &self,
        parts: Vec<Part>,
        mut failed: Vec<Done>,
        made: Option<(Whole, Results)>,
        by: &ActorRef,
        begun: std::time::Instant,
    ) -> Result<Created, BackupError> {
        let seconds = begun.elapsed().as_secs_f64();
        for done in &failed {
            // That another backup is being written there is no fault of the place.
            if let Err(error) = &done.result
                && !matches!(error, BackupError::Busy { .. })
            {
                self.note_failed(&done.target, None, &error.to_string())?;
            }
        }
        let Some((Whole { facts, scanned }, results)) = made else {
            let texts: Vec<String> = failed.iter().filter_map(|d| Some(d.result.as_ref().err()?.to_string())).collect();
            self.tell(by, Outcome::Failed, &texts.join(" "))?;
            let first = failed.into_iter().find_map(|done| done.result.err());
            return Err(first.unwrap_or(BackupError::NoTarget));
        };
        let Scanned { tables, read, unmarked, .. } = scanned;
        let (rows, bytes) = tables.iter().fold((0, 0), |(rows, bytes), table| (rows + table.rows, bytes + table.bytes));
        let (mut targets, own) = (Vec::new(), self.own_names()?);
        for (part, result) in parts.into_iter().zip(results) {
            let repository = part.repository.marker().repository;
            match &result {
                Ok((written, opens)) => {
                    let last = LastMade {
                        name: facts.name.to_string(),
                        number: facts.name.number(),
                        at: facts.name.time(),
                        seconds: seconds as u32,
                        bytes: written.bytes,
                        holds: bytes,
                        rows,
                        opens: opens.clone(),
                    };
                    let at = self.ambient.now();
                    let there = [part.there.as_slice(), std::slice::from_ref(&facts.name)].concat();
                    let (own, seen) = (own.clone(), there.clone());
                    self.note(&part.spec, Some(repository), move |row| {
                        row.last = Some(last);
                        row.attempt = Some(Attempt { at, error: None });
                        row.snapshots = there.len() as u64;
                    })?;
                    self.remember(repository, move |known| known.saw(&seen, &own))?;
                    self.look_again(&part.spec, by);
                }
                Err(error) => self.note_failed(&part.spec, Some(repository), &error.to_string())?,
            }
            let gone = self.remembered(repository)?.gone.into_iter().collect();
            let beside = self.told_apart(&part);
            let result = result.map(|(written, _)| written);
            targets.push(Done { target: part.spec.clone(), gone, beside, result });
        }
        let good = targets.iter().filter(|done| done.result.is_ok()).count();
        targets.append(&mut failed);
        let outcome = if good == 0 { Outcome::Failed } else { Outcome::Success };
        let doubt = if unmarked > 0 { "; the store had changed where it had not been marked as changed" } else { "" };
        self.tell(by, outcome, &format!("the snapshot {} on {good} of {} targets{doubt}", facts.name, targets.len()))?;
        if good == 0 {
            let first = targets.into_iter().find_map(|done| done.result.err());
            return Err(first.unwrap_or(BackupError::NoTarget));
        }
        Ok(Created { name: facts.name, entries: facts.entries, rows, bytes, read, unmarked, seconds, targets })
    }

    /// The snapshots beside this one that are of another run of the box. The snapshot that was made is good without it.
    fn told_apart(&self, part: &Part) -> Vec<SnapshotName> {
        let beside = self.beside(&part.repository, &part.there).unwrap_or_else(|error| {
            tracing::warn!(target: "backup", %error, "whether the snapshots there are all of this box could not be seen");
            BTreeSet::new()
        });
        let beside: Vec<SnapshotName> = beside.into_iter().collect();
        if !beside.is_empty() {
            tracing::warn!(target: "backup", place = part.repository.place(), "{}", of_another_run(&beside));
        }
        beside
    }

    fn checkpoint(&self, event: audit::Event) -> Result<(Checkpoint, audit::Committed), AuditError> {
        self.audit.checkpoint_blocking(self.home.signer(), event)
    }

    fn tell(&self, by: &ActorRef, outcome: Outcome, note: &str) -> Result<(), BackupError> {
        let event = self.event(by, Action::Backup).outcome(outcome).detail(Detail::note(note.to_owned()));
        let _ = self.audit.commit_blocking(vec![event])?;
        Ok(())
    }

    fn note_failed(&self, spec: &TargetSpec, repository: Option<[u8; 16]>, error: &str) -> Result<(), BackupError> {
        if repository.is_none() {
            self.note_unreached(spec, error)?;
        }
        let (at, error) = (self.ambient.now(), error.to_owned());
        self.note(spec, repository, move |row| row.attempt = Some(Attempt { at, error: Some(error) }))
    }

    /// The number of the last snapshot that this box made.
    pub(super) fn last_number(&self) -> Result<u64, BackupError> {
        let read = self.store.read()?;
        let last = read.scan(&BACKUPS, KeyRange::all(), Direction::Down)?.next().transpose()?;
        Ok(last.map_or(0, |((number,), _)| number))
    }

    fn keep(&self, number: u64, made: Made) -> Result<(), BackupError> {
        let held = self.names_in_use()?;
        self.store.write_essential_blocking(move |tx| {
            tx.put(&BACKUPS, &(number,), &made)?;
            let first = (number.saturating_sub(MADE_KEPT),);
            let old = KeyRange::between(Bound::Unbounded, Bound::Excluded(first.to_bytes()));
            let old = tx.scan(&BACKUPS, old, Direction::Up)?.filter_map(Result::ok);
            // One that is still somewhere is held against this for as long.
            let old = old.filter(|(_, made)| !held.contains(&made.name));
            let old: Vec<(u64,)> = old.map(|(key, _)| key).collect();
            old.iter().try_for_each(|key| tx.delete(&BACKUPS, key))
        })?;
        Ok(())
    }
}

/// How many snapshots are remembered, besides those that are somewhere.
const MADE_KEPT: u64 = 500;
