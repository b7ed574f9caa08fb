//! What patients bring: a letter, a picture, a test from elsewhere; and what the clinic attaches to a message. A stranger's
//! bytes: what they are is found by looking, never by what they say of themselves, and nothing here runs, opens or shows them.
//!
//! A file becomes a Binary, a small picture of it another one, and a DocumentReference says whose it is, who brought it and
//! in which words. A patient's says that a patient brought it, and waits to be seen by a clinician; the clinic's says that it
//! came with a message.

mod jpeg;
mod name;
mod picture;
mod sniff;

use std::borrow::Cow;

use data_encoding::BASE64;
use serde_json::{Value, json};

pub use name::{LONGEST_TITLE, Named, cleaned, titled};
pub use picture::{MOST_PIXELS, SIDE};
pub use sniff::{Looked, NotTaken, Type, look};

use crate::base::{FhirId, Role, Timestamp};
use crate::care::notify::{self, Notice, Whom};
use crate::care::workflow::{Checked, Doing, Done, Refused, carry_out, told};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, Mode, ResourceType};
use crate::record::{Change, Condition, Inside, RecordError};
use crate::store::StoreError;

/// The largest file, in bytes.
pub const MOST_BYTES: usize = 10 << 20;
/// How many files a patient's record takes of the patient, and as many of the clinic, and how many bytes they may have
/// together.
pub const MOST_FILES: usize = 200;
pub const MOST_TOGETHER: u64 = 200 << 20;
/// The most characters of what somebody writes with a file.
pub const LONGEST_NOTE: usize = 1_000;

/// The tag of what a patient said or brought: system and code of HL7 v3 ObservationValue, "patient reported".
pub const PATIENT_REPORTED: (&str, &str) = ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "PATRPT");
/// The tag of what no clinician has seen yet.
pub const TO_SEE: (&str, &str) = ("urn:chartbox:inbox", "to-see");
/// The tag of what the clinic attached to a message.
pub const ATTACHED: (&str, &str) = ("urn:chartbox:document", "attached");
/// How the small picture among a document's contents is known.
pub const PREVIEW: (&str, &str) = ("urn:chartbox:document", "preview");

/// What a file is, in the patient's words: code and LOINC's document type where there is one.
pub const KINDS: [(&str, Option<&str>); 4] =
    [("letter", Some("51852-2")), ("result", Some("11502-2")), ("picture", Some("72170-4")), ("other", None)];

/// A file that was looked at, and what is said of it.
#[derive(Debug)]
pub struct Upload {
    pub looked: Looked,
    pub bytes: Vec<u8>,
    /// Cleaned.
    pub title: String,
    /// One of [`KINDS`], and how it is called.
    pub kind: (&'static str, String),
    pub note: String,
    pub patient: FhirId,
    /// Who brought it: the patient, or who acts for them, or somebody of the clinic.
    pub by: Value,
    pub origin: Origin,
}

/// From which side a file comes. Each side's files are counted apart: neither takes the other's room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Patient,
    Clinic,
}

impl Origin {
    const fn tag(self) -> (&'static str, &'static str) {
        match self {
            Self::Patient => PATIENT_REPORTED,
            Self::Clinic => ATTACHED,
        }
    }
}

/// Why a file was not kept, found in the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    #[error("the record holds as many files of this patient as it takes")]
    Files,
    #[error("the files of this patient would be larger together than the record takes")]
    Bytes,
}

/// Keeps a file under `id`.
pub async fn keep(doing: Doing<'_>, id: FhirId, upload: Upload, now: Timestamp) -> Result<Done<()>, Refused<Full>> {
    keep_with(doing, id, upload, now, vec![], |_| Ok(())).await
}

