//! JSON Patch (RFC 6902) on a resource, all of it or nothing.
//!
//! Pure: what comes out is not validated here. Errors name the operation by its number and never repeat a value.

use serde_json::{Map, Value};

use super::Definitions;
use super::bundle::{OwnAddresses, own_references};
use super::outcome::{Issue, IssueCode};

/// The media type of a patch.
pub const MEDIA_TYPE: &str = "application/json-patch+json";

/// The most operations in one patch.
const MOST_OPERATIONS: usize = 1_000;
/// How much one patch may copy, in about the bytes of its text, and how deep what it makes may stand.
const MOST_COPIED: usize = 2 << 20;
/// How much one patch may go through: values that it moves, and those in whose list or object something is put or taken out.
const MOST_STEPS: usize = 4 << 20;
/// As how many bytes a value counts beside the letters in it.
const OF_A_VALUE: usize = 16;
/// The most operations of a patch that changes a status and what belongs to it.
const FEW: usize = 8;
const DEEPEST: usize = 128;

/// A patch whose form is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    operations: Vec<Operation>,
    /// Where the server answers that it was sent to.
    own: OwnAddresses,
}

#[derive(Debug, Clone, PartialEq)]
enum Operation {
    Add(Pointer, Value),
    Remove(Pointer),
    Replace(Pointer, Value),
    Move { from: Pointer, to: Pointer },
    Copy { from: Pointer, to: Pointer },
    Test(Pointer, Value),
}

/// A JSON Pointer (RFC 6901), unescaped.
#[derive(Debug, Clone, PartialEq)]
struct Pointer(Vec<String>);

/// Why a patch did nothing. Operations count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    #[error("a JSON Patch is an array of operations (RFC 6902)")]
    NotAPatch,
    #[error("a patch may have {MOST_OPERATIONS} operations; send it in parts")]
    TooMany,
    #[error("operation {operation} of the patch is not one of RFC 6902: {what}")]
    Malformed { operation: usize, what: &'static str },
    #[error("operation {operation} of the patch names a place that the resource does not have")]
    NoPlace { operation: usize, at: String },
    #[error("the test of operation {operation} does not hold for the resource as it stands")]
    TestFailed { operation: usize, at: String },
    #[error("operation {operation} of the patch would make the resource too large or too deep")]
    TooLarge { operation: usize },
    #[error("operation {operation} is more work than one patch may be; send it in parts")]
    TooLong { operation: usize },
}

impl PatchError {
    /// Whether the patch itself is wrong, rather than what it meets.
    pub const fn is_of_the_patch(&self) -> bool {
        matches!(self, Self::NotAPatch | Self::TooMany | Self::Malformed { .. })
    }

    /// The finding, with the element that it is about where there is one.
    pub fn issue(&self, root: &str) -> Issue {
        let (code, at) = match self {
            Self::NotAPatch | Self::Malformed { .. } => (IssueCode::Structure, None),
            Self::TooMany | Self::TooLarge { .. } | Self::TooLong { .. } => (IssueCode::TooCostly, None),
            Self::NoPlace { at, .. } | Self::TestFailed { at, .. } => (IssueCode::Conflict, Some(at)),
        };
        let text = self.to_string();
        let text = text.chars().next().map_or_else(String::new, |first| {
            format!(
                "{}{}. Nothing was changed.",
                first.to_uppercase(),
                text.get(first.len_utf8()..).unwrap_or_default()
            )
        });
        Issue::error(code, at.map_or_else(String::new, |at| format!("{root}{at}")), text)
    }
}

impl Patch {
    pub fn parse(document: &Value) -> Result<Self, PatchError> {
        let operations = document.as_array().ok_or(PatchError::NotAPatch)?;
        if operations.len() > MOST_OPERATIONS {
            return Err(PatchError::TooMany);
        }
        let read = operations.iter().zip(1..).map(|(operation, number)| {
            Operation::parse(operation).map_err(|what| PatchError::Malformed { operation: number, what })
        });
        Ok(Self { operations: read.collect::<Result<_, _>>()?, own: OwnAddresses::default() })
    }

    /// A patch that was sent to a server with these addresses.
    #[must_use]
    pub fn sent_to(self, own: OwnAddresses) -> Self {
        Self { own, ..self }
    }

    /// Makes references to the server itself relative, wherever the patch took them from.
    pub fn make_own(&self, patched: &mut Value) {
        own_references(patched, &self.own, Definitions::r4());
    }

    /// Whether it changes a little in place: of a patch that may only take something back no more is tried.
    pub fn is_small(&self) -> bool {
        self.operations.len() <= FEW
            && !self.operations.iter().any(|one| matches!(one, Operation::Copy { .. } | Operation::Move { .. }))
    }

