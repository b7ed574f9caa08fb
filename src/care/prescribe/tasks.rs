//! What is alike of the Tasks by which something about a prescription waits for somebody.

use serde_json::{Value, json};

use crate::base::Timestamp;
use crate::care::within::id_of;
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Condition, RecordError};

/// The most characters of a note, a question, a reason.
pub const LONGEST: usize = 500;

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn target<'a>(value: &'a Value, pointer: &str, kind: &str) -> Option<&'a str> {
    text(value, pointer)?.strip_prefix(kind)?.strip_prefix('/')
}

/// Whether it waits for the clinic.
pub fn is_open(task: &Value) -> bool {
    text(task, "/status") == Some("requested")
}

/// Whether a Task is of this system and code.
pub(super) fn is_of(task: &Value, (system, code): (&str, &str)) -> bool {
    let codings = task.pointer("/code/coding").and_then(Value::as_array).into_iter().flatten();
    codings.into_iter().any(|coding| (text(coding, "/system"), text(coding, "/code")) == (Some(system), Some(code)))
}

/// The Task with another status.
pub(super) fn became(mut task: Value, status: &str, now: Timestamp) -> Value {
    if let Some(members) = task.as_object_mut() {
        members.insert("status".into(), json!(status));
        members.insert("lastModified".into(), json!(now.to_string()));
    }
    task
}

pub(super) fn put(task: Value, version: u32) -> Result<Change, RecordError> {
    let id = id_of(&task).ok_or(RecordError::Damaged)?;
    Change::put(R::Task, id, task, Condition::Version(version), Mode::Strict)
}