/// [`keep`] with what else is made of it, such as the message that it is attached to: all of it or nothing.
pub async fn keep_with(
    doing: Doing<'_>,
    id: FhirId,
    upload: Upload,
    now: Timestamp,
    with: Vec<Change>,
    then: impl FnOnce(&mut Inside<'_, '_, '_>) -> Result<(), StoreError> + Send + 'static,
) -> Result<Done<()>, Refused<Full>> {
    let (query, origin) = (of_origin(&upload.patient, upload.origin)?, upload.origin);
    let more = upload.bytes.len() as u64;
    let about = id.clone();
    let mut changes = changes(&id, upload, now)?;
    changes.extend(with);
    carry_out(doing, changes, move |inside| {
        let sizes: Vec<u64> = inside.glimpse(&query, size_of)?;
        fits::<Full>(&sizes, more)?;
        then(inside)?;
        if origin == Origin::Patient {
            let notice = Notice::new(Whom::Role(Role::Clinician), notify::Kind::PatientUploaded).about(about);
            notify::tell(inside, notice).map_err(RecordError::from)?;
        }
        Ok(())
    })
    .await
}

fn fits<E>(sizes: &[u64], more: u64) -> Checked<(), E>
where
    E: std::error::Error + From<Full>,
{
    if sizes.len() >= MOST_FILES {
        return told(Full::Files.into());
    }
    if sizes.iter().sum::<u64>().saturating_add(more) > MOST_TOGETHER {
        return told(Full::Bytes.into());
    }
    Ok(())
}

/// What this side brought already.
fn of_origin(patient: &FhirId, origin: Origin) -> Result<Query, RecordError> {
    let (system, code) = origin.tag();
    let text = format!("subject=Patient/{patient}&_tag={system}|{code}");
    Query::parse(ResourceType::DocumentReference, &text, Handling::Strict, Definitions::r4())
        .map_err(|error| RecordError::UnsupportedSearch(error.to_string()))
}

fn size_of(document: &Value) -> Option<u64> {
    document.pointer("/content/0/attachment/size").and_then(Value::as_u64)
}

fn changes(id: &FhirId, upload: Upload, now: Timestamp) -> Result<Vec<Change>, RecordError> {
    let Upload { looked, bytes, title, kind: (code, called), note, patient, by, origin } = upload;
    let of = json!({"reference": format!("Patient/{patient}")});
    let binary = |bytes: &[u8], kind: &str| json!({"resourceType": "Binary", "contentType": kind, "securityContext": of, "data": BASE64.encode(bytes)});
    let named = |id: FhirId, value: Value| Change::create_as(ResourceType::Binary, id, value, Mode::Strict);
    let (file, small) = (FhirId::parse(&format!("{id}-file")), FhirId::parse(&format!("{id}-preview")));
    let (file, small) = (file.map_err(|_| RecordError::Damaged)?, small.map_err(|_| RecordError::Damaged)?);
    let mut contents = vec![json!({"attachment": {
        "contentType": looked.kind.media_type(),
        "url": format!("Binary/{file}"),
        "title": title,
        "size": bytes.len(),
        "creation": now.to_string(),
    }})];
    let mut changes = vec![named(file, binary(&bytes, looked.kind.media_type()))?];
    drop(bytes);
    if let Some(preview) = &looked.preview {
        contents.push(json!({
            "attachment": {"contentType": "image/png", "url": format!("Binary/{small}"), "size": preview.len()},
            "format": {"system": PREVIEW.0, "code": PREVIEW.1},
        }));
        changes.push(named(small, binary(preview, "image/png"))?);
    }
    let loinc = KINDS.iter().find(|(known, _)| *known == code).and_then(|(_, loinc)| *loinc);
    let coding = loinc.map(|loinc| json!([{"system": "http://loinc.org", "code": loinc}]));
    let mut kind = json!({"text": called});
    if let (Some(coding), Some(kind)) = (coding, kind.as_object_mut()) {
        kind.insert("coding".into(), coding);
    }
    let tags = match origin {
        Origin::Patient => vec![tag(PATIENT_REPORTED), tag(TO_SEE)],
        Origin::Clinic => vec![tag(ATTACHED)],
    };
    let mut document = json!({
        "resourceType": "DocumentReference",
        "meta": {"tag": tags},
        "status": "current",
        "type": kind,
        "subject": of,
        "date": now.to_string(),
        "author": [by],
        "content": contents,
    });
    if let (false, Some(document)) = (note.is_empty(), document.as_object_mut()) {
        document.insert("description".into(), note.into());
    }
    changes.push(Change::create_as(ResourceType::DocumentReference, id.clone(), document, Mode::Strict)?);
    Ok(changes)
}

/// A tag of `meta`.
pub fn tag((system, code): (&str, &str)) -> Value {
    json!({"system": system, "code": code})
}

/// Whether a resource has this tag.
pub fn is_tagged(resource: &Value, (system, code): (&str, &str)) -> bool {
    let tags = resource.pointer("/meta/tag").and_then(Value::as_array).into_iter().flatten();
    tags.into_iter().any(|tag| {
        let text = |name| tag.get(name).and_then(Value::as_str);
        (text("system"), text("code")) == (Some(system), Some(code))
    })
}

/// Whether a patient, or who acts for one, said or brought this: by its tag, or by who made it.
pub fn is_reported(resource: &Value) -> bool {
    let made_by = ["performer", "author", "recorder", "informationSource", "source"].into_iter();
    let people = made_by.filter_map(|name| resource.get(name)).flat_map(|one| match one {
        Value::Array(all) => all.iter().collect::<Vec<_>>(),
        one => vec![one],
    });
    let mut people = people.filter_map(|one| one.get("reference").and_then(Value::as_str));
    is_tagged(resource, PATIENT_REPORTED)
        || people.any(|text| text.starts_with("Patient/") || text.starts_with("RelatedPerson/"))
}

/// A clinician has seen it: nobody has to be told of it again, and it says who.
pub async fn seen(
    doing: Doing<'_>,
    id: FhirId,
    version: u32,
    mut document: Value,
    by: &Value,
) -> Result<Done<()>, Refused<std::convert::Infallible>> {
    if let Some(tags) = document.pointer_mut("/meta/tag").and_then(Value::as_array_mut) {
        tags.retain(|one| one.get("system").and_then(Value::as_str) != Some(TO_SEE.0));
    }
    if let Some(members) = document.as_object_mut() {
        members.insert("authenticator".into(), by.clone());
    }
    let condition = Condition::Version(version);
    let change = Change::put(ResourceType::DocumentReference, id, document, condition, Mode::Strict)?;
    carry_out(doing, vec![change], |_| Ok(())).await
}

/// Where the bytes of a document lie: the content that is no preview, or the preview.
pub fn binary_of(document: &Value, part: Part) -> Option<FhirId> {
    let contents = document.get("content")?.as_array()?.iter();
    let mut found = contents.filter(|one| is_preview(one) == (part == Part::Preview));
    let url = found.find_map(|one| one.pointer("/attachment/url").and_then(Value::as_str))?;
    FhirId::parse(url.strip_prefix("Binary/")?).ok()
}

/// The places of the files that a document has besides its first: the same in another form, or another part of it.
pub fn more_files(document: &Value) -> impl Iterator<Item = usize> {
    let contents = document.get("content").and_then(Value::as_array).into_iter().flatten().enumerate();
    contents.skip(1).filter(|(_, one)| !is_preview(one)).map(|(at, _)| at)
}

/// A document with the file at this place for its only one; as it is for the first, which may have a small picture.
pub fn file_at(document: &Value, at: usize) -> Option<Cow<'_, Value>> {
    if at == 0 {
        return Some(Cow::Borrowed(document));
    }
    let content = document.get("content")?.as_array()?.get(at).filter(|one| !is_preview(one))?.clone();
    let mut one = document.clone();
    one.as_object_mut()?.insert("content".to_owned(), Value::Array(vec![content]));
    Some(Cow::Owned(one))
}

/// How an address says which of them is meant.
pub fn file_query(at: usize) -> String {
    if at == 0 { String::new() } else { format!("?file={at}") }
}

fn is_preview(content: &Value) -> bool {
    content.pointer("/format/code").and_then(Value::as_str) == Some(PREVIEW.1)
}

/// The file or its small picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    File,
    Preview,
}

/// The bytes of a Binary.
pub fn bytes_of(binary: &Value) -> Option<Vec<u8>> {
    // base64Binary may hold white space (FHIR R4, datatypes.html#base64Binary).
    let data = binary.get("data")?.as_str()?.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>();
    BASE64.decode(&data).ok()
}

#[cfg(test)]
mod tests;
