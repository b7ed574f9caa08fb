//! That something stays which can be restored, before old snapshots go: a new one that relies on what rotted unseen is none.

use super::copying::Work;
use super::error::BackupError;
use super::layout::SnapshotName;
use super::prune::Pruned;
use super::reading::Reader;
use super::remembered::Remembered;
use super::service::Backups;
use super::verify::Needed;
use super::watch::{Watch, go_on};
use crate::crypto::backup::ChunkName;

/// Chunks that are read between two looks at whether to go on.
const READ_AT_ONCE: usize = 512;

impl Backups {
    /// Reads the newest that stays before anything goes. What was read at another time is no proof: it may have rotted since.
    pub(super) fn rely_on(
        &self,
        work: &Work<'_>,
        needed: &Needed,
        known: &Remembered,
        pruned: &mut Pruned,
        watch: &dyn Watch,
    ) -> Result<(), BackupError> {
        let good = |name: &SnapshotName| {
            let lacks = needed.lacking.contains(name) || needed.incomplete.contains(name);
            !lacks && !known.is_bad(name) && !pruned.beside.contains(name)
        };
        let stay = needed.manifests.iter().filter(|manifest| good(&manifest.name));
        let Some(newest) = stay.max_by(|one, other| one.name.cmp(&other.name)) else { return Ok(()) };
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
        pruned.relied = Some(newest.name.clone()).filter(|_| pruned.found_spoiled.is_none());
        Ok(())
    }
}
