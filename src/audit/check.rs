//! What the last verification of the whole log by this box found: a row that is replaced each time.
//!
//! It is a convenience and no proof: whoever can write the store can write this row. Whoever doubts it verifies again,
//! with a checkpoint kept outside.

use serde::{Deserialize, Serialize};

use super::AuditError;
use super::chain::Audit;
use super::event::Event;
use super::verify::{Report, VerifyInput, verify};
use crate::base::Timestamp;
use crate::store::{Read, ReadExt, Record, StoreError, Table, tables};

const CHECKS: Table<(u8,), Check> = Table::new(tables::AUDIT_CHECKS);
const THE_LAST: (u8,) = (0,);

/// One verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// How many entries the log had.
    pub entries: u64,
    pub found: CheckFound,
}
impl Record for Check {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckFound {
    Whole,
    Tampered,
}

impl Audit {
    /// Appends `event` as the entry that says so, then verifies the whole log, on a thread of its own. The verdict is
    /// kept, unless it is about something given from outside too: a checkpoint of another box says nothing of this one.
    pub async fn check(&self, input: VerifyInput, event: Event) -> Result<Report, AuditError> {
        let _ = self.commit(vec![event]).await?;
        let own = input.checkpoints.is_empty() && input.pinned.is_empty();
        let (store, ambient) = (self.store().clone(), self.ambient().clone());
        // A pass over the whole log: not on the threads that answer requests.
        let pass = tokio::task::spawn_blocking(move || verify(&store.read()?, &input, &ambient)).await;
        let report = pass.map_err(|_| StoreError::JobPanicked)??;
        if own {
            let found = if report.is_whole() { CheckFound::Whole } else { CheckFound::Tampered };
            let check = Check { at: report.checked, entries: report.entries, found };
            let write = self.store().write_essential(move |tx| tx.put(&CHECKS, &THE_LAST, &check));
            write.await.map_err(AuditError::Store)?;
        }
        Ok(report)
    }
}

/// The last verification of the log by itself, if there was one.
pub fn last_check(read: &(impl Read + ?Sized)) -> Result<Option<Check>, StoreError> {
    read.get(&CHECKS, &THE_LAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::rows::ENTRIES;
    use crate::audit::{Action, Filter, entries};
    use crate::base::{Ambient, ManualClock, SeededRandom};
    use crate::store::{Store, Value};

    fn event() -> Event {
        Event::system("job:verify", Action::AuditVerify)
    }

    #[tokio::test]
    async fn the_verdict_is_kept_with_how_far_it_went_and_the_next_one_replaces_it() {
        let clock = ManualClock::at("2026-03-03T03:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(3)));
        assert_eq!(last_check(&audit.read().unwrap()).unwrap(), None);
        assert!(audit.check(VerifyInput::default(), event()).await.unwrap().is_whole());
        let first = last_check(&audit.read().unwrap()).unwrap().unwrap();
        assert_eq!(first, Check { at: "2026-03-03T03:00:00Z".parse().unwrap(), entries: 1, found: CheckFound::Whole });

        // What a stranger's checkpoint says is about the two together.
        let input = VerifyInput { checkpoints: vec!["of another box".into()], ..VerifyInput::default() };
        assert!(!audit.check(input, event()).await.unwrap().is_whole());
        assert_eq!(last_check(&audit.read().unwrap()).unwrap(), Some(first));

        audit.store().write(|tx| tx.delete(&ENTRIES, &(1,))).await.unwrap_or_else(|e: StoreError| panic!("{e}"));
        clock.advance(std::time::Duration::from_secs(60));
        assert!(!audit.check(VerifyInput::default(), event()).await.unwrap().is_whole());
        let second = last_check(&audit.read().unwrap()).unwrap().unwrap();
        assert_eq!((second.found, second.at > first.at), (CheckFound::Tampered, true));
        let all = entries(&audit.read().unwrap(), &Filter::default(), 10).unwrap().lines;
        assert!(all.iter().all(|line| line.entry.action == Action::AuditVerify) && all.len() == 2);
    }

    #[test]
    fn the_bytes_of_a_check_are_these() {
        let check = Check { at: Timestamp::from_millisecond(3).unwrap(), entries: 300, found: CheckFound::Tampered };
        let golden = [1, 6, 251, 44, 1, 1];
        assert_eq!(check.to_stored().unwrap(), golden);
        assert_eq!(Check::from_stored(golden.to_vec().into()).unwrap(), check);
    }
}
