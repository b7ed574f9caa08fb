//! Functions.

use std::borrow::Cow;

use serde_json::Value;

use super::EvalError;
use super::ast::Expr;
use super::decimal::Decimal;
use super::eval::{MOST, Nodes, Result, Scope, one};
use super::node::{Item, Node};
use super::operators::{HASHED, Known, distinct, is_distinct, truth};
use super::pattern::Pattern;
use crate::fhir::ResourceType;
use crate::fhir::validate::is_safe_narrative;

macro_rules! functions {
    ($($ident:ident $name:literal $least:literal..=$most:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function { $($ident),* }

        impl Function {
            pub(super) fn find(name: &str, arguments: usize) -> Option<Self> {
                match name {
                    $($name if ($least..=$most).contains(&arguments) => Some(Self::$ident),)*
                    _ => None,
                }
            }

            /// Whether its arguments are evaluated for one item after another.
            pub(super) const fn is_loop(self) -> bool {
                matches!(self, Self::Exists | Self::All | Self::Where | Self::Select | Self::Repeat | Self::Iif)
            }
        }
    };
}

functions! {
    Empty "empty" 0..=0;
    Exists "exists" 0..=1;
    Not "not" 0..=0;
    All "all" 1..=1;
    AllTrue "allTrue" 0..=0;
    AnyTrue "anyTrue" 0..=0;
    AllFalse "allFalse" 0..=0;
    AnyFalse "anyFalse" 0..=0;
    Count "count" 0..=0;
    Distinct "distinct" 0..=0;
    IsDistinct "isDistinct" 0..=0;
    SubsetOf "subsetOf" 1..=1;
    SupersetOf "supersetOf" 1..=1;
    Where "where" 1..=1;
    Select "select" 1..=1;
    Single "single" 0..=0;
    First "first" 0..=0;
    Last "last" 0..=0;
    Tail "tail" 0..=0;
    Skip "skip" 1..=1;
    Take "take" 1..=1;
    Intersect "intersect" 1..=1;
    Exclude "exclude" 1..=1;
    Union "union" 1..=1;
    Combine "combine" 1..=1;
    Iif "iif" 2..=3;
    ToInteger "toInteger" 0..=0;
    ToDecimal "toDecimal" 0..=0;
    ToText "toString" 0..=0;
    ToBoolean "toBoolean" 0..=0;
    IndexOf "indexOf" 1..=1;
    Substring "substring" 1..=2;
    StartsWith "startsWith" 1..=1;
    EndsWith "endsWith" 1..=1;
    Contains "contains" 1..=1;
    Upper "upper" 0..=0;
    Lower "lower" 0..=0;
    Length "length" 0..=0;
    Replace "replace" 2..=2;
    Children "children" 0..=0;
    Descendants "descendants" 0..=0;
    Trace "trace" 1..=2;
    HasValue "hasValue" 0..=0;
    GetValue "getValue" 0..=0;
    Resolve "resolve" 0..=0;
    Extension "extension" 1..=1;
    HasExtension "hasExtension" 1..=1;
    Repeat "repeat" 1..=1;
    MemberOf "memberOf" 1..=1;
    HtmlChecks "htmlChecks" 0..=0;
}

/// Calls `function` on `of`.
pub(super) fn call<'a>(
    scope: &Scope<'_, 'a>,
    of: &[Node<'a>],
    function: Function,
    arguments: &'a [Expr],
) -> Result<Nodes<'a>> {
    use Function as F;
    let yes = |answer: bool| Ok(vec![Node::bool(answer)]);
    let argument = || arguments.first().ok_or(EvalError::WrongType);
    // An argument that is no condition is evaluated where the whole call stands.
    let value = || scope.eval(argument()?);
    match function {
        F::Empty => yes(of.is_empty()),
        F::Exists => yes(match arguments.first() {
            Some(test) => !filter(scope, of, test)?.is_empty(),
            None => !of.is_empty(),
        }),
        F::Not => Ok(truth(of)?.map(|answer| Node::bool(!answer)).into_iter().collect()),
        F::All => yes(filter(scope, of, argument()?)?.len() == of.len()),
        F::AllTrue => yes(of.iter().all(|node| node.as_bool() == Some(true))),
        F::AnyTrue => yes(of.iter().any(|node| node.as_bool() == Some(true))),
        F::AllFalse => yes(of.iter().all(|node| node.as_bool() == Some(false))),
        F::AnyFalse => yes(of.iter().any(|node| node.as_bool() == Some(false))),
        F::Count => Ok(vec![Node::number(whole(of.len()))]),
        F::Distinct | F::IsDistinct | F::SubsetOf | F::SupersetOf | F::Union => {
            scope.step(HASHED.saturating_mul(of.len()))?;
            compared(of, function, value)
        }
        F::Where => filter(scope, of, argument()?),
        F::Select => select(scope, of, argument()?),
        F::Single => Ok(one(of)?.cloned().into_iter().collect()),
        F::First => Ok(of.first().cloned().into_iter().collect()),
        F::Last => Ok(of.last().cloned().into_iter().collect()),
        F::Tail => Ok(of.iter().skip(1).cloned().collect()),
        F::Skip => Ok(of.iter().skip(count(&value()?)?).cloned().collect()),
        F::Take => Ok(of.iter().take(count(&value()?)?).cloned().collect()),
        F::Intersect => {
            let other = value()?;
            scope.step(HASHED.saturating_mul(of.len().saturating_add(other.len())))?;
            let other = Known::of(&other);
            Ok(distinct(of.iter().filter(|node| other.contains(node)).cloned().collect()))
        }
        F::Exclude => {
            let other = value()?;
            scope.step(HASHED.saturating_mul(of.len().saturating_add(other.len())))?;
            let other = Known::of(&other);
            Ok(of.iter().filter(|node| !other.contains(node)).cloned().collect())
        }
        F::Combine => Ok([of.to_vec(), value()?].concat()),
        F::Iif => iif(scope, of, arguments),
        F::Children => Ok(children(scope, of)),
        F::Descendants => descendants(scope, of),
        // Where a trace would go is nobody's business here: the input passes through.
        F::Trace => Ok(of.to_vec()),
        F::HasValue => yes(one(of).ok().flatten().is_some_and(has_value)),
        F::GetValue => Ok(one(of)?.filter(|node| has_value(node)).cloned().into_iter().collect()),
        F::Resolve => Ok(of.iter().filter_map(|node| resolve(scope.env.setting.root, node)).collect()),
        F::Repeat => repeat(scope, of, argument()?),
        F::MemberOf => {
            let set = value()?;
            let Some(set) = one(&set)?.and_then(Node::as_str) else { return Ok(Vec::new()) };
            Ok(one(of)?.and_then(|node| member_of(scope, set, node)).map(Node::bool).into_iter().collect())
        }
        F::HtmlChecks => yes(of.iter().all(|node| node.as_str().is_some_and(is_safe_narrative))),
        F::Extension | F::HasExtension => {
            let url = value()?;
            let found = extension(scope, of, one(&url)?);
            if function == F::Extension { Ok(found) } else { yes(!found.is_empty()) }
        }
        _ => {
            if of.is_empty() {
                scope.undecided();
            }
            text_function(of, function, &arguments.iter().map(|a| scope.eval(a)).collect::<Result<Vec<_>>>()?)
        }
    }
}

