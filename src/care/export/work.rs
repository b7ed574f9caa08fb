//! The counting of exports: a stretch at a time, each with the rights that the account has at that moment. It goes on
//! where it was after a restart.

use super::job::{Export, Progress, State};
use super::rows::{EXPORTS, FILES};
use super::{ExportError, Exports, all};
use crate::access::{Actor, Listener};
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::record::{Channel, ExportCounted, ExportFile, ExportOf, RecordError, Why};
use crate::store::{Direction, KeyRange, ReadExt, StoreError};

impl Exports {
    /// Returns when there may be something to count.
    pub async fn called(&self) {
        self.wake.notified().await;
    }

    /// Counts one stretch of the export that waits longest; answers whether there is more to do.
    pub fn work(&self) -> Result<bool, ExportError> {
        let now = self.now();
        let mut open = all(&self.records.audit().read()?)?;
        open.retain(|(_, export)| matches!(export.state, State::Counting(_)) && now < export.ends);
        open.sort_by_key(|(_, export)| export.at);
        let Some((id, export)) = open.into_iter().next() else { return Ok(false) };
        let State::Counting(progress) = &export.state else { return Ok(false) };
        match self.stretch(&id, &export, progress) {
            Ok((state, files)) => self.keep(&id, &export, state, files)?,
            // What the account may not any more, or what is there no more, fails; a store that fails is tried again.
            Err(ExportError::Record(RecordError::Store(error))) => return Err(error.into()),
            Err(ExportError::Record(RecordError::Audit(error))) => return Err(error.into()),
            Err(error) => {
                tracing::warn!(target: "jobs", %error, "a bulk export could not be counted");
                self.keep(&id, &export, State::Failed, Vec::new())?;
            }
        }
        Ok(true)
    }

    fn stretch(
        &self,
        id: &FhirId,
        export: &Export,
        progress: &Progress,
    ) -> Result<(State, Vec<(u8, ExportFile)>), ExportError> {
        let kinds = export.asked.all_kinds();
        let left = usize::try_from(progress.done).ok().and_then(|done| kinds.get(done..)).unwrap_or_default();
        let account = self.identity.account(export.account)?.ok_or(ExportError::NotFound)?;
        let actor = Actor::from_token(&account, &export.scopes, Listener::None, None);
        let known = self.known_of(id);
        let of = |kind: &ResourceType| Ok(ExportOf { known: known.clone(), ..export.asked.of(*kind, export.at)? });
        let all = left.iter().map(of).collect::<Result<Vec<_>, RecordError>>()?;
        let note = Detail::note(format!("export {id}: counted"));
        let why = Why { action: Action::Export, purpose: Purpose::Treat, detail: note, channel: Channel::Api };
        let counted = self.records.disclose_blocking(&actor, why, |reading| {
            reading.export_count(&all, progress.place.as_ref(), progress.open, self.size)
        })?;
        let mut files: Vec<(u8, ExportFile)> = Vec::new();
        let mut now = progress.clone();
        for (counted, kind) in counted.into_inner().into_iter().zip(left) {
            let ExportCounted { files: whole, open, next } = counted;
            files.extend(whole.into_iter().map(|file| (kind.number(), file)));
            if next.is_some() {
                now = Progress { done: now.done, place: next, open };
                break;
            }
            if open > 0 {
                files.push((kind.number(), ExportFile { from: None, to: None, count: open }));
            }
            now = Progress { done: now.done + 1, place: None, open: 0 };
        }
        let done = usize::try_from(now.done).is_ok_and(|done| done >= kinds.len());
        Ok((if done { State::Ready } else { State::Counting(now) }, files))
    }

    /// Writes down how far it is, if it is still there.
    fn keep(
        &self,
        id: &FhirId,
        before: &Export,
        state: State,
        files: Vec<(u8, ExportFile)>,
    ) -> Result<(), ExportError> {
        let (id, was) = (id.clone(), before.state.clone());
        let ends = if state == State::Ready { self.later(self.now()) } else { before.ends };
        let kept = self.records.audit().store().write_blocking(move |tx| {
            let Some(export) = tx.get(&EXPORTS, &(id.clone(),))?.filter(|export| export.state == was) else {
                return Ok::<_, StoreError>(());
            };
            for (kind, file) in files {
                let head = (id.clone(), kind);
                let last = tx.scan(&FILES, KeyRange::prefix(&head), Direction::Down)?.next().transpose()?;
                let (number, from) = last.map_or((1, None), |((_, _, number), last)| (number + 1, last.to));
                tx.put(&FILES, &(head.0, head.1, number), &ExportFile { from, ..file })?;
            }
            tx.put(&EXPORTS, &(id,), &Export { state, ends, ..export })
        });
        Ok(kept?)
    }
}
