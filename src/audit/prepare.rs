//! From an [`Event`] to the bytes of its entry: all that can be done before the writer is entered.

use bytes::Bytes;

use super::entry::Resources;
use super::event::{Coverage, Detail, Event, Touched};
use super::layout::{self, Body};
use super::rows::DetailRow;
use super::words::TouchKind;
use crate::base::{AccountId, ActorRef, Ambient, FhirId};

const LONG: usize = 2000;
const AGENT: usize = 300;
const JOB: usize = 200;

/// An event whose bytes are made, but for its place in the chain.
pub(super) struct Prepared {
    pub body: Vec<u8>,
    pub detail: Option<DetailRow>,
    pub chunks: Vec<Vec<u8>>,
    /// Patients touched, each once, with the kinds as bits.
    pub patients: Vec<(FhirId, u8)>,
    pub account: Option<AccountId>,
    pub coverages: Vec<Coverage>,
}

/// What an entry says beside the event: for folded failures and for erasures.
#[derive(Clone, Copy)]
pub(super) struct Extra {
    pub count: u32,
    pub about: Option<u64>,
}

impl Extra {
    pub const NONE: Self = Self { count: 1, about: None };
}

impl Prepared {
    pub fn of(mut event: Event, extra: Extra, ambient: &Ambient) -> Self {
        let (touched, coverages) = event.take_parts();
        let touched = merged(touched);
        let patients = patients(&touched);
        let (commitment, detail) = seal(&event.detail, ambient);
        let (resources, chunks) = place(touched);
        let actor = bounded(event.actor);
        let mut body = Vec::with_capacity(256);
        layout::put_body(
            &mut body,
            &Body {
                actor: &actor,
                session: event.session,
                origin: event.origin.map(|address| address.to_canonical()),
                action: event.action,
                outcome: event.outcome,
                purpose: event.purpose,
                count: extra.count,
                about: extra.about,
                commitment,
                resources: &resources,
            },
        );
        Self { body, detail, chunks, patients, account: actor.account, coverages }
    }
}

pub(super) const fn kind_bit(kind: TouchKind) -> u8 {
    1 << (kind.number() - 1)
}

/// One part per patient and kind, in the order that the layout wants.
fn merged(mut touched: Vec<Touched>) -> Vec<Touched> {
    touched.sort_by(|a, b| (&a.patient, a.kind).cmp(&(&b.patient, b.kind)));
    touched.dedup_by(|later, kept| {
        let same = (&later.patient, later.kind) == (&kept.patient, kept.kind);
        if same {
            kept.resources.append(&mut later.resources);
        }
        same
    });
    for part in &mut touched {
        part.resources.sort_unstable();
        part.resources.dedup();
    }
    touched
}

fn patients(touched: &[Touched]) -> Vec<(FhirId, u8)> {
    let mut patients: Vec<(FhirId, u8)> = Vec::new();
    for part in touched {
        let Some(id) = &part.patient else { continue };
        let bit = kind_bit(part.kind);
        match patients.last_mut() {
            Some((last, kinds)) if last == id => *kinds |= bit,
            _ => patients.push((id.clone(), bit)),
        }
    }
    patients
}

fn place(touched: Vec<Touched>) -> (Resources, Vec<Vec<u8>>) {
    let weight: usize = touched.iter().map(|part| part.resources.len().max(1)).sum();
    if weight <= layout::INLINE {
        return (Resources::Inline(touched), Vec::new());
    }
    let (list, chunks) = layout::side_list(&touched);
    (Resources::Side(list), chunks)
}

fn seal(detail: &Detail, ambient: &Ambient) -> (Option<layout::Hash>, Option<DetailRow>) {
    if detail.is_empty() {
        return (None, None);
    }
    let cut = |text: &Option<String>, most| text.as_ref().map(|text| layout::escaped(text, most));
    let bytes = layout::detail_bytes(&Detail {
        search: cut(&detail.search, LONG),
        reason: cut(&detail.reason, LONG),
        user_agent: cut(&detail.user_agent, AGENT),
        note: cut(&detail.note, LONG),
    });
    let salt = ambient.bytes::<16>();
    let commitment = layout::commitment(&salt, &bytes);
    (Some(commitment), Some(DetailRow::Kept { salt, bytes: Bytes::from(bytes) }))
}

fn bounded(actor: ActorRef) -> ActorRef {
    ActorRef { job: actor.job.map(|job| layout::escaped(&job, JOB).into()), ..actor }
}
