//! What an export that goes by `_since` tells of deletions: which resources were deleted after it, by type and id alone
//! (HL7 FHIR Bulk Data Access 2.0.0, `deleted` of the manifest).

use std::ops::Bound;

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::export::{ExportOf, ExportPlace, ExportSize};
use super::layout::{Currency, HISTORY};
use super::numbers::row;
use super::reading::Reading;
use super::rows::{Row, RowNumber, State};
use crate::access::Denied;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::ResourceType;
use crate::store::{CodecError, Desc, Direction, Key, KeyRange, ReadExt};

/// A piece of the list of deletions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportDeleted {
    pub found: Vec<ResourceRef>,
    /// Where the next one begins; `None` at the end.
    pub next: Option<ExportPlace>,
}

/// Type, then the place in its history.
type DeletionPlace = (u8, Desc<i64>, RowNumber, u32);

impl Reading<'_> {
    /// Whether anything of these types was deleted since. Names nobody.
    pub fn export_any_deleted(&mut self, all: &[ExportOf], size: ExportSize) -> Result<Undisclosed<bool>, RecordError> {
        self.must_export()?;
        let mut from = None;
        loop {
            let (found, next) = self.deletions(all, from.as_ref(), ExportSize { chunk: 1, ..size })?;
            from = next;
            if !found.is_empty() || from.is_none() {
                return Ok(self.covered(!found.is_empty(), Vec::new()));
            }
        }
    }

    /// The next piece of what was deleted, from `from` on.
    pub fn export_deleted(
        &mut self,
        all: &[ExportOf],
        from: Option<&ExportPlace>,
        size: ExportSize,
    ) -> Result<Undisclosed<ExportDeleted>, RecordError> {
        self.must_export()?;
        let (rows, next) = self.deletions(all, from, size)?;
        let kind = self.opened();
        let mut touched = Vec::new();
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            self.touch(&row, kind, &mut touched)?;
            found.push(ResourceRef::new(row.kind.name(), &row.id).map_err(|_| RecordError::Damaged)?);
        }
        Ok(self.covered(ExportDeleted { found, next }, touched))
    }

    #[allow(clippy::type_complexity)] // rows, and the place behind them
    fn deletions(
        &mut self,
        all: &[ExportOf],
        from: Option<&ExportPlace>,
        size: ExportSize,
    ) -> Result<(Vec<Row>, Option<ExportPlace>), RecordError> {
        let start: Option<DeletionPlace> = from.map(ExportPlace::deletion).transpose()?;
        let begun = start.map(|(kind, ..)| kind);
        let first = begun.and_then(|begun| all.iter().position(|of| of.kind.number() == begun)).unwrap_or(0);
        let (mut found, mut looked) = (Vec::new(), 0);
        for of in all.iter().skip(first) {
            let Some(since) = of.since else { continue };
            match self.sight.scope(self.read, of.kind) {
                Ok(_) => {}
                Err(Denied::NeverForRole | Denied::NotVisible) => continue,
                Err(denied) => return Err(denied.into()),
            }
            let members = self.members_among(of)?;
            let head = (of.kind.number(),);
            let begin = match start.filter(|(kind, ..)| *kind == head.0) {
                Some(place) => Bound::Excluded(place.to_bytes()),
                None => Bound::Included((head.0, Desc(of.at.as_millisecond())).to_bytes()),
            };
            let read = self.read;
            for entry in read.scan(&HISTORY, KeyRange::prefix_from(&head, begin), Direction::Up)? {
                let ((kind, time, number, version), tag) = entry?;
                if time.0 <= since.as_millisecond() {
                    break;
                }
                looked += 1;
                if tag.current == Currency::Past && self.is_gone(of, number, version, members.as_ref())? {
                    found.push(row(read, number)?);
                }
                if found.len() >= size.chunk || looked >= size.stretch {
                    return Ok((found, Some(ExportPlace::of_deletion((kind, time, number, version)))));
                }
            }
        }
        Ok((found, None))
    }

    /// Whether this version is the deletion of a resource that is gone, was of those asked for, and could be seen.
    fn is_gone(
        &mut self,
        of: &ExportOf,
        number: RowNumber,
        version: u32,
        members: Option<&std::collections::BTreeMap<FhirId, RowNumber>>,
    ) -> Result<bool, RecordError> {
        let row = row(self.read, number)?;
        if row.state != State::Deleted || row.version != version {
            return Ok(false);
        }
        let own = row.kind == ResourceType::Patient;
        let of_whom = match members {
            Some(members) => members.values().any(|one| if own { *one == number } else { row.patients.contains(one) }),
            None => !of.only_compartments() || own || !row.patients.is_empty(),
        };
        Ok(of_whom && self.may_see(&row)?)
    }
}

impl ExportPlace {
    fn of_deletion(place: DeletionPlace) -> Self {
        Self(place.to_bytes())
    }

    fn deletion(&self) -> Result<DeletionPlace, RecordError> {
        DeletionPlace::from_bytes(&self.0).map_err(|_: CodecError| RecordError::BadCursor)
    }
}