/// Functions that compare each value with the others.
fn compared<'a>(of: &[Node<'a>], function: Function, value: impl FnOnce() -> Result<Nodes<'a>>) -> Result<Nodes<'a>> {
    let yes = |answer: bool| Ok(vec![Node::bool(answer)]);
    match function {
        Function::Distinct => Ok(distinct(of.to_vec())),
        Function::IsDistinct => yes(is_distinct(of)),
        Function::SubsetOf => yes(is_subset(of, &value()?)),
        Function::SupersetOf => yes(is_subset(&value()?, of)),
        _ => Ok(distinct([of.to_vec(), value()?].concat())),
    }
}

fn filter<'a>(scope: &Scope<'_, 'a>, of: &[Node<'a>], test: &'a Expr) -> Result<Nodes<'a>> {
    let mut kept = Vec::new();
    for (index, node) in of.iter().enumerate() {
        if scope.on(std::slice::from_ref(node), index).holds(test)? {
            kept.push(node.clone());
        }
    }
    Ok(kept)
}

fn select<'a>(scope: &Scope<'_, 'a>, of: &[Node<'a>], projection: &'a Expr) -> Result<Nodes<'a>> {
    let mut found = Vec::new();
    for (index, node) in of.iter().enumerate() {
        found.append(&mut scope.on(std::slice::from_ref(node), index).eval(projection)?);
        if found.len() > MOST {
            return Err(EvalError::TooLarge);
        }
    }
    Ok(found)
}

/// What the projection leads to, and what it leads to from there, until nothing new is found.
fn repeat<'a>(scope: &Scope<'_, 'a>, of: &[Node<'a>], projection: &'a Expr) -> Result<Nodes<'a>> {
    let (mut found, mut known) = (Vec::new(), Known::default());
    let mut level = select(scope, of, projection)?;
    while !level.is_empty() {
        level.retain(|node| known.insert(node));
        found.extend_from_slice(&level);
        if found.len() > MOST {
            return Err(EvalError::TooLarge);
        }
        level = select(scope, &level, projection)?;
    }
    Ok(found)
}

