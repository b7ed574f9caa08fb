//! Reading: bytes to values, or an error; never a panic. Whatever reads back is written to the very same bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::numbers::{actor_kind, role};
use super::{CONTINUED, First, LayoutError, UUID, VERSION, canonical_uuid};
use crate::audit::entry::{Actor, Clock, Entry, Place, Resources, SideList};
use crate::audit::event::{Detail, Touched};
use crate::audit::words::{Action, Outcome, Purpose, TouchKind};
use crate::base::{AccountId, BootId, FhirId, ResourceRef, SessionId};

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

/// What verification needs of a record, whose bytes a hash vouches for already.
pub struct Skimmed {
    pub patient: Option<FhirId>,
    pub kind: TouchKind,
    pub resources: u16,
    pub continued: bool,
}

/// Goes through the records of a chunk without reading the resources.
pub fn skim_chunk(bytes: &[u8], mut each: impl FnMut(&Skimmed)) -> Result<(), LayoutError> {
    let mut from = Reader { rest: bytes, what: "side list" };
    while !from.rest.is_empty() {
        let byte = from.byte()?;
        let kind = from.known(TouchKind::from_number(byte & !CONTINUED))?;
        let patient = from.option(Reader::id)?;
        let resources = from.u16()?;
        for _ in 0..resources {
            let name = from.byte()?;
            from.take(usize::from(name))?;
            let id = from.byte()?;
            from.take(if id == UUID { 16 } else { usize::from(id) })?;
        }
        each(&Skimmed { patient, kind, resources, continued: byte & CONTINUED != 0 });
    }
    Ok(())
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
