//! The formulary in the store: one row that says which, and its text in pieces; replaced whole, in one transaction.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::read::{self, Limits};
use super::{Formulary, Head};
use crate::audit::{Audit, AuditError, Detail, Event};
use crate::base::{StoreId, Timestamp};
use crate::store::{Read, ReadExt, Record, Store, StoreError, Table, tables};

const FORMULARY: Table<(u8,), Kept> = Table::new(tables::FORMULARY);
const TEXT: Table<(u32,), Piece> = Table::new(tables::FORMULARY_TEXT);
/// The one row's key.
const ONE: (u8,) = (0,);
/// Bytes of one piece.
const PIECE: usize = 64 << 10;

/// As it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// BLAKE3 of the text.
    pub hash: [u8; 32],
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    pieces: u32,
}
impl Record for Kept {}

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Piece(Box<[u8]>);
impl Record for Piece {}

/// Why a formulary was not kept or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptError {
    #[error("the formulary in the store is damaged; import it again")]
    Damaged,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// How a formulary's age stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    Good,
    /// It said itself that it is good until a day that is over.
    Stale,
}

/// How old a file is on this day.
pub fn standing(head: &Head, today: Date) -> Age {
    if today > head.valid_until { Age::Stale } else { Age::Good }
}

/// Replaces what there was, with its entry in the access log. `event` says who; the text was read before.
pub async fn keep(audit: &Audit, formulary: &Formulary, text: &[u8], event: Event) -> Result<(), KeptError> {
    let pieces: Vec<Piece> = text.chunks(PIECE).map(|piece| Piece(piece.into())).collect();
    let row =
        Kept { hash: formulary.hash, at: audit.ambient().now(), pieces: pieces.len().try_into().unwrap_or(u32::MAX) };
    let counts = formulary.counts();
    let note = format!(
        "formulary {} of {}, {} medicines, BLAKE3 {}",
        formulary.head.name,
        formulary.head.date,
        counts.medicines,
        formulary.fingerprint()
    );
    let event = event.detail(Detail::note(note));
    let write = audit.write(move |tx| {
        let before = tx.get(&FORMULARY, &ONE)?.map_or(0, |before| before.pieces);
        (row.pieces..before).try_for_each(|at| tx.delete(&TEXT, &(at,)))?;
        (0..).zip(&pieces).try_for_each(|(at, piece)| tx.put(&TEXT, &(at,), piece))?;
        tx.put(&FORMULARY, &ONE, &row)?;
        tx.append(event)?;
        Ok::<_, KeptError>(())
    });
    let ((), _) = write.await?;
    Ok(())
}

/// The hash of what is kept now: for the writer, which asks whether it is still what a page was made with.
pub fn current(read: &(impl Read + ?Sized)) -> Result<Option<[u8; 32]>, StoreError> {
    Ok(read.get(&FORMULARY, &ONE)?.map(|kept| kept.hash))
}

/// The last one that was read, so that a page does not read it anew: by store and hash, which is its version.
static LAST: Mutex<Option<(StoreId, Arc<Formulary>)>> = Mutex::new(None);

/// The formulary and when it was imported; `None` where there is none.
pub fn loaded(store: &Store) -> Result<Option<(Arc<Formulary>, Timestamp)>, KeptError> {
    let read = store.read()?;
    let Some(kept) = read.get(&FORMULARY, &ONE)? else { return Ok(None) };
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((of, formulary)) = last
        && of == store.id()
        && formulary.hash == kept.hash
    {
        return Ok(Some((formulary, kept.at)));
    }
    let mut text = Vec::new();
    for at in 0..kept.pieces {
        text.extend_from_slice(&read.get(&TEXT, &(at,))?.ok_or(KeptError::Damaged)?.0);
    }
    let formulary = Arc::new(read::read(&text, &Limits::default()).map_err(|_| KeptError::Damaged)?);
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((store.id(), formulary.clone()));
    Ok(Some((formulary, kept.at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Action, entries};
    use crate::base::{Ambient, ManualClock, SeededRandom};
    use crate::store::Value;

    #[tokio::test]
    async fn a_new_file_replaces_the_old_one_with_an_entry() {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let store = Store::in_memory();
        let audit = Audit::new(store.clone(), Ambient::new(clock, SeededRandom::new(5)));
        assert!(loaded(&store).unwrap().is_none());
        let text = crate::care::demo::FORMULARY.to_owned();
        for text in [format!("{text}{}", "# long\n".repeat(20_000)), text.clone(), format!("{text}\n# another\n")] {
            let formulary = read::read(text.as_bytes(), &Limits::default()).unwrap();
            keep(&audit, &formulary, text.as_bytes(), Event::system("test", Action::Command)).await.unwrap();
            let (found, _) = loaded(&store).unwrap().unwrap();
            assert_eq!(found.hash, formulary.hash);
            assert_eq!(current(&store.read().unwrap()).unwrap(), Some(formulary.hash));
        }
        let lines = entries(&store.read().unwrap(), &crate::audit::Filter::default(), 10).unwrap().lines;
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_file_is_stale_from_the_day_after_its_last() {
        let head = Head { valid_until: jiff::civil::date(2026, 3, 3), ..Head::default() };
        assert_eq!(standing(&head, jiff::civil::date(2026, 3, 3)), Age::Good);
        assert_eq!(standing(&head, jiff::civil::date(2026, 3, 4)), Age::Stale);
    }

    #[test]
    fn the_bytes_of_a_formulary_are_these() {
        let row = Kept { hash: [7; 32], at: Timestamp::from_millisecond(3).unwrap(), pieces: 2 };
        let golden = [&[1][..], &[7; 32], &[6, 2]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(Kept::from_stored(golden.into()).unwrap(), row);
        assert_eq!(Piece(b"ab".to_vec().into()).to_stored().unwrap(), [1, 2, b'a', b'b']);
    }
}