/// For a code, a Coding or a CodeableConcept.
fn member_of(scope: &Scope<'_, '_>, set: &str, node: &Node<'_>) -> Option<bool> {
    let coding = |value: &Value| {
        let text = |name| value.get(name).and_then(Value::as_str);
        scope.model().member_of(set, text("system"), text("code")?)
    };
    match (node.as_str(), node.json()) {
        (Some(code), _) => scope.model().member_of(set, None, code),
        (None, Some(value)) => match value.get("coding").and_then(Value::as_array) {
            Some(codings) => codings.iter().map(coding).reduce(|one, other| match (one, other) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            })?,
            None => coding(value),
        },
        _ => None,
    }
}

pub(super) fn replace_matches<'a>(
    scope: &Scope<'_, 'a>,
    of: &'a Expr,
    pattern: &Pattern,
    with: &'a Expr,
) -> Result<Nodes<'a>> {
    let (of, with) = (scope.eval(of)?, scope.eval(with)?);
    let (Some(text), Some(with)) = (one(&of)?, one(&with)?) else { return Ok(Vec::new()) };
    let (text, with) = (text.as_str().ok_or(EvalError::WrongType)?, with.as_str().ok_or(EvalError::WrongType)?);
    grows_to(text, with)?;
    Ok(vec![Node::text(Cow::Owned(pattern.replace(text, with).into_owned()))])
}

/// Whether replacing parts of `text` stays small enough.
fn grows_to(text: &str, with: &str) -> Result<()> {
    let most = text.len().saturating_add(1).saturating_mul(with.len().saturating_add(1));
    if most > MOST { Err(EvalError::TooLarge) } else { Ok(()) }
}

fn iif<'a>(scope: &Scope<'_, 'a>, of: &[Node<'a>], arguments: &'a [Expr]) -> Result<Nodes<'a>> {
    let inner = scope.on(of, scope.index);
    match arguments {
        [test, yes, ..] if inner.holds(test)? => inner.eval(yes),
        [_, _, no] => inner.eval(no),
        _ => Ok(Vec::new()),
    }
}

fn is_subset(left: &[Node<'_>], right: &[Node<'_>]) -> bool {
    let right = Known::of(right);
    left.iter().all(|node| right.contains(node))
}

fn whole(count: usize) -> Decimal {
    Decimal::integer(i64::try_from(count).unwrap_or(i64::MAX))
}

fn count(nodes: &[Node<'_>]) -> Result<usize> {
    let number = one(nodes)?.and_then(Node::as_number).and_then(Decimal::to_integer).ok_or(EvalError::WrongType)?;
    Ok(usize::try_from(number).unwrap_or(0))
}

fn children<'a>(scope: &Scope<'_, 'a>, of: &[Node<'a>]) -> Nodes<'a> {
    let mut found = Vec::new();
    for node in of {
        node.children(scope.model(), &mut found);
    }
    found
}

fn descendants<'a>(scope: &Scope<'_, 'a>, of: &[Node<'a>]) -> Result<Nodes<'a>> {
    let mut found = Vec::new();
    let mut level = children(scope, of);
    while !level.is_empty() {
        let next = children(scope, &level);
        found.append(&mut level);
        if found.len() + next.len() > MOST {
            return Err(EvalError::TooLarge);
        }
        scope.step(next.len())?;
        level = next;
    }
    Ok(found)
}

fn has_value(node: &Node<'_>) -> bool {
    match node.item {
        Item::Json(value) => !value.is_object() && !value.is_array() && !value.is_null(),
        Item::NoValue | Item::Elsewhere => false,
        Item::Bool(_) | Item::Number(_) | Item::Text(_) => true,
    }
}

fn extension<'a>(scope: &Scope<'_, 'a>, of: &[Node<'a>], url: Option<&Node<'a>>) -> Nodes<'a> {
    let mut found = Vec::new();
    for node in of {
        node.member("extension", scope.model(), &mut found);
    }
    let url = url.and_then(Node::as_str);
    found.retain(|node| node.json().and_then(|value| value.get("url")).and_then(Value::as_str) == url);
    found
}

/// A reference's resource: itself where it is contained, else only its type, by the reference's text
/// or its `type`.
fn resolve<'a>(resource: &'a Value, node: &Node<'a>) -> Option<Node<'a>> {
    let value = node.json()?;
    let text = value.as_str().or_else(|| value.get("reference")?.as_str());
    if let Some(fragment) = text.and_then(|text| text.strip_prefix('#')) {
        if fragment.is_empty() {
            return Some(Node::resource(resource));
        }
        let mut contained = resource.get("contained")?.as_array()?.iter();
        return contained.find(|inner| inner.get("id").and_then(Value::as_str) == Some(fragment)).map(Node::resource);
    }
    let kind = text.and_then(type_in_reference).or_else(|| value.get("type")?.as_str())?;
    Some(Node { item: Item::Elsewhere, kind: Some(kind), extra: None })
}

