//! A chain with everything in it, and a copy of its tables that a test may change at will.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::audit::checkpoint::Checkpoint;
use crate::audit::entry::{Entry, Resources};
use crate::audit::layout;
use crate::audit::prepare::kind_bit;
use crate::audit::rows::{DetailRow, Head};
use crate::audit::{Action, Audit, AuditError, Detail, Event, Outcome, Purpose, TouchKind, Touched};
use crate::base::{
    AccountId, ActorKind, ActorRef, Ambient, FhirId, ManualClock, ResourceRef, Role, SeededRandom, SessionId,
};
use crate::crypto::{Root, Signer};
use crate::store::{Desc, Direction, Keep, Key, RawRange, Read, Rows, Store, StoreError, TableId, Value, tables};

/// The tables that the chain covers.
pub const TABLES: [TableId; 7] = [
    tables::AUDIT_ENTRIES,
    tables::AUDIT_DETAILS,
    tables::AUDIT_LISTS,
    tables::AUDIT_BY_PATIENT,
    tables::AUDIT_BY_ACCOUNT,
    tables::AUDIT_HEAD,
    tables::AUDIT_CHECKPOINTS,
];

pub type Rowset = BTreeMap<Vec<u8>, Bytes>;

/// Tables in memory without a writer: what an attacker holds. Clones share what neither changed.
#[derive(Clone, Default)]
pub struct Stolen(BTreeMap<TableId, Arc<Rowset>>);

impl Stolen {
    pub fn of(read: &impl Read) -> Self {
        let mut all = Self::default();
        for table in TABLES.into_iter().chain([tables::AUDIT_FOLDED]) {
            let rows = read.raw_scan(table, &(Bound::Unbounded, Bound::Unbounded), Direction::Up).unwrap();
            all.0.insert(table, Arc::new(rows.map(|row| row.map(|(k, v)| (k.to_vec(), v)).unwrap()).collect()));
        }
        all
    }

    pub fn rows(&self, table: TableId) -> &Rowset {
        &self.0[&table]
    }

    pub fn rows_mut(&mut self, table: TableId) -> &mut Rowset {
        Arc::make_mut(self.0.entry(table).or_default())
    }

    pub fn is_same(&self, other: &Self) -> bool {
        TABLES.iter().all(|table| self.rows(*table) == other.rows(*table))
    }
}

impl Read for Stolen {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.get(&table).and_then(|rows| rows.get(key)).cloned())
    }

    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        _keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        let Some(rows) = self.0.get(&table) else { return Ok(Box::new(std::iter::empty())) };
        let rows = rows
            .range::<Vec<u8>, _>((range.0.as_ref(), range.1.as_ref()))
            .map(|(key, value)| Ok((Bytes::copy_from_slice(key), value.clone())));
        Ok(match direction {
            Direction::Up => Box::new(rows),
            Direction::Down => Box::new(rows.rev()),
        })
    }
}

pub struct Chain {
    pub audit: Audit,
    pub clock: ManualClock,
    pub ambient: Ambient,
    pub old: Signer,
    pub signer: Signer,
    pub stranger: Signer,
}

pub fn signer(seed: u64) -> Signer {
    let ambient = Ambient::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()), SeededRandom::new(seed));
    Root::generate(&ambient).checkpoint_signer()
}

pub fn event(number: u8) -> Event {
    let actor = ActorRef {
        kind: ActorKind::Person,
        account: Some(AccountId::from_bytes([number % 3; 16])),
        role: Some(Role::Clinician),
        person: Some(ResourceRef::parse(&format!("Practitioner/doc{}", number % 3)).unwrap()),
        on_behalf_of: None,
        job: None,
    };
    Event::new(actor, Action::Read, Purpose::Treat)
        .session(Some(SessionId::from_bytes([number; 16])))
        .origin(Some([192, 168, 1, number].into()))
}

pub fn touched(patient: &str, kind: TouchKind, resources: &[String]) -> Touched {
    let resources = resources.iter().map(|r| ResourceRef::parse(r).unwrap()).collect();
    Touched::new(Some(FhirId::parse(patient).unwrap()), kind, resources)
}

