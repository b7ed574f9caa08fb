//! That something stays which can be restored, before old snapshots go: a new one that relies on what rotted unseen is none.

use std::collections::BTreeSet;

use super::copying::Work;
use super::error::BackupError;
use super::layout::SnapshotName;
use super::prune::Pruned;
use super::reading::Reader;
use super::remembered::Remembered;
use super::service::{Backups, TargetSpec};
use super::verify::Needed;
use super::watch::{Watch, go_on};
use crate::crypto::backup::ChunkName;

/// Chunks that are read between two looks at whether to go on.
const READ_AT_ONCE: usize = 512;

/// How a snapshot is known to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It was restored in a drill.
    Drilled,
    /// Every byte was read since it was made.
    Verified,
    /// It was read whole before anything was removed.
    Read,
}

impl Proof {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Drilled => "drill",
            Self::Verified => "verify",
            Self::Read => "read",
        }
    }
}

impl Backups {
    /// Sees to it that something which stays is known to be whole before anything goes. Where nothing was drilled, or read byte by
    /// byte since it was made, the newest is read now.
    pub(super) fn rely_on(
        &self,
        spec: &TargetSpec,
        work: &Work<'_>,
        needed: &Needed,
        known: &Remembered,
        pruned: &mut Pruned,
        watch: &dyn Watch,
    ) -> Result<(), BackupError> {
        let id = work.repository.marker().repository;
        let good = |name: &SnapshotName| {
            let lacks = needed.lacking.contains(name) || needed.incomplete.contains(name);
            !lacks && !known.is_bad(name) && !pruned.beside.contains(name)
        };
        let stay: Vec<_> = needed.manifests.iter().filter(|manifest| good(&manifest.name)).collect();
        let passed = self.drills(usize::MAX)?.into_iter().filter(|drill| drill.passed() && drill.is_of(id, &spec.name));
        let drilled: BTreeSet<String> = passed.map(|drill| drill.snapshot).collect();
        let read_at = self.row_here(spec)?.and_then(|row| row.verified).filter(|verified| verified.all);
        let proof = |name: &SnapshotName| match &read_at {
            _ if drilled.contains(name.as_str()) => Some(Proof::Drilled),
            Some(verified) if name.time() < verified.at => Some(Proof::Verified),
            _ => None,
        };
        let proven = stay.iter().filter_map(|manifest| Some((manifest.name.clone(), proof(&manifest.name)?)));
        let proven = proven.max_by(|(one, _), (other, _)| one.cmp(other));
        let newest = stay.iter().max_by(|one, other| one.name.cmp(&other.name));
        let (None, Some(newest)) = (&proven, newest) else {
            pruned.relied = proven;
            return Ok(());
        };
        let reader = Reader::new(work.repository.target(), work.index, work.keyring);
        let chunks: Vec<ChunkName> = needed.chunks_of(newest).collect();
        for some in chunks.chunks(READ_AT_ONCE) {
            go_on(watch)?;
            reader.chunks(some, &mut |_, bytes| {
                if let Err(damage) = bytes {
                    pruned.found_spoiled.get_or_insert(damage.file);
                }
            })?;
        }
        pruned.relied = Some((newest.name.clone(), Proof::Read)).filter(|_| pruned.found_spoiled.is_none());
        Ok(())
    }
}