    /// The resource as the patch leaves it. `resource` stays as it is when this fails, for the caller drops the copy.
    pub fn apply(&self, resource: &Value) -> Result<Value, PatchError> {
        let mut changed = resource.clone();
        let mut work = Work::default();
        for (operation, number) in self.operations.iter().zip(1..) {
            operation.apply(&mut changed, &mut work).map_err(|failed| failed.at(number))?;
        }
        Ok(changed)
    }
}

/// What the operations of one patch have cost together. Beside what this counts, each costs no more than it is long.
#[derive(Default)]
struct Work {
    copied: usize,
    steps: usize,
}

impl Work {
    fn copies(&mut self, bytes: usize) -> Result<(), Failed> {
        self.copied = self.copied.saturating_add(bytes);
        if self.copied > MOST_COPIED { Err(Failed::TooLarge) } else { Ok(()) }
    }

    fn goes_through(&mut self, values: usize) -> Result<(), Failed> {
        self.steps = self.steps.saturating_add(values);
        if self.steps > MOST_STEPS { Err(Failed::TooLong) } else { Ok(()) }
    }
}

/// Why one operation failed.
enum Failed {
    NoPlace(Pointer),
    Test(Pointer),
    TooLarge,
    TooLong,
}

impl Failed {
    fn at(self, operation: usize) -> PatchError {
        match self {
            Self::NoPlace(pointer) => PatchError::NoPlace { operation, at: pointer.expression() },
            Self::Test(pointer) => PatchError::TestFailed { operation, at: pointer.expression() },
            Self::TooLarge => PatchError::TooLarge { operation },
            Self::TooLong => PatchError::TooLong { operation },
        }
    }
}

impl Operation {
    fn parse(value: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let pointer = |name, wrong| text(name).and_then(Pointer::parse).ok_or(wrong);
        let path = || pointer("path", "“path” must be a JSON Pointer");
        let from = || pointer("from", "“from” must be a JSON Pointer");
        let given = || value.get("value").cloned().ok_or("“value” is missing");
        Ok(match text("op").ok_or("“op” is missing")? {
            "add" => Self::Add(path()?, given()?),
            "remove" => Self::Remove(path()?),
            "replace" => Self::Replace(path()?, given()?),
            "move" => {
                let (from, to) = (from()?, path()?);
                if to.0.len() > from.0.len() && to.0.starts_with(&from.0) {
                    return Err("a value cannot be moved into itself");
                }
                Self::Move { from, to }
            }
            "copy" => Self::Copy { from: from()?, to: path()? },
            "test" => Self::Test(path()?, given()?),
            _ => return Err("“op” must be add, remove, replace, move, copy or test"),
        })
    }

    fn apply(&self, root: &mut Value, work: &mut Work) -> Result<(), Failed> {
        match self {
            Self::Add(to, value) => add(root, to, value.clone(), work),
            Self::Remove(at) => remove(root, at, work).map(drop),
            Self::Replace(at, value) => {
                if at.0.len() + depth(value) > DEEPEST {
                    return Err(Failed::TooLarge);
                }
                *find_mut(root, at).ok_or_else(|| Failed::NoPlace(at.clone()))? = value.clone();
                Ok(())
            }
            Self::Move { from, to } => {
                let value = remove(root, from, work)?;
                work.goes_through(values(&value))?;
                add(root, to, value, work)
            }
            Self::Copy { from, to } => {
                let value = find(root, from).ok_or_else(|| Failed::NoPlace(from.clone()))?;
                work.copies(size(value))?;
                let value = value.clone();
                add(root, to, value, work)
            }
            Self::Test(at, wanted) => match find(root, at) {
                Some(found) if same(found, wanted) => Ok(()),
                Some(_) | None => Err(Failed::Test(at.clone())),
            },
        }
    }
}

impl Pointer {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        text.strip_prefix('/')?.split('/').map(unescape).collect::<Option<_>>().map(Self)
    }

    /// As FHIRPath has it, from the resource on: `.name[0].given`. Empty where a part is no element's name.
    fn expression(&self) -> String {
        let mut out = String::new();
        for part in &self.0 {
            if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
                out.push_str(&format!("[{part}]"));
            } else if part.len() <= 64 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                out.push('.');
                out.push_str(part);
            } else {
                break;
            }
        }
        out
    }
}

fn unescape(part: &str) -> Option<String> {
    let mut out = String::with_capacity(part.len());
    let mut rest = part.chars();
    while let Some(next) = rest.next() {
        out.push(match next {
            '~' => match rest.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}

/// An array's place: no leading zeros (RFC 6901 §4).
fn place(part: &str) -> Option<usize> {
    let plain = part == "0" || (!part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()));
    if plain { part.parse().ok() } else { None }
}

fn find<'v>(root: &'v Value, at: &Pointer) -> Option<&'v Value> {
    at.0.iter().try_fold(root, |value, part| match value {
        Value::Object(members) => members.get(part),
        Value::Array(items) => items.get(place(part)?),
        _ => None,
    })
}

