//! Restoring: a snapshot's rows into a new store, held against what the snapshot says.

use crate::store::{Filling, SCHEMA, StoreError, tables};

use super::error::{BackupError, Damage, Lost, What};
use super::layout::{Manifest, rows_of};
use super::reading::Reader;
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
    let whole = format!("snapshots/{}", manifest.name);
    for facts in &manifest.tables {
        let lost = |rows| Lost::Rows { table: facts.name.clone(), rows, snapshots: 1 };
        let wrong = |rows| Damage::new(&whole, What::Wrong, lost(rows));
        let table = tables::numbered(facts.number).ok_or_else(|| BackupError::Newer {
            place: format!("the table {}", facts.name),
            found: u64::from(facts.number),
            known: SCHEMA,
        })?;
        let mut last: Option<Vec<u8>> = None;
        let mut rows = 0_u64;
        reader.in_order(facts, WORKERS, &mut |leaf, chunk| {
            let (number, of_chunk) = rows_of(chunk).ok_or_else(|| wrong(u64::from(leaf.rows)))?;
            if number != facts.number {
                return Err(wrong(u64::from(leaf.rows)).into());
            }
            for row in of_chunk {
                let (key, value) = row.map_err(|()| wrong(u64::from(leaf.rows)))?;
                if last.as_deref().is_some_and(|last| last >= key) {
                    return Err(wrong(u64::from(leaf.rows)).into());
                }
                last = Some(key.to_vec());
                filling.put(table, key, value)?;
                rows += 1;
            }
            done += chunk.len() as u64;
            watch.progress(Progress { phase: Phase::Restoring, done, total });
            go_on(watch)
        })?;
        if rows != facts.rows {
            return Err(wrong(facts.rows.abs_diff(rows)).into());
        }
    }
    Ok(())
}