impl Chain {
    pub fn empty() -> Self {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), SeededRandom::new(7));
        let audit = Audit::new(Store::in_memory(), ambient.clone());
        Self { audit, clock, ambient, old: signer(1), signer: signer(2), stranger: signer(3) }
    }

    pub fn append(&self, events: Vec<Event>) {
        self.clock.advance(Duration::from_secs(3));
        drop(self.audit.commit_blocking(events).unwrap());
    }

    pub fn some(&self, from: u8, to: u8) {
        for number in from..to {
            let patient = format!("p{}", number % 4);
            let mut event = event(number).touching(&[touched(
                &patient,
                if number.is_multiple_of(3) { TouchKind::Listed } else { TouchKind::Opened },
                &[format!("Observation/o{number}"), format!("Condition/c{number}")],
            )]);
            if number.is_multiple_of(2) {
                event = event.detail(Detail::reason(format!("reason {number}")).with_user_agent("Firefox"));
            }
            self.append(vec![event]);
        }
    }

    pub fn checkpoint(&self) -> Checkpoint {
        self.clock.advance(Duration::from_secs(60));
        let event = Event::system("checkpoint", Action::Checkpoint);
        self.audit.checkpoint_blocking(self.signer.clone(), event).unwrap().0
    }

    /// Every kind of row that there is.
    pub fn full() -> Self {
        let chain = Self::empty();
        chain.some(0, 8);
        let long: Vec<Touched> = (0..30)
            .map(|n| {
                let resources: Vec<String> = (0..7).map(|m| format!("Encounter/e{n}x{m}")).collect();
                touched(&format!("q{n:02}"), TouchKind::Listed, &resources)
            })
            .collect();
        chain.append(vec![event(1).touching(&long)]);
        let old = chain.old.clone();
        drop(chain.audit.checkpoint_blocking(old, Event::system("checkpoint", Action::Checkpoint)).unwrap());
        let erased = chain.audit.write_blocking(|tx| tx.erase_detail(3, event(2))).map_err(|e: AuditError| e);
        drop(erased.unwrap());
        let folded: Result<_, AuditError> = chain.audit.write_blocking(|tx| {
            tx.count_failure(Some([10, 0, 0, 1].into()), Action::SignIn)?;
            tx.count_failure(Some([10, 0, 0, 1].into()), Action::SignIn)
        });
        drop(folded.unwrap());
        chain.clock.advance(Duration::from_secs(61));
        let (old, new) = (chain.old.clone(), chain.signer.clone());
        let rotated: Result<_, AuditError> = chain
            .audit
            .write_blocking(move |tx| tx.checkpoint(&new, Some(&old), Event::system("key", Action::Checkpoint)));
        drop(rotated.unwrap());
        chain.clock.set("2026-03-03T08:00:00Z".parse().unwrap());
        chain.some(8, 11);
        chain.clock.set("2026-03-04T09:00:00Z".parse().unwrap());
        let opened: Result<_, AuditError> =
            chain.audit.write_blocking(|tx| tx.open_epoch(Event::system("restore", Action::EpochOpen)));
        drop(opened.unwrap());
        chain.some(11, 16);
        chain.append(vec![event(5).outcome(Outcome::Denied)]);
        chain.checkpoint();
        chain
    }

    pub fn steal(&self) -> Stolen {
        Stolen::of(&self.audit.read().unwrap())
    }
}

/// An entry and all that stands beside it, free of its place: what a forger with the store's key works on.
#[derive(Clone)]
pub struct Item {
    pub entry: Entry,
    pub detail: Option<DetailRow>,
    pub chunks: Vec<Bytes>,
    /// Where it stood: erasures point at their entries by this.
    pub was: u64,
}

