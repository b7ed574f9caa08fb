//! Restoring: a snapshot's rows into a new store, held against what the snapshot says.

use crate::audit;
use crate::base::Ambient;
use crate::store::{Filling, SCHEMA, Store, StoreError, tables};

use super::error::{BackupError, Damage, What};
use super::layout::{Manifest, rows_of};
use super::reading::Reader;
use super::rows::Made;
use super::samples;
use super::watch::{Phase, Progress, Watch, go_on};

/// Threads that read ahead.
const WORKERS: usize = 2;

/// Why a store could not be filled.
pub struct FillError(pub BackupError);

impl From<StoreError> for FillError {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

/// What a store holds that was just restored from a snapshot, and that nothing was written to since: the box that comes of it
/// remembers it as if it had made the snapshot.
pub fn facts_of(store: &Store, manifest: &Manifest, ambient: &Ambient) -> Result<Made, BackupError> {
    let view = store.read()?;
    let head = audit::head(&view)?.ok_or_else(|| BackupError::Failed("there is no access log in it".into()))?;
    Ok(Made {
        name: manifest.name.to_string(),
        created: manifest.created,
        tables: manifest.tables.iter().map(|table| (table.number, table.rows)).collect(),
        entries: head.size,
        head: head.hash,
        samples: samples::take(&view, ambient)?,
    })
}

/// Puts every row of a snapshot into a store that is being made. What cannot be read whole ends it: a restored box lacks nothing.
pub fn fill(
    reader: &Reader<'_>,
    manifest: &Manifest,
    filling: &mut Filling<'_>,
    watch: &dyn Watch,
) -> Result<(), BackupError> {
    if manifest.schema > SCHEMA {
        let place = format!("the snapshot {}", manifest.name);
        return Err(BackupError::Newer { place, found: manifest.schema, known: SCHEMA });
    }
    let (mut done, total) = (0, manifest.bytes());
    let wrong = || Damage::of_snapshot(format!("snapshots/{}", manifest.name), What::Wrong, &manifest.name);
    let lost = |error| match error {
        BackupError::Damaged(Damage { file, what, .. }) => Damage::of_snapshot(file, what, &manifest.name).into(),
        other => other,
    };
    for facts in &manifest.tables {
        let table = tables::numbered(facts.number).ok_or_else(|| BackupError::Newer {
            place: format!("the table {}", facts.name),
            found: u64::from(facts.number),
            known: SCHEMA,
        })?;
        let mut last: Option<Vec<u8>> = None;
        let mut rows = 0_u64;
        let read = reader.in_order(facts, WORKERS, &mut |chunk| {
            let (number, of_chunk) = rows_of(chunk).ok_or_else(wrong)?;
            if number != facts.number {
                return Err(wrong().into());
            }
            for row in of_chunk {
                let (key, value) = row.map_err(|()| wrong())?;
                if last.as_deref().is_some_and(|last| last >= key) {
                    return Err(wrong().into());
                }
                last = Some(key.to_vec());
                filling.put(table, key, value)?;
                rows += 1;
            }
            done += chunk.len() as u64;
            watch.progress(Progress { phase: Phase::Restoring, done, total });
            go_on(watch)
        });
        read.map_err(lost)?;
        if rows != facts.rows {
            return Err(wrong().into());
        }
    }
    Ok(())
}
