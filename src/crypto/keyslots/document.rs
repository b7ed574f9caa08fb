//! The slots as text, and the bytes that the MAC covers.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::base::{StoreId, Timestamp};
use crate::crypto::Tag;
use crate::crypto::kdf::Cost;

use super::wrap::Slot;
use super::{KeySlots, SlotError, SlotId, SlotKind, VERSION};

/// More would only serve to make opening slow.
pub(super) const MOST_SLOTS: usize = 16;
const LONGEST: usize = 64 * 1024;

const HEADING: &str = "\
# The keys of this box, wrapped. Without one of the secrets named here they open nothing.
# Do not edit: the box would see it and refuse. Copies are as good as the original.
";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Document {
    version: u32,
    store: StoreId,
    epoch: u32,
    next_slot: u32,
    mac: String,
    #[serde(default)]
    slot: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    id: u32,
    kind: String,
    created: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_kib: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passes: Option<u32>,
    salt: String,
    nonce: String,
    wrapped: String,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

pub(super) fn parse(text: &str) -> Result<KeySlots, SlotError> {
    if text.len() > LONGEST {
        return Err(unreadable("the file is far too long"));
    }
    if text.trim().is_empty() {
        return Err(unreadable("it is empty"));
    }
    // What a newer version means is not ours to judge: its number is all that is read of it.
    let Versioned { version } = toml::from_str(text).map_err(|error| unreadable(error.message()))?;
    match version {
        VERSION => {}
        newer if newer > VERSION => return Err(SlotError::Newer { found: newer }),
        _ => return Err(unreadable("its version is not a version")),
    }
    let document: Document = toml::from_str(text).map_err(|error| unreadable(error.message()))?;
    if document.slot.is_empty() || document.slot.len() > MOST_SLOTS {
        return Err(unreadable("it has no slots, or far too many"));
    }
    let slots = document.slot.into_iter().map(slot).collect::<Result<Vec<_>, _>>()?;
    let ids: std::collections::BTreeSet<SlotId> = slots.iter().map(|slot| slot.id).collect();
    let in_order = slots.is_sorted_by_key(|slot| slot.id) && ids.len() == slots.len();
    if !in_order || ids.last().is_none_or(|last| last.0 >= document.next_slot) {
        return Err(unreadable("its slots are out of order"));
    }
    Ok(KeySlots {
        store: document.store,
        epoch: document.epoch,
        next_slot: document.next_slot,
        slots,
        mac: Tag::from_bytes(bytes(&document.mac, "mac")?),
    })
}

pub(super) fn write(slots: &KeySlots) -> Result<String, SlotError> {
    let document = Document {
        version: VERSION,
        store: slots.store,
        epoch: slots.epoch,
        next_slot: slots.next_slot,
        mac: BASE64.encode(slots.mac.as_bytes()),
        slot: slots.slots.iter().map(entry).collect(),
    };
    let body = toml::to_string(&document).map_err(|error| unreadable(&error.to_string()))?;
    Ok(format!("{HEADING}\n{body}"))
}

/// Everything but the MAC, each field preceded by its length (u32, little endian), so that no two documents share bytes.
pub(super) fn authenticated(slots: &KeySlots) -> Vec<u8> {
    let mut out = Vec::new();
    let mut field = |bytes: &[u8]| {
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    field(&VERSION.to_le_bytes());
    field(slots.store.as_bytes());
    field(&slots.epoch.to_le_bytes());
    field(&slots.next_slot.to_le_bytes());
    for slot in &slots.slots {
        field(&slot.id.0.to_le_bytes());
        field(slot.kind.name().as_bytes());
        field(&slot.created.as_second().to_le_bytes());
        field(&slot.cost.map_or(0, Cost::memory_kib).to_le_bytes());
        field(&slot.cost.map_or(0, Cost::passes).to_le_bytes());
        field(&slot.salt);
        field(&slot.nonce);
        field(&slot.wrapped);
    }
    out
}

fn slot(entry: Entry) -> Result<Slot, SlotError> {
    let kind = SlotKind::ALL
        .into_iter()
        .find(|kind| kind.name() == entry.kind)
        .ok_or_else(|| unreadable(&format!("slot {} is of a kind that does not exist", entry.id)))?;
    let cost = match (kind, entry.memory_kib, entry.passes) {
        (SlotKind::Passphrase, Some(memory), Some(passes)) => Some(
            Cost::from_parts(memory, passes)
                .ok_or_else(|| unreadable(&format!("slot {} asks for a cost out of bounds", entry.id)))?,
        ),
        (SlotKind::Passphrase, ..) => return Err(unreadable(&format!("slot {} does not say its cost", entry.id))),
        (_, None, None) => None,
        _ => return Err(unreadable(&format!("slot {} has a cost and should not", entry.id))),
    };
    Ok(Slot {
        id: SlotId(entry.id),
        kind,
        created: entry.created,
        cost,
        salt: bytes(&entry.salt, "salt")?,
        nonce: bytes(&entry.nonce, "nonce")?,
        wrapped: bytes(&entry.wrapped, "wrapped")?,
    })
}

fn entry(slot: &Slot) -> Entry {
    Entry {
        id: slot.id.0,
        kind: slot.kind.name().into(),
        created: slot.created,
        memory_kib: slot.cost.map(Cost::memory_kib),
        passes: slot.cost.map(Cost::passes),
        salt: BASE64.encode(&slot.salt),
        nonce: BASE64.encode(&slot.nonce),
        wrapped: BASE64.encode(&slot.wrapped),
    }
}

fn bytes<const N: usize>(text: &str, field: &str) -> Result<[u8; N], SlotError> {
    let decoded = BASE64.decode(text.as_bytes()).ok();
    decoded
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| unreadable(&format!("`{field}` is not {N} bytes in base64")))
}

fn unreadable(why: &str) -> SlotError {
    SlotError::Unreadable { why: why.trim().lines().next().unwrap_or_default().into() }
}