fn find_mut<'v>(root: &'v mut Value, at: &Pointer) -> Option<&'v mut Value> {
    at.0.iter().try_fold(root, |value, part| match value {
        Value::Object(members) => members.get_mut(part),
        Value::Array(items) => items.get_mut(place(part)?),
        _ => None,
    })
}

fn add(root: &mut Value, to: &Pointer, value: Value, work: &mut Work) -> Result<(), Failed> {
    if to.0.len() + depth(&value) > DEEPEST {
        return Err(Failed::TooLarge);
    }
    let none = || Failed::NoPlace(to.clone());
    let Some((last, parent)) = to.0.split_last() else {
        *root = value;
        return Ok(());
    };
    match find_mut(root, &Pointer(parent.to_vec())).ok_or_else(none)? {
        Value::Object(members) => drop(members.insert(last.clone(), value)),
        Value::Array(items) => {
            let at = if last == "-" { items.len() } else { place(last).ok_or_else(none)? };
            if at > items.len() {
                return Err(none());
            }
            work.goes_through(items.len() - at)?;
            items.insert(at, value);
        }
        _ => return Err(none()),
    }
    Ok(())
}

fn remove(root: &mut Value, at: &Pointer, work: &mut Work) -> Result<Value, Failed> {
    let none = || Failed::NoPlace(at.clone());
    // FHIR has no resource without content: the whole cannot be taken away.
    let (last, parent) = at.0.split_last().ok_or_else(none)?;
    match find_mut(root, &Pointer(parent.to_vec())).ok_or_else(none)? {
        Value::Object(members) => {
            work.goes_through(members.len())?;
            members.shift_remove(last).ok_or_else(none)
        }
        Value::Array(items) => match place(last) {
            Some(place) if place < items.len() => {
                work.goes_through(items.len() - place)?;
                Ok(items.remove(place))
            }
            _ => Err(none()),
        },
        _ => Err(none()),
    }
}

/// Equal as RFC 6902 §4.6 says: numbers by what they are, objects whatever the order.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| one == other)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => same_members(one, other),
        _ => one == other,
    }
}

fn same_members(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.len() == other.len() && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// How many values a value is.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        _ => 0,
    }
}

