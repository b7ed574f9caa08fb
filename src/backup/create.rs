//! Making a snapshot, for several targets at once.
//!
//! The order makes a snapshot good or nothing: its packs are on the target and synced before the file that names it is put.
//! What an earlier attempt left in packs is found by the index and used again.
//!
//! The store is asked what changed since the last snapshot, and that is read ([`super::known`]).
//!
//! The targets share the reading, and nothing else: each has a thread that writes, seals the snapshot there and gives the target
//! back, and one that is slow or hangs is left out ([`super::pace`]). A thread that hangs is left to itself; its target is in use
//! until it comes back.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::time::Instant;

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
use super::pace::{Company, LOOK, LeftOut, Patience, STOPPING, apart, thread};
use super::places::copy;
use super::prune::{marked, marks};
use super::remembered::texts;
use super::repository::{Repository, checkpoint_file, snapshot_file};
use super::rows::{Attempt, BACKUPS, LastMade, Made, OpensBy};
use super::samples;
use super::scan::{Scan, Scanned, Way};
use super::service::{Anew, Backups, TargetSpec};
use super::target::Put;
use super::watch::{Phase, Progress, Watch};
use super::writing::{QUEUE, Sealed, Sink, Written};

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

/// A snapshot that was made, or what each target says where none has it.
pub(super) type Each = Result<Created, Vec<Done>>;

/// Why none has it.
pub(super) fn first_of(targets: Vec<Done>) -> BackupError {
    targets.into_iter().find_map(|done| done.result.err()).unwrap_or(BackupError::NoTarget)
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
    tables: Vec<TableFacts>,
    read: u64,
    unmarked: u64,
}

impl Whole {
    /// Rows, and their bytes.
    fn holds(&self) -> (u64, u64) {
        self.tables.iter().fold((0, 0), |(rows, bytes), table| (rows + table.rows, bytes + table.bytes))
    }
}

/// A target that takes part.
struct Part {
    spec: TargetSpec,
    repository: Repository,
    sink: Sink,
    /// The snapshots that were there before, oldest first.
    there: Vec<SnapshotName>,
    /// The highest number there that the next one goes on from.
    highest: u64,
    /// Given back when the work is done, as the repository's is.
    lease: Lease,
    _of_repository: Option<Lease>,
}

/// What became of a target that took part: what was written, by what its snapshot opens, and the snapshots there that are of
/// another run of the box.
type Answer = Result<(Written, OpensBy, Vec<SnapshotName>), BackupError>;

/// The threads that write, one for each part, by the parts' numbers.
struct Work {
    /// By these each hears what to seal. One that hears nothing seals nothing.
    seals: Vec<Sender<Arc<Whole>>>,
    answers: Receiver<(usize, Answer)>,
}

/// The parts that failed, by their numbers.
type Failed = Vec<(usize, BackupError)>;

