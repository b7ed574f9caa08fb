//! The bytes of an entry, of a detail and of a side list. The document is [`super`]'s doc comment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::entry::{Actor, Clock, Entry, Place, Resources, SideList};
use super::event::{Detail, Touched};
use super::words::{Action, Outcome, Purpose, TouchKind};
use crate::base::{AccountId, ActorKind, BootId, FhirId, ResourceRef, Role, SessionId};

/// The layout written today.
pub(super) const VERSION: u8 = 1;
/// Above this many resources, the list goes beside the entry.
pub(super) const INLINE: usize = 200;
/// The most resources in one record of a side list.
const PER_RECORD: usize = 200;
/// A chunk of a side list is closed when it has reached this many bytes.
const CHUNK: usize = 16 << 10;

const ENTRY_DOMAIN: &[u8] = b"chartbox/audit/entry/v1\0";
const GENESIS_DOMAIN: &[u8] = b"chartbox/audit/genesis/v1\0";
const DETAIL_DOMAIN: &[u8] = b"chartbox/audit/detail/v1\0";
const LIST_DOMAIN: &[u8] = b"chartbox/audit/list/v1\0";

pub type Hash = [u8; 32];

/// Bytes that are not what the layout says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not in the layout of an audit {0}")]
pub struct LayoutError(pub(super) &'static str);

fn hash(domain: &[u8], parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(domain);
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// `BLAKE3(domain ‖ bytes)` of an entry.
pub fn entry_hash(bytes: &[u8]) -> Hash {
    hash(ENTRY_DOMAIN, &[bytes])
}

/// What the first entry of a chain names as the hash before it.
pub fn genesis(chain: &[u8; 16]) -> Hash {
    hash(GENESIS_DOMAIN, &[chain])
}

/// What an entry says of its detail.
pub fn commitment(salt: &[u8; 16], detail: &[u8]) -> Hash {
    hash(DETAIL_DOMAIN, &[salt, detail])
}

/// The hash of a side list, chunk by chunk.
pub struct ListHasher(blake3::Hasher);

impl ListHasher {
    pub fn new() -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(LIST_DOMAIN);
        Self(hasher)
    }

    pub fn chunk(&mut self, bytes: &[u8]) {
        self.0.update(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    pub fn finish(self) -> Hash {
        *self.0.finalize().as_bytes()
    }
}

// ---- writing ----

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

pub fn put_entry(out: &mut Vec<u8>, entry: &Entry) {
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Yes,
    /// The record goes on with the patient and kind of the one before.
    Continued,
}

const CONTINUED: u8 = 0x80;
const UUID: u8 = 0xFF;

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

fn canonical_uuid(id: &str) -> Option<[u8; 16]> {
    if id.len() != 36 || id.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    uuid::Uuid::try_parse(id).ok().map(uuid::Uuid::into_bytes)
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
    let mut hasher = ListHasher::new();
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

// ---- reading ----

struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    const fn wrong<T>(&self) -> Result<T, LayoutError> {
        Err(LayoutError(self.what))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], LayoutError> {
        let Some((head, rest)) = self.rest.split_at_checked(n) else { return self.wrong() };
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LayoutError> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else { return self.wrong() };
        self.rest = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, LayoutError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, LayoutError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, LayoutError> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, LayoutError> {
        self.array().map(u64::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, LayoutError> {
        self.array().map(i64::from_be_bytes)
    }

    fn text(&mut self) -> Result<&'a str, LayoutError> {
        let length = self.u16()?;
        let bytes = self.take(usize::from(length))?;
        std::str::from_utf8(bytes).or_else(|_| self.wrong())
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, LayoutError>) -> Result<Option<T>, LayoutError> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => self.wrong(),
        }
    }

    fn reference(&mut self) -> Result<ResourceRef, LayoutError> {
        ResourceRef::parse(self.text()?).or_else(|_| self.wrong())
    }

    fn known<T>(&self, value: Option<T>) -> Result<T, LayoutError> {
        value.map_or_else(|| self.wrong(), Ok)
    }

    fn id(&mut self) -> Result<FhirId, LayoutError> {
        let length = self.byte()?;
        let text = if length == UUID {
            uuid::Uuid::from_bytes(self.array()?).to_string()
        } else {
            let text = std::str::from_utf8(self.take(usize::from(length))?).or_else(|_| self.wrong())?;
            if canonical_uuid(text).is_some() {
                return self.wrong();
            }
            text.to_owned()
        };
        FhirId::parse(&text).or_else(|_| self.wrong())
    }

    const fn end(&self) -> Result<(), LayoutError> {
        if self.rest.is_empty() { Ok(()) } else { self.wrong() }
    }
}

/// Reads an entry. Whatever reads back is written again to the very same bytes.
pub fn read_entry(bytes: &[u8]) -> Result<Entry, LayoutError> {
    let mut from = Reader { rest: bytes, what: "entry" };
    let place = read_place(&mut from)?;
    let actor = read_actor(&mut from)?;
    let session = from.option(|from| from.array().map(SessionId::from_bytes))?;
    let origin = match from.byte()? {
        0 => None,
        4 => Some(IpAddr::V4(Ipv4Addr::from(from.array::<4>()?))),
        6 => Some(IpAddr::V6(Ipv6Addr::from(from.array::<16>()?))),
        _ => return from.wrong(),
    };
    let action = from.u16()?;
    let action = from.known(Action::from_number(action))?;
    let outcome = from.byte()?;
    let outcome = from.known(Outcome::from_number(outcome))?;
    let purpose = from.byte()?;
    let purpose = from.known(Purpose::from_number(purpose))?;
    let count = from.u32()?;
    let about = from.option(Reader::u64)?;
    let commitment = from.option(Reader::array)?;
    let resources = match from.byte()? {
        0 => Resources::Inline(read_inline(&mut from)?),
        1 => Resources::Side(SideList {
            parts: from.u32()?,
            resources: from.u64()?,
            chunks: from.u32()?,
            hash: from.array()?,
        }),
        _ => return from.wrong(),
    };
    from.end()?;
    Ok(Entry { place, actor, session, origin, action, outcome, purpose, count, about, commitment, resources })
}

fn read_place(from: &mut Reader<'_>) -> Result<Place, LayoutError> {
    if from.byte()? != VERSION {
        return from.wrong();
    }
    let sequence = from.u64()?;
    let previous = from.array()?;
    let epoch = from.u32()?;
    let boot = BootId::from_bytes(from.array()?);
    let time = from.i64()?;
    let clock = match from.byte()? {
        0 => Clock::Forward,
        1 => Clock::Behind { newest: from.i64()? },
        _ => return from.wrong(),
    };
    Ok(Place { sequence, previous, epoch, boot, time, clock })
}

fn read_actor(from: &mut Reader<'_>) -> Result<Actor, LayoutError> {
    let kind = from.byte()?;
    let kind = from.known(actor_kind(kind))?;
    let account = from.option(|from| from.array().map(AccountId::from_bytes))?;
    let role = match from.byte()? {
        0 => None,
        number => Some(from.known(role(number))?),
    };
    let person = from.option(Reader::reference)?;
    let on_behalf_of = from.option(Reader::reference)?;
    let job = from.option(|from| from.text().map(Into::into))?;
    Ok(Actor { kind, account, role, person, on_behalf_of, job })
}

fn read_inline(from: &mut Reader<'_>) -> Result<Vec<Touched>, LayoutError> {
    let count = from.u16()?;
    let mut touched: Vec<Touched> = Vec::new();
    for _ in 0..count {
        let (part, first) = read_record(from)?;
        let ordered = touched.last().is_none_or(|last| order(last) < order(&part));
        if first == First::Continued || !ordered {
            return from.wrong();
        }
        touched.push(part);
    }
    Ok(touched)
}

/// Records of one entry stand in this order, each once.
fn order(part: &Touched) -> (Option<&FhirId>, TouchKind) {
    (part.patient.as_ref(), part.kind)
}

fn read_record(from: &mut Reader<'_>) -> Result<(Touched, First), LayoutError> {
    let byte = from.byte()?;
    let kind = from.known(TouchKind::from_number(byte & !CONTINUED))?;
    let first = if byte & CONTINUED == 0 { First::Yes } else { First::Continued };
    let patient = from.option(Reader::id)?;
    let count = from.u16()?;
    let mut resources: Vec<ResourceRef> = Vec::new();
    let mut type_name = "";
    for _ in 0..count {
        let length = from.byte()?;
        if length != 0 {
            let name = std::str::from_utf8(from.take(usize::from(length))?).or_else(|_| from.wrong())?;
            if name == type_name {
                return from.wrong();
            }
            type_name = name;
        }
        let id = from.id()?;
        let resource = ResourceRef::new(type_name, &id).or_else(|_| from.wrong())?;
        if resources.last().is_some_and(|last| *last >= resource) {
            return from.wrong();
        }
        resources.push(resource);
    }
    Ok((Touched { patient, kind, resources }, first))
}

/// One chunk of a side list: its records, and for each whether it goes on with the one before.
pub fn read_chunk(bytes: &[u8]) -> Result<Vec<(Touched, bool)>, LayoutError> {
    let mut from = Reader { rest: bytes, what: "side list" };
    let mut records = Vec::new();
    while !from.rest.is_empty() {
        let (part, first) = read_record(&mut from)?;
        records.push((part, first == First::Continued));
    }
    Ok(records)
}

pub fn read_detail(bytes: &[u8]) -> Result<Detail, LayoutError> {
    let mut from = Reader { rest: bytes, what: "detail" };
    if from.byte()? != VERSION {
        return from.wrong();
    }
    let mut detail = Detail::none();
    let mut last = 0;
    while !from.rest.is_empty() {
        let tag = from.byte()?;
        if tag <= last {
            return from.wrong();
        }
        last = tag;
        let text = Some(from.text()?.to_owned());
        match tag {
            1 => detail.search = text,
            2 => detail.reason = text,
            3 => detail.user_agent = text,
            4 => detail.note = text,
            _ => return from.wrong(),
        }
    }
    Ok(detail)
}

// ---- numbers of what `base` names ----

const fn actor_kind_number(kind: ActorKind) -> u8 {
    match kind {
        ActorKind::Person => 1,
        ActorKind::ProxyFor => 2,
        ActorKind::Service => 3,
        ActorKind::ShareLink => 4,
        ActorKind::System => 5,
        ActorKind::Anonymous => 6,
    }
}

const fn actor_kind(number: u8) -> Option<ActorKind> {
    Some(match number {
        1 => ActorKind::Person,
        2 => ActorKind::ProxyFor,
        3 => ActorKind::Service,
        4 => ActorKind::ShareLink,
        5 => ActorKind::System,
        6 => ActorKind::Anonymous,
        _ => return None,
    })
}

const fn role_number(role: Role) -> u8 {
    match role {
        Role::Patient => 1,
        Role::Proxy => 2,
        Role::Clinician => 3,
        Role::Nurse => 4,
        Role::Reception => 5,
        Role::HealthAdmin => 6,
        Role::Operator => 7,
    }
}

const fn role(number: u8) -> Option<Role> {
    Some(match number {
        1 => Role::Patient,
        2 => Role::Proxy,
        3 => Role::Clinician,
        4 => Role::Nurse,
        5 => Role::Reception,
        6 => Role::HealthAdmin,
        7 => Role::Operator,
        _ => return None,
    })
}