pub fn items(stolen: &Stolen) -> Vec<Item> {
    let of = |table, sequence: u64| {
        let head = (sequence,).to_bytes();
        stolen.rows(table).range(head.clone()..).take_while(move |(k, _)| k.starts_with(&head)).map(|(_, v)| v.clone())
    };
    stolen
        .rows(tables::AUDIT_ENTRIES)
        .values()
        .map(|bytes| {
            let entry = layout::read_entry(bytes).unwrap();
            let was = entry.sequence();
            let detail = of(tables::AUDIT_DETAILS, was).next().map(|row| DetailRow::from_stored(row).unwrap());
            Item { chunks: of(tables::AUDIT_LISTS, was).collect(), entry, detail, was }
        })
        .collect()
}

/// Writes a store in which `items` are a whole chain of the same name, signed by `signer`.
pub fn forge(stolen: &Stolen, items: &[Item], signers: [&Signer; 2]) -> Stolen {
    let old = Head::from_stored(stolen.rows(tables::AUDIT_HEAD).values().next().unwrap().clone()).unwrap();
    let mut head = Head::start(old.chain);
    let mut forged = stolen.clone();
    TABLES.into_iter().for_each(|table| forged.rows_mut(table).clear());
    let now_at = |was: u64| items.iter().position(|item| item.was == was).map_or(u64::MAX, |at| at as u64 + 1);
    let mut signed = false;
    for item in items {
        let mut entry = item.entry.clone();
        let sequence = head.size + 1;
        (entry.place.sequence, entry.place.previous) = (sequence, head.hash);
        entry.place.clock = if entry.place.time >= head.newest {
            crate::audit::Clock::Forward
        } else {
            crate::audit::Clock::Behind { newest: head.newest }
        };
        entry.place.epoch = head.epoch + u32::from(entry.action == Action::EpochOpen);
        entry.about = entry.about.map(now_at);
        let mut bytes = Vec::new();
        layout::put_entry(&mut bytes, &entry);
        head = Head {
            size: sequence,
            hash: layout::entry_hash(&bytes),
            epoch: entry.place.epoch,
            newest: head.newest.max(entry.place.time),
            ..head
        };
        forged.rows_mut(tables::AUDIT_ENTRIES).insert((sequence,).to_bytes(), bytes.into());
        let detail = item.detail.clone().map(|row| match row {
            DetailRow::Erased { by } => DetailRow::Erased { by: now_at(by) },
            kept => kept,
        });
        if let Some(row) = detail {
            let row = row.to_stored().unwrap().into();
            forged.rows_mut(tables::AUDIT_DETAILS).insert((sequence,).to_bytes(), row);
        }
        for (chunk, number) in item.chunks.iter().zip(0_u32..) {
            forged.rows_mut(tables::AUDIT_LISTS).insert((sequence, number).to_bytes(), chunk.clone());
        }
        let listed = item.chunks.iter().flat_map(|chunk| layout::read_chunk(chunk).unwrap()).map(|(part, _)| part);
        let parts: Vec<Touched> = match &entry.resources {
            Resources::Inline(parts) => parts.clone(),
            Resources::Side(_) => listed.collect(),
        };
        for part in parts {
            let Some(patient) = part.patient else { continue };
            let key = (patient, Desc(entry.place.time), Desc(sequence)).to_bytes();
            let rows = forged.rows_mut(tables::AUDIT_BY_PATIENT);
            let before = rows.get(&key).map_or(0, |kinds| kinds[0]);
            rows.insert(key, Bytes::from(vec![before | kind_bit(part.kind)]));
        }
        if let Some(account) = entry.actor.account {
            let key = (account, Desc(entry.place.time), Desc(sequence)).to_bytes();
            forged.rows_mut(tables::AUDIT_BY_ACCOUNT).insert(key, Bytes::new());
        }
        if entry.action == Action::Checkpoint {
            let [before, signer] = signers;
            let hands_over = !signed && before.public() != signer.public();
            let note = Checkpoint::sign(&head, entry.time(), signer, hands_over.then_some(before));
            forged.rows_mut(tables::AUDIT_CHECKPOINTS).insert((sequence,).to_bytes(), note.text.into());
            signed = true;
        }
    }
    forged.rows_mut(tables::AUDIT_HEAD).insert((0_u8,).to_bytes(), head.to_stored().unwrap().into());
    forged
}