/// `Patient` in `Patient/1`, `https://example.org/fhir/Patient/1`, `Patient/1/_history/2`.
fn type_in_reference(text: &str) -> Option<&'static str> {
    let path = text.split_once("/_history/").map_or(text, |(path, _)| path);
    let mut parts = path.rsplit('/');
    parts.next().filter(|id| !id.is_empty())?;
    ResourceType::parse(parts.next()?).map(ResourceType::name)
}

/// Functions on a single value; none on nothing.
fn text_function<'a>(of: &[Node<'a>], function: Function, arguments: &[Nodes<'a>]) -> Result<Nodes<'a>> {
    use Function as F;
    let Some(node) = one(of)? else { return Ok(Vec::new()) };
    let converted = match function {
        F::ToInteger => Some(to_number(node).and_then(Decimal::to_integer).map(|n| Node::number(Decimal::integer(n)))),
        F::ToDecimal => Some(to_number(node).map(Node::number)),
        F::ToText => Some(to_text(node).map(Node::text)),
        F::ToBoolean => Some(to_boolean(node).map(Node::bool)),
        _ => None,
    };
    if let Some(converted) = converted {
        return Ok(converted.into_iter().collect());
    }
    let text = node.as_str().ok_or(EvalError::WrongType)?;
    if function == F::Substring {
        return substring(text, arguments);
    }
    let mut given = Vec::with_capacity(2);
    for argument in arguments {
        match one(argument)? {
            Some(node) => given.push(node.as_str().ok_or(EvalError::WrongType)?),
            None => return Ok(Vec::new()),
        }
    }
    let first = given.first().copied().unwrap_or_default();
    Ok(vec![match function {
        F::StartsWith => Node::bool(text.starts_with(first)),
        F::EndsWith => Node::bool(text.ends_with(first)),
        F::Contains => Node::bool(text.contains(first)),
        F::Upper => Node::text(Cow::Owned(text.to_uppercase())),
        F::Lower => Node::text(Cow::Owned(text.to_lowercase())),
        F::Length => Node::number(whole(text.chars().count())),
        F::IndexOf => Node::number(
            text.find(first)
                .map_or(Decimal::integer(-1), |at| whole(text.get(..at).unwrap_or_default().chars().count())),
        ),
        F::Replace => {
            let with = given.get(1).copied().unwrap_or_default();
            grows_to(text, with)?;
            Node::text(Cow::Owned(text.replace(first, with)))
        }
        _ => return Err(EvalError::WrongType),
    }])
}

fn substring<'a>(text: &str, arguments: &[Nodes<'a>]) -> Result<Nodes<'a>> {
    let number = |at: usize| match arguments.get(at) {
        Some(nodes) => {
            one(nodes)?.map(|n| n.as_number().and_then(Decimal::to_integer).ok_or(EvalError::WrongType)).transpose()
        }
        None => Ok(None),
    };
    let Some(Ok(start)) = number(0)?.map(usize::try_from) else { return Ok(Vec::new()) };
    if start >= text.chars().count() {
        return Ok(Vec::new());
    }
    let length = number(1)?.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0));
    Ok(vec![Node::text(Cow::Owned(text.chars().skip(start).take(length).collect()))])
}

fn to_number(node: &Node<'_>) -> Option<Decimal> {
    match node.as_bool() {
        Some(value) => Some(Decimal::integer(i64::from(value))),
        None => node.as_number().or_else(|| Decimal::parse(node.as_str()?)),
    }
}

fn to_text<'a>(node: &Node<'a>) -> Option<Cow<'a, str>> {
    Some(match &node.item {
        Item::Json(Value::String(text)) => Cow::Borrowed(text),
        Item::Json(Value::Number(number)) => Cow::Borrowed(number.as_str()),
        Item::Text(text) => text.clone(),
        Item::Number(number) => Cow::Owned(number.to_string()),
        _ => Cow::Borrowed(if node.as_bool()? { "true" } else { "false" }),
    })
}

fn to_boolean(node: &Node<'_>) -> Option<bool> {
    if let Some(value) = node.as_bool() {
        return Some(value);
    }
    let text = node.as_str().map(str::to_lowercase).or_else(|| node.as_number().map(|number| number.to_string()))?;
    match text.as_str() {
        "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
        _ => None,
    }
}