/// About the bytes of a value's text.
fn size(value: &Value) -> usize {
    OF_A_VALUE
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(size).sum(),
            Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(from: Value, patch: Value) -> Result<Value, PatchError> {
        Patch::parse(&patch)?.apply(&from)
    }

    #[test]
    fn the_examples_of_rfc_6902_come_out_as_it_says() {
        let cases = [
            (
                json!({"foo": "bar"}),
                json!([{"op": "add", "path": "/baz", "value": "qux"}]),
                json!({"baz": "qux", "foo": "bar"}),
            ),
            (
                json!({"foo": ["bar", "baz"]}),
                json!([{"op": "add", "path": "/foo/1", "value": "qux"}]),
                json!({"foo": ["bar", "qux", "baz"]}),
            ),
            (json!({"baz": "qux", "foo": "bar"}), json!([{"op": "remove", "path": "/baz"}]), json!({"foo": "bar"})),
            (
                json!({"foo": ["bar", "qux", "baz"]}),
                json!([{"op": "remove", "path": "/foo/1"}]),
                json!({"foo": ["bar", "baz"]}),
            ),
            (
                json!({"baz": "qux", "foo": "bar"}),
                json!([{"op": "replace", "path": "/baz", "value": "boo"}]),
                json!({"baz": "boo", "foo": "bar"}),
            ),
            (
                json!({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}),
                json!([{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}]),
                json!({"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}),
            ),
            (
                json!({"foo": ["all", "grass", "cows", "eat"]}),
                json!([{"op": "move", "from": "/foo/1", "path": "/foo/3"}]),
                json!({"foo": ["all", "cows", "eat", "grass"]}),
            ),
            (
                json!({"foo": "bar"}),
                json!([{"op": "add", "path": "/child", "value": {"grandchild": {}}}]),
                json!({"foo": "bar", "child": {"grandchild": {}}}),
            ),
            (
                json!({"foo": ["bar"]}),
                json!([{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}]),
                json!({"foo": ["bar", ["abc", "def"]]}),
            ),
            (
                json!({"/": 9, "~1": 10}),
                json!([{"op": "test", "path": "/~01", "value": 10}]),
                json!({"/": 9, "~1": 10}),
            ),
            (
                json!({"a": 7.20}),
                json!([{"op": "test", "path": "/a", "value": 7.2}, {"op": "copy", "from": "/a", "path": "/b"}]),
                json!({"a": 7.20, "b": 7.20}),
            ),
        ];
        for (from, patch, to) in cases {
            assert_eq!(patched(from, patch.clone()).unwrap(), to, "{patch}");
        }
    }

    #[test]
    fn what_cannot_be_done_names_its_operation_and_place() {
        let from = json!({"name": [{"family": "A"}]});
        let no_place = |at: &str| PatchError::NoPlace { operation: 2, at: at.into() };
        for (operation, error) in [
            (
                json!({"op": "test", "path": "/name/0/family", "value": "B"}),
                PatchError::TestFailed { operation: 2, at: ".name[0].family".into() },
            ),
            (
                json!({"op": "test", "path": "/active", "value": true}),
                PatchError::TestFailed { operation: 2, at: ".active".into() },
            ),
            (json!({"op": "replace", "path": "/active", "value": true}), no_place(".active")),
            (json!({"op": "remove", "path": "/name/1"}), no_place(".name[1]")),
            (json!({"op": "remove", "path": "/name/00"}), no_place(".name[00]")),
            (json!({"op": "remove", "path": ""}), no_place("")),
            (json!({"op": "add", "path": "/name/2", "value": 1}), no_place(".name[2]")),
            (json!({"op": "add", "path": "/a/b", "value": 1}), no_place(".a.b")),
            (json!({"op": "move", "from": "/x", "path": "/y"}), no_place(".x")),
        ] {
            let patch = json!([{"op": "test", "path": "/name", "value": [{"family": "A"}]}, operation]);
            assert_eq!(patched(from.clone(), patch), Err(error));
        }
        for malformed in [
            json!({"op": "test", "path": "/a"}),
            json!({"op": "steal", "path": "/a"}),
            json!({"op": "add", "path": "a", "value": 1}),
            json!({"op": "add", "path": "/~2", "value": 1}),
            json!({"op": "move", "from": "/a", "path": "/a/b"}),
            json!({"path": "/a"}),
            json!(7),
        ] {
            let error = patched(from.clone(), json!([malformed])).unwrap_err();
            assert!(matches!(error, PatchError::Malformed { operation: 1, .. }) && error.is_of_the_patch(), "{error}");
        }
        assert_eq!(patched(from.clone(), json!({})), Err(PatchError::NotAPatch));
        assert_eq!(patched(from, json!(vec![json!({"op": "remove", "path": "/x"}); 1001])), Err(PatchError::TooMany));
    }

    #[test]
    fn copies_of_copies_are_stopped_before_they_cost() {
        let mut operations = vec![json!({"op": "add", "path": "/a", "value": [1]})];
        operations.extend((0..900).map(|_| json!({"op": "copy", "from": "/a", "path": "/a/-"})));
        assert!(matches!(patched(json!({}), json!(operations)), Err(PatchError::TooLarge { .. })));
        let deeper: Vec<Value> = (0..900).map(|_| json!({"op": "copy", "from": "", "path": "/a"})).collect();
        assert!(matches!(patched(json!({"a": 1}), json!(deeper)), Err(PatchError::TooLarge { .. })));
        // One long text counts with all its letters.
        let mut long = vec![json!({"op": "add", "path": "/a", "value": ["x".repeat(1 << 20)]})];
        long.extend((0..3).map(|_| json!({"op": "copy", "from": "/a/0", "path": "/a/-"})));
        assert!(matches!(patched(json!({}), json!(long)), Err(PatchError::TooLarge { operation: 3 })));
    }

    #[test]
    fn what_is_moved_to_and_fro_or_put_before_many_counts_each_time() {
        let back_and_forth = |from: &str, to: &str| -> Value {
            let one = |from: &str, to: &str| json!({"op": "move", "from": from, "path": to});
            (0..500).flat_map(|_| [one(from, to), one(to, from)]).collect()
        };
        let many = json!({"a": vec![1; 20_000]});
        assert!(matches!(patched(many.clone(), back_and_forth("/a", "/b")), Err(PatchError::TooLong { .. })));
        assert!(matches!(patched(many.clone(), back_and_forth("/a/0", "/b")), Err(PatchError::TooLong { .. })));
        // The same at the end of the list, and of few, is no work.
        assert_eq!(patched(many.clone(), back_and_forth("/a/19999", "/b")).unwrap(), many);
        let few = json!({"a": vec![1; 1_000]});
        assert_eq!(patched(few.clone(), back_and_forth("/a", "/b")).unwrap(), few);
    }

    #[test]
    fn an_issue_says_where_in_the_resource() {
        let issue = PatchError::TestFailed { operation: 1, at: ".name[0]".into() }.issue("Patient");
        assert_eq!((issue.expression.as_str(), issue.code), ("Patient.name[0]", IssueCode::Conflict));
        assert_eq!(
            issue.text,
            "The test of operation 1 does not hold for the resource as it stands. Nothing was changed."
        );
    }
}
