//! The log as JSON Lines, from which alone a stranger can check the chain.
//!
//! The first line is `{"chartboxAuditExport":1,"origin":…,"size":…}`. Then one object per entry, in order: the
//! readable fields, and `hash` (hexadecimal), `bytes` (base64, the fixed part as it is hashed), and where there
//! are such `salt` and `detailBytes` (base64) and `listChunks` (base64 each). The last line is `{"checkpoint":…}`
//! with the signed note that covers exactly these entries.

use data_encoding::{BASE64, HEXLOWER};
use serde::Serialize;

use super::AuditError;
use super::chain::Audit;
use super::checkpoint::Checkpoint;
use super::layout;
use super::query::{self, Line};
use super::rows::{DETAILS, DetailRow, ENTRIES, LISTS};
use crate::store::{Direction, KeyRange, Read, ReadExt};

/// How many entries are read under one snapshot.
const CHUNK: u64 = 500;

/// The lines of an export, without their line ends. Reads in chunks, each under a snapshot of its own; entries never
/// change, so the whole is one state of the chain.
pub struct Export {
    audit: Audit,
    checkpoint: Option<Checkpoint>,
    next: u64,
    ready: std::vec::IntoIter<String>,
}

impl Audit {
    /// Exports the entries that `checkpoint` covers.
    pub fn export(&self, checkpoint: Checkpoint) -> Export {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct First<'a> {
            chartbox_audit_export: u8,
            origin: &'a str,
            size: u64,
        }
        let first = First { chartbox_audit_export: 1, origin: &checkpoint.origin, size: checkpoint.size };
        let ready = vec![json(&first)].into_iter();
        Export { audit: self.clone(), checkpoint: Some(checkpoint), next: 1, ready }
    }
}

impl Iterator for Export {
    type Item = Result<String, AuditError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(line) = self.ready.next() {
                return Some(Ok(line));
            }
            let size = self.checkpoint.as_ref()?.size;
            if self.next > size {
                let checkpoint = self.checkpoint.take()?;
                return Some(Ok(json(&serde_json::json!({ "checkpoint": checkpoint.text }))));
            }
            let end = size.min(self.next.saturating_add(CHUNK - 1));
            match self.chunk(self.next, end) {
                Ok(lines) => self.ready = lines.into_iter(),
                Err(error) => {
                    self.checkpoint = None;
                    return Some(Err(error));
                }
            }
            self.next = end + 1;
        }
    }
}

impl Export {
    fn chunk(&self, from: u64, to: u64) -> Result<Vec<String>, AuditError> {
        let read = self.audit.read()?;
        (from..=to).map(|sequence| export_line(&read, sequence)).collect()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported<'a> {
    #[serde(flatten)]
    line: &'a Line,
    hash: String,
    bytes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_bytes: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    list_chunks: Vec<String>,
}

fn export_line(read: &impl Read, sequence: u64) -> Result<String, AuditError> {
    let bytes = read.get(&ENTRIES, &(sequence,))?.ok_or(AuditError::Missing(sequence))?;
    let entry = layout::read_entry(&bytes).map_err(|error| AuditError::Damaged { sequence, error })?;
    let (salt, detail_bytes) = match read.get(&DETAILS, &(sequence,))? {
        Some(DetailRow::Kept { salt, bytes }) => (Some(BASE64.encode(&salt)), Some(BASE64.encode(&bytes))),
        _ => (None, None),
    };
    let mut list_chunks = Vec::new();
    for row in read.scan(&LISTS, KeyRange::prefix(&(sequence,)), Direction::Up)? {
        list_chunks.push(BASE64.encode(&row?.1));
    }
    let line = query::with_detail(read, entry)?;
    let hash = HEXLOWER.encode(&layout::entry_hash(&bytes));
    Ok(json(&Exported { line: &line, hash, bytes: BASE64.encode(&bytes), salt, detail_bytes, list_chunks }))
}

fn json(value: &impl Serialize) -> String {
    // Our own types have string keys and finite numbers only, which is all that can fail.
    serde_json::to_string(value).unwrap_or_default()
}