/// The parts that were not answered for yet, by their numbers.
type Open = Vec<Option<Arc<Part>>>;

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
        self.create_each(specs, wish, by, watch)?.map_err(first_of)
    }

    /// The same, where it matters why each target has none. An error is of the box itself.
    pub(super) fn create_each(
        &self,
        specs: &[TargetSpec],
        wish: Wish,
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<Each, BackupError> {
        let begun = Instant::now();
        watch.progress(Progress { phase: Phase::Looking, done: 0, total: 0 });
        let (parts, failed) = self.take_parts(specs, wish.anew, watch);
        let taken: Vec<(TargetSpec, [u8; 16])> =
            parts.iter().map(|part| (part.spec.clone(), part.repository.marker().repository)).collect();
        let made = if parts.is_empty() { Ok(None) } else { self.make(parts, wish.extent, by, watch, begun).map(Some) };
        match made {
            Ok(made) => self.told(failed, made, by, begun),
            Err(error) => {
                let text = error.to_string();
                for (spec, repository) in &taken {
                    self.note_failed(spec, Some(*repository), &text)?;
                }
                self.tell(by, Outcome::Failed, &text)?;
                Err(error)
            }
        }
    }

    /// Takes the targets, and says which could not be. One that does not answer is not waited for: others have their turn, now
    /// or later.
    fn take_parts(&self, specs: &[TargetSpec], anew: Anew, watch: &dyn Watch) -> (Vec<Arc<Part>>, Vec<Done>) {
        let (mut parts, mut failed): (Vec<Arc<Part>>, Vec<Done>) = (Vec::new(), Vec::new());
        let silent = self.disks.ask(specs.iter().map(|spec| &spec.place), self.patience.answer);
        // Those beside say which of them is one place with another.
        self.disks.ask(self.configured().iter().map(|spec| &spec.place), self.patience.glance);
        for spec in specs {
            let before: Vec<(TargetSpec, [u8; 16])> =
                parts.iter().map(|part| (part.spec.clone(), part.repository.marker().repository)).collect();
            let taken = match silent.contains(&spec.place.to_string()) {
                true => Err(LeftOut::Silent.error(spec)),
                false => self.take_part_in_time(spec, anew, before, watch),
            };
            match taken {
                Ok(part) => parts.push(Arc::new(part)),
                Err(error) => {
                    failed.push(Done { target: spec.clone(), gone: Vec::new(), beside: Vec::new(), result: Err(error) })
                }
            }
        }
        (parts, failed)
    }

    fn take_part_in_time(
        &self,
        spec: &TargetSpec,
        anew: Anew,
        before: Vec<(TargetSpec, [u8; 16])>,
        watch: &dyn Watch,
    ) -> Result<Part, BackupError> {
        let (taking, of) = (self.clone(), spec.clone());
        let patience = Patience { silence: self.patience.opening, ..self.patience };
        // What it takes once nobody waits for it any more is given back.
        apart(spec, &patience, watch, move |_| taking.take_part(&of, anew, &before))
    }

    fn take_part(&self, spec: &TargetSpec, anew: Anew, before: &[(TargetSpec, [u8; 16])]) -> Result<Part, BackupError> {
        // Before it is taken: it would be found in use for the sake of its other name.
        if let Some(double) = self.double_of(spec, None)? {
            return Err(double);
        }
        let lease = self.lease(spec, Doing::Backup)?;
        let repository = self.open_to_write(spec, anew)?;
        let id = repository.marker().repository;
        if let Some((other, _)) = before.iter().find(|(_, taken)| *taken == id) {
            return Err(copy(spec, other));
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
        let highest = self.highest_at(&repository, &keyring, &there)?;
        let sink = Sink::new(repository.shared_target(), index, Some(cache));
        Ok(Part { spec: spec.clone(), repository, sink, there, highest, lease, _of_repository: of_repository })
    }

    /// Reads the store once and writes to all; answers with the snapshot and what became of each target.
    fn make(
        &self,
        parts: Vec<Arc<Part>>,
        extent: Extent,
        by: &ActorRef,
        watch: &dyn Watch,
        begun: Instant,
    ) -> Result<(Arc<Whole>, Vec<Done>), BackupError> {
        let (id, key) = self.current_key()?;
        let highest = parts.iter().map(|part| part.highest).max();
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
        let (Scanned { tables, outline, read, unmarked }, work, answered) =
            self.scan(&survey, &parts, extent, (id, &key), watch)?;
        let made = Made {
            name: facts.name.to_string(),
            created: facts.name.time(),
            // The scan held each against the engine's own count.
            tables: tables.iter().map(|table| (table.number, table.rows)).collect(),
            entries: facts.entries,
            head: facts.head,
            samples,
        };
        let own = match self.keep(number, made).and_then(|()| self.own_names()) {
            Ok(own) => own,
            Err(error) => {
                // Their threads hold the targets: who tries again at once would find them in use.
                self.broken_off(&parts, work, watch)?;
                return Err(error);
            }
        };
        // The next snapshot reads more without it, and is as good.
        if let Err(error) = survey.remember(&outline) {
            tracing::warn!(target: "backup", %error, "what was read could not be remembered: the next backup takes longer");
        }
        let whole = Arc::new(Whole { facts, tables, read, unmarked });
        for seal in &work.seals {
            // One that has ended has said why.
            let _ = seal.send(whole.clone());
        }
        let mut done: Vec<(usize, Done)> = Vec::new();
        // Each is given back as soon as it is done.
        let mut open: Open = parts.into_iter().map(Some).collect();
        for (at, error) in answered {
            if let Some(part) = open.get_mut(at).and_then(Option::take) {
                done.push((at, self.told_one(&part, Err(error), &whole, &own, begun)?));
            }
        }
        self.collect(&mut open, &work, watch, &mut |at, part, answer| {
            done.push((at, self.told_one(&part, answer, &whole, &own, begun)?));
            Ok(())
        })?;
        // They were given back: one that hangs now keeps nobody waiting.
        for (_, Done { target, .. }) in done.iter().filter(|(_, done)| done.result.is_ok()) {
            let (all, spec, by) = (self.clone(), target.clone(), by.clone());
            let looked = apart(target, &self.patience, watch, move |watch| {
                all.look_again(&spec, &by, watch);
                Ok(())
            });
            if let Err(error) = looked {
                tracing::warn!(target: "backup", %error, "a place could not be looked at again");
            }
        }
        done.sort_by_key(|(at, _)| *at);
        Ok((whole, done.into_iter().map(|(_, done)| done).collect()))
    }

    /// Reads what changed, or everything where that cannot be relied on. Answers besides with the threads that are to seal it, and
    /// with the parts that failed before and have none.
    fn scan(
        &self,
        survey: &Survey,
        parts: &[Arc<Part>],
        extent: Extent,
        (id, key): (KeyId, &RepositoryKey),
        watch: &dyn Watch,
    ) -> Result<(Scanned, Work, Failed), BackupError> {
        let now = self.ambient.now();
        let knowledge = survey.head()?.and_then(|head| Knowledge::from_bytes(&head)).filter(|known| known.key == id);
        let extent = if knowledge.is_some_and(|known| known.is_old(now)) { Extent::Everything } else { extent };
        let total = self.known()?.iter().filter_map(|(_, row)| Some(row.last.as_ref()?.holds)).max();
        let total = total.unwrap_or_else(|| self.store.stats().file_bytes / 3);
        let (ambient, patience) = (&self.ambient, self.patience);
        let mut scan = Scan { survey, extent, knows: knowledge.is_some(), key, ambient, watch, total, patience };
        let mut failed = Failed::new();
        let (mut scanned, mut work) = self.scan_once(&scan, parts, id, key)?;
        if matches!(scanned, Err(BackupError::Unknown)) {
            tracing::error!(target: "backup", "what the box remembers of its store is not what is in it: everything is read");
            failed = self.broken_off(parts, work, watch)?;
            scan.extent = Extent::Everything;
            (scanned, work) = self.scan_once(&scan, parts, id, key)?;
            scanned = scanned.map(|scanned| Scanned { unmarked: scanned.unmarked.max(1), ..scanned });
        }
        let mut scanned = match scanned {
            Ok(scanned) => scanned,
            Err(error) => {
                self.broken_off(parts, work, watch)?;
                return Err(error);
            }
        };
        let whole = Knowledge::new(id, now);
        let relied = knowledge.filter(|_| scan.extent == Extent::Changes);
        scanned.outline.head = relied.map_or(whole, Knowledge::one_more).to_bytes();
        if scanned.unmarked > 0 {
            // Snapshots since everything was last read may lack a change. This one does not.
            let chunks = scanned.unmarked;
            tracing::error!(target: "backup", chunks, "the store changed where it had not been marked as changed");
            scanned.outline = Outline { besides: Besides::Go, ..Outline::default() };
        }
        Ok((scanned, work, failed))
    }

    fn scan_once(
        &self,
        scan: &Scan<'_>,
        parts: &[Arc<Part>],
        id: KeyId,
        key: &RepositoryKey,
    ) -> Result<(Result<Scanned, BackupError>, Work), BackupError> {
        let (say, answers) = channel();
        let (mut ways, mut seals) = (Vec::new(), Vec::new());
        for (at, part) in parts.iter().enumerate() {
            part.sink.pace.begin();
            let (send, chunks) = sync_channel(QUEUE);
            let (seal, sealing) = channel();
            let (of, carried, key, say) = (self.clone(), part.clone(), key.clone(), say.clone());
            thread(move || {
                let answer = of.carry(&carried, &chunks, &sealing, id, &key);
                drop(chunks);
                // One that had nothing to seal may have at the next reading.
                if !matches!(answer, Ok(_) | Err(BackupError::Stopped)) {
                    carried.sink.fail();
                }
                // Whoever hears the answer gives the target back; where nobody does any more, this does.
                drop(carried);
                let _ = say.send((at, answer));
            })?;
            ways.push(Way { sink: &part.sink, send });
            seals.push(seal);
        }
        // A thread that did not come to answer is missed.
        drop(say);
        let scanned = scan.run(&ways);
        Ok((scanned, Work { seals, answers }))
    }

    /// What a part's thread does, from its first chunk to the snapshot's own file.
    fn carry(
        &self,
        part: &Part,
        chunks: &Receiver<Sealed>,
        sealing: &Receiver<Arc<Whole>>,
        id: KeyId,
        key: &RepositoryKey,
    ) -> Answer {
        let left_out = |error| part.sink.pace.left_out().map_or(error, |out| out.error(&part.spec));
        if !part.sink.goes_on() {
            return Err(left_out(BackupError::Stopped));
        }
        let written = part.sink.write(chunks, id, key, &self.ambient).map_err(left_out)?;
        let whole = sealing.recv().map_err(|_| BackupError::Stopped)?;
        part.sink.pace.step();
        if part.sink.pace.left_out().is_some() {
            return Err(left_out(BackupError::Stopped));
        }
        let opens = self.seal_off(part, &whole.facts, &whole.tables, id, key)?;
        let resumed = if part.lease.left == Left::Unfinished { part.sink.found() } else { 0 };
        Ok((Written { resumed, ..written }, opens, self.told_apart(part)?))
    }

    /// Ends the threads of a reading that came to nothing, and answers with what failed by itself.
    fn broken_off(&self, parts: &[Arc<Part>], work: Work, watch: &dyn Watch) -> Result<Failed, BackupError> {
        let mut failed = Vec::new();
        let mut open: Open = parts.iter().cloned().map(Some).collect();
        let Work { seals, answers } = work;
        // Each hears that there is nothing to seal.
        drop(seals);
        let work = Work { seals: Vec::new(), answers };
        self.collect(&mut open, &work, watch, &mut |at, _, answer| {
            match answer {
                // It had nothing to seal.
                Ok(_) | Err(BackupError::Stopped) => {}
                Err(error) => failed.push((at, error)),
            }
            Ok(())
        })?;
        Ok(failed)
    }

    /// Takes what comes of each part as it comes, and leaves those to themselves that give no sign of life.
    fn collect(
        &self,
        open: &mut Open,
        work: &Work,
        watch: &dyn Watch,
        each: &mut dyn FnMut(usize, Arc<Part>, Answer) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let mut stopped: Option<Instant> = None;
        open.iter().flatten().for_each(|part| part.sink.pace.begin());
        while open.iter().any(Option::is_some) {
            match work.answers.recv_timeout(LOOK) {
                Ok((at, answer)) => {
                    if let Some(part) = open.get_mut(at).and_then(Option::take) {
                        each(at, part, answer)?;
                    }
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    for (at, part) in open.iter_mut().enumerate() {
                        if let Some(part) = part.take() {
                            each(at, part, Err(BackupError::Stopped))?;
                        }
                    }
                    return Ok(());
                }
            }
            if watch.is_stopped() {
                stopped.get_or_insert_with(Instant::now);
            }
            let stopped = stopped.is_some_and(|since| since.elapsed() > STOPPING);
            for (at, waiting) in open.iter_mut().enumerate() {
                let silent = |part: &mut Arc<Part>| {
                    stopped || part.sink.pace.wait(&self.patience, Company::Alone) == Some(LeftOut::Silent)
                };
                if let Some(part) = waiting.take_if(silent) {
                    let error = if stopped { BackupError::Stopped } else { LeftOut::Silent.error(&part.spec) };
                    each(at, part, Err(error))?;
                }
            }
        }
        Ok(())
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
            previous: part.there.iter().rfind(|before| **before < facts.name).cloned(),
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

    /// Takes note of what became of one target, which is given back with it.
    fn told_one(
        &self,
        part: &Part,
        answer: Answer,
        whole: &Whole,
        own: &BTreeSet<String>,
        begun: Instant,
    ) -> Result<Done, BackupError> {
        let (repository, name) = (part.repository.marker().repository, &whole.facts.name);
        let target = part.spec.clone();
        let (result, beside) = match answer {
            Ok((written, opens, beside)) => {
                let (rows, holds) = whole.holds();
                let last = LastMade {
                    name: name.to_string(),
                    number: name.number(),
                    at: name.time(),
                    seconds: begun.elapsed().as_secs() as u32,
                    bytes: written.bytes,
                    holds,
                    rows,
                    opens: Some(opens),
                };
                let at = self.ambient.now();
                let there = [part.there.as_slice(), std::slice::from_ref(name)].concat();
                let (own, seen) = (own.clone(), there.clone());
                self.note(&part.spec, Some(repository), move |row| {
                    row.last = Some(last);
                    row.attempt = Some(Attempt { at, error: None });
                    row.snapshots = there.len() as u64;
                })?;
                self.remember(repository, move |known| known.saw(&seen, &own))?;
                (Ok(written), beside)
            }
            Err(error) => {
                self.note_failed(&part.spec, Some(repository), &error.to_string())?;
                (Err(error), Vec::new())
            }
        };
        let gone = self.remembered(repository)?.gone.into_iter().collect();
        Ok(Done { target, gone, beside, result })
    }

    fn told(
        &self,
        mut failed: Vec<Done>,
        made: Option<(Arc<Whole>, Vec<Done>)>,
        by: &ActorRef,
        begun: Instant,
    ) -> Result<Each, BackupError> {
        for done in &failed {
            // That another backup is being written there is no fault of the place.
            if let Err(error) = &done.result
                && !matches!(error, BackupError::Busy { .. })
            {
                self.note_failed(&done.target, None, &error.to_string())?;
            }
        }
        let Some((whole, mut targets)) = made else {
            let texts: Vec<String> = failed.iter().filter_map(|d| Some(d.result.as_ref().err()?.to_string())).collect();
            self.tell(by, Outcome::Failed, &texts.join(" "))?;
            return Ok(Err(failed));
        };
        let Whole { facts: Facts { name, entries, .. }, read, unmarked, .. } = &*whole;
        let (rows, bytes) = whole.holds();
        let good = targets.iter().filter(|done| done.result.is_ok()).count();
        targets.append(&mut failed);
        let outcome = if good == 0 { Outcome::Failed } else { Outcome::Success };
        let doubt = if *unmarked > 0 { "; the store had changed where it had not been marked as changed" } else { "" };
        self.tell(by, outcome, &format!("the snapshot {name} on {good} of {} targets{doubt}", targets.len()))?;
        if good == 0 {
            return Ok(Err(targets));
        }
        let (entries, read, unmarked, seconds) = (*entries, *read, *unmarked, begun.elapsed().as_secs_f64());
        Ok(Ok(Created { name: name.clone(), entries, rows, bytes, read, unmarked, seconds, targets }))
    }

    /// The snapshots beside this one that are of another run of the box. The snapshot that was made is good without it.
    fn told_apart(&self, part: &Part) -> Result<Vec<SnapshotName>, BackupError> {
        let beside = match self.beside(&part.repository, &part.there) {
            Ok(beside) => beside,
            Err(error) => {
                tracing::warn!(target: "backup", %error, "whether the snapshots there are all of this box could not be seen");
                return Ok(Vec::new());
            }
        };
        let beside: Vec<SnapshotName> = beside.into_iter().collect();
        if !beside.is_empty() {
            tracing::warn!(target: "backup", place = part.repository.place(), "{}", of_another_run(&beside));
        }
        let seen = texts(&beside);
        self.remember(part.repository.marker().repository, move |known| known.beside = seen)?;
        Ok(beside)
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
            // Nor was one made that can have no name.
            let none = KeyRange::between(Bound::Included((SnapshotName::NUMBERS,).to_bytes()), Bound::Unbounded);
            let none: Vec<(u64,)> =
                tx.scan(&BACKUPS, none, Direction::Up)?.filter_map(|row| Some(row.ok()?.0)).collect();
            old.iter().chain(&none).try_for_each(|key| tx.delete(&BACKUPS, key))
        })?;
        Ok(())
    }
}

/// How many snapshots are remembered, besides those that are somewhere.
const MADE_KEPT: u64 = 500;
