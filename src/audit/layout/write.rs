//! Writing: values to bytes. The document is [`crate::audit`]'s doc comment.

use std::net::IpAddr;

use super::numbers::{actor_kind_number, role_number};
use super::{CONTINUED, First, Hash, ListHasher, UUID, VERSION, canonical_uuid};
use crate::audit::entry::{Actor, Clock, Place, Resources, SideList};
use crate::audit::event::{Detail, Touched};
use crate::audit::words::{Action, Outcome, Purpose};
use crate::base::{ResourceRef, SessionId};

/// The most resources in one record of a side list.
const PER_RECORD: usize = 200;
/// A chunk of a side list is closed when it has reached this many bytes.
const CHUNK: usize = 16 << 10;

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Every text that gets here is bounded below 64 KiB: ids by their types, the rest by `escaped`.
    out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(1);
            write(out, value);
        }
    }
}

/// The part of an entry that is known only inside the writer.
pub fn put_place(out: &mut Vec<u8>, place: &Place) {
    out.push(VERSION);
    out.extend_from_slice(&place.sequence.to_be_bytes());
    out.extend_from_slice(&place.previous);
    out.extend_from_slice(&place.epoch.to_be_bytes());
    out.extend_from_slice(place.boot.as_bytes());
    out.extend_from_slice(&place.time.to_be_bytes());
    match place.clock {
        Clock::Forward => out.push(0),
        Clock::Behind { newest } => {
            out.push(1);
            out.extend_from_slice(&newest.to_be_bytes());
        }
    }
}

/// The part of an entry that can be built before the writer is entered.
pub fn put_body(out: &mut Vec<u8>, entry: &Body<'_>) {
    put_actor(out, entry.actor);
    put_option(out, entry.session, |out, id| out.extend_from_slice(id.as_bytes()));
    match entry.origin {
        None => out.push(0),
        Some(IpAddr::V4(address)) => {
            out.push(4);
            out.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            out.push(6);
            out.extend_from_slice(&address.octets());
        }
    }
    out.extend_from_slice(&entry.action.number().to_be_bytes());
    out.push(entry.outcome.number());
    out.push(entry.purpose.number());
    out.extend_from_slice(&entry.count.to_be_bytes());
    put_option(out, entry.about, |out, sequence| out.extend_from_slice(&sequence.to_be_bytes()));
    put_option(out, entry.commitment, |out, hash| out.extend_from_slice(&hash));
    match entry.resources {
        Resources::Inline(touched) => {
            out.push(0);
            out.extend_from_slice(&u16::try_from(touched.len()).unwrap_or(u16::MAX).to_be_bytes());
            for part in touched {
                put_record(out, part, &part.resources, First::Yes);
            }
        }
        Resources::Side(list) => {
            out.push(1);
            out.extend_from_slice(&list.parts.to_be_bytes());
            out.extend_from_slice(&list.resources.to_be_bytes());
            out.extend_from_slice(&list.chunks.to_be_bytes());
            out.extend_from_slice(&list.hash);
        }
    }
}

/// What [`put_body`] writes.
pub struct Body<'a> {
    pub actor: &'a Actor,
    pub session: Option<SessionId>,
    pub origin: Option<IpAddr>,
    pub action: Action,
    pub outcome: Outcome,
    pub purpose: Purpose,
    pub count: u32,
    pub about: Option<u64>,
    pub commitment: Option<Hash>,
    pub resources: &'a Resources,
}

/// A whole entry, as it was read: what [`super::read_entry`] takes, this writes again byte by byte.
pub fn put_entry(out: &mut Vec<u8>, entry: &crate::audit::entry::Entry) {
    put_place(out, &entry.place);
    put_body(
        out,
        &Body {
            actor: &entry.actor,
            session: entry.session,
            origin: entry.origin,
            action: entry.action,
            outcome: entry.outcome,
            purpose: entry.purpose,
            count: entry.count,
            about: entry.about,
            commitment: entry.commitment,
            resources: &entry.resources,
        },
    );
}

fn put_actor(out: &mut Vec<u8>, actor: &Actor) {
    out.push(actor_kind_number(actor.kind));
    put_option(out, actor.account, |out, id| out.extend_from_slice(id.as_bytes()));
    out.push(actor.role.map_or(0, role_number));
    put_option(out, actor.person.as_ref(), |out, r| put_text(out, r.as_str()));
    put_option(out, actor.on_behalf_of.as_ref(), |out, r| put_text(out, r.as_str()));
    put_option(out, actor.job.as_deref(), put_text);
}

fn put_record(out: &mut Vec<u8>, part: &Touched, resources: &[ResourceRef], first: First) {
    out.push(part.kind.number() | if first == First::Yes { 0 } else { CONTINUED });
    put_option(out, part.patient.as_ref(), |out, id| put_id(out, id.as_str()));
    out.extend_from_slice(&u16::try_from(resources.len()).unwrap_or(u16::MAX).to_be_bytes());
    let mut last_type = "";
    for resource in resources {
        let type_name = resource.type_name();
        if type_name == last_type {
            out.push(0);
        } else {
            out.push(u8::try_from(type_name.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(type_name.as_bytes());
            last_type = type_name;
        }
        put_id(out, resource.as_str().get(type_name.len() + 1..).unwrap_or_default());
    }
}

/// Sixteen bytes for a UUID in its usual form (a third of the text), the text for any other id.
fn put_id(out: &mut Vec<u8>, id: &str) {
    match canonical_uuid(id) {
        Some(bytes) => {
            out.push(UUID);
            out.extend_from_slice(&bytes);
        }
        None => {
            out.push(u8::try_from(id.len()).unwrap_or(0));
            out.extend_from_slice(id.as_bytes());
        }
    }
}

/// Splits a long list into chunks of whole records.
pub fn side_list(touched: &[Touched]) -> (SideList, Vec<Vec<u8>>) {
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let mut current = Vec::new();
    let mut resources = 0_u64;
    for part in touched {
        resources += part.resources.len() as u64;
        let mut first = First::Yes;
        let mut rest = part.resources.as_slice();
        loop {
            let (head, tail) = rest.split_at(rest.len().min(PER_RECORD));
            put_record(&mut current, part, head, first);
            if current.len() >= CHUNK {
                chunks.push(std::mem::take(&mut current));
            }
            (first, rest) = (First::Continued, tail);
            if rest.is_empty() {
                break;
            }
        }
    }
    if !current.is_empty() {
        chunks.push(current);
    }
    let mut hasher = ListHasher::default();
    for chunk in &chunks {
        hasher.chunk(chunk);
    }
    let list = SideList {
        parts: u32::try_from(touched.len()).unwrap_or(u32::MAX),
        resources,
        chunks: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
        hash: hasher.finish(),
    };
    (list, chunks)
}

/// The bytes of a detail: per field that is there, a tag, a length and the text.
pub fn detail_bytes(detail: &Detail) -> Vec<u8> {
    let mut out = vec![VERSION];
    for (tag, field) in [(1, &detail.search), (2, &detail.reason), (3, &detail.user_agent), (4, &detail.note)] {
        if let Some(text) = field {
            out.push(tag);
            put_text(&mut out, text);
        }
    }
    out
}

/// Text as it may stand in an entry: control and direction characters escaped, cut to `most` bytes.
pub fn escaped(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        let hidden = c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
        let before = out.len();
        if hidden {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        if out.len() > most {
            out.truncate(before);
            break;
        }
    }
    out
}
