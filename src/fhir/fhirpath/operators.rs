//! Operators, and what it means that two nodes are equal.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use serde_json::{Map, Value};

use super::EvalError;
use super::ast::{Expr, Operator};
use super::decimal::Decimal;
use super::eval::{Nodes, Result, Scope, one};
use super::node::{Item, Node};
use super::time::{TimeRange, parse_time};

pub(super) fn binary<'a>(
    scope: &Scope<'_, 'a>,
    operator: Operator,
    left: &'a Expr,
    right: &'a Expr,
) -> Result<Nodes<'a>> {
    if let Operator::And | Operator::Or | Operator::Xor | Operator::Implies = operator {
        return Ok(logic(scope, operator, left, right)?.map(Node::bool).into_iter().collect());
    }
    let (left, right) = (scope.eval(left)?, scope.eval(right)?);
    let answer = match operator {
        Operator::Equal => all_equal(&left, &right),
        Operator::NotEqual => all_equal(&left, &right).map(|same| !same),
        Operator::Equivalent => Some(all_equivalent(&left, &right)),
        Operator::NotEquivalent => Some(!all_equivalent(&left, &right)),
        Operator::In => one(&left)?.map(|node| right.iter().any(|other| equal(node, other))),
        Operator::Contains => one(&right)?.map(|node| left.iter().any(|other| equal(node, other))),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let (Some(left), Some(right)) = (one(&left)?, one(&right)?) else { return Ok(Vec::new()) };
            let answer = ordered(operator, left, right)?;
            if answer.is_none() {
                scope.undecided();
            }
            answer
        }
        _ => return arithmetic(operator, &left, &right),
    };
    // Comparing each with each is work, too.
    scope.step(if operator == Operator::Equivalent || operator == Operator::NotEquivalent {
        left.len().saturating_mul(right.len())
    } else {
        left.len().saturating_add(right.len())
    })?;
    Ok(answer.map(Node::bool).into_iter().collect())
}

/// What a collection says as a condition: nothing, a boolean, or true for any other single value.
pub(super) fn truth(nodes: &[Node<'_>]) -> Result<Option<bool>> {
    Ok(one(nodes)?.map(|node| node.as_bool().unwrap_or(true)))
}

/// Three-valued logic (FHIRPath N1, §6.5).
fn logic<'a>(scope: &Scope<'_, 'a>, operator: Operator, left: &'a Expr, right: &'a Expr) -> Result<Option<bool>> {
    let left = truth(&scope.eval(left)?)?;
    // The right side is not looked at where the left decides.
    match (operator, left) {
        (Operator::And, Some(false)) => return Ok(Some(false)),
        (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => return Ok(Some(true)),
        _ => {}
    }
    let right = truth(&scope.eval(right)?)?;
    Ok(match (operator, left, right) {
        (Operator::And, Some(true), right) => right,
        (Operator::And, None, Some(false)) => Some(false),
        (Operator::Or, Some(false), right) => right,
        (Operator::Or | Operator::Implies, None, Some(true)) => Some(true),
        (Operator::Implies, Some(true), right) => right,
        (Operator::Xor, Some(left), Some(right)) => Some(left != right),
        _ => None,
    })
}

fn all_equal(left: &[Node<'_>], right: &[Node<'_>]) -> Option<bool> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    Some(left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right)))
}

/// Equal by value, whatever the order; text without regard to case and spaces.
fn all_equivalent(left: &[Node<'_>], right: &[Node<'_>]) -> bool {
    left.len() == right.len() && left.iter().all(|node| right.iter().any(|other| equivalent(node, other)))
}

fn equivalent(left: &Node<'_>, right: &Node<'_>) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => {
            let words = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            words(left) == words(right)
        }
        _ => equal(left, right),
    }
}

/// Equal by value: numbers as numbers, objects whatever the order of their members.
pub(super) fn equal(left: &Node<'_>, right: &Node<'_>) -> bool {
    if let (Some(left), Some(right)) = (left.as_bool(), right.as_bool()) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (left.as_number(), right.as_number()) {
        return left == right;
    }
    match (left.json(), right.json()) {
        (Some(left), Some(right)) => same_json(left, right),
        _ => match (&left.item, &right.item) {
            (Item::NoValue, Item::NoValue) => left.extra == right.extra,
            _ => false,
        },
    }
}

fn same_json(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            match (Decimal::parse(left.as_str()), Decimal::parse(right.as_str())) {
                (Some(left), Some(right)) => left == right,
                _ => left == right,
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_json(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same_json(value, other)))
        }
        _ => left == right,
    }
}

/// Each value once, in the order first met.
pub(super) fn distinct(nodes: Nodes<'_>) -> Nodes<'_> {
    if nodes.len() < 2 {
        return nodes;
    }
    let mut known = Known::default();
    nodes.into_iter().filter(|node| known.insert(node)).collect()
}

/// Whether each value stands there once.
pub(super) fn is_distinct(nodes: &[Node<'_>]) -> bool {
    let mut known = Known::default();
    nodes.iter().all(|node| known.insert(node))
}

/// Steps for finding a value's hash, beside that of leading to it.
pub(super) const HASHED: usize = 4;

/// Values by their hash: looking one up takes as long as the value is large, however many there are.
#[derive(Default)]
pub(super) struct Known<'a> {
    state: RandomState,
    by_hash: HashMap<u64, Vec<Node<'a>>>,
}

impl<'a> Known<'a> {
    pub(super) fn of(nodes: &[Node<'a>]) -> Self {
        let mut known = Self::default();
        for node in nodes {
            known.insert(node);
        }
        known
    }

    /// False where it was there already.
    pub(super) fn insert(&mut self, node: &Node<'a>) -> bool {
        let same = self.by_hash.entry(hash(&self.state, node)).or_default();
        let new = !same.iter().any(|other| equal(other, node));
        if new {
            same.push(node.clone());
        }
        new
    }

    pub(super) fn contains(&self, node: &Node<'_>) -> bool {
        let same = self.by_hash.get(&hash(&self.state, node));
        same.is_some_and(|same| same.iter().any(|other| equal(other, node)))
    }
}

/// Equal for what [`equal`] calls equal.
fn hash(state: &RandomState, node: &Node<'_>) -> u64 {
    match (node.as_bool(), node.as_str(), node.as_number()) {
        (Some(value), ..) => state.hash_one((1, value)),
        (_, Some(text), _) => state.hash_one((2, text)),
        (.., Some(number)) => state.hash_one((3, number.to_f64().to_bits())),
        _ => node.json().or(node.extra).map_or(0, |value| hash_json(state, value)),
    }
}

fn hash_json(state: &RandomState, value: &Value) -> u64 {
    match value {
        Value::Null => state.hash_one(0),
        Value::Bool(value) => state.hash_one((1, value)),
        Value::String(text) => state.hash_one((2, text.as_str())),
        Value::Number(number) => match Decimal::parse(number.as_str()) {
            Some(number) => state.hash_one((3, number.to_f64().to_bits())),
            None => state.hash_one((4, number.as_str())),
        },
        Value::Array(items) => items.iter().fold(5, |so_far, item| state.hash_one((so_far, hash_json(state, item)))),
        // The order of members means nothing.
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| state.hash_one((key.as_str(), hash_json(state, value))))
            .fold(6, u64::wrapping_add),
    }
}

/// `None` where two times cannot be told apart at the precision they have.
fn ordered(operator: Operator, left: &Node<'_>, right: &Node<'_>) -> Result<Option<bool>> {
    let order = match (left.as_number(), right.as_number(), left.as_str(), right.as_str()) {
        (Some(left), Some(right), ..) => left.partial_cmp(&right),
        (.., Some(left), Some(right)) => match (parse_time(left), parse_time(right)) {
            (Some(one), Some(other)) => time_order(zoned(left, right, one), zoned(right, left, other)),
            _ => Some(left.cmp(right)),
        },
        _ => match (left.json(), right.json()) {
            (Some(Value::Object(left)), Some(Value::Object(right))) => {
                quantities(left, right).and_then(|(left, right)| left.partial_cmp(&right))
            }
            _ if matches!(left.item, Item::NoValue) || matches!(right.item, Item::NoValue) => None,
            _ => return Err(EvalError::WrongType),
        },
    };
    Ok(order.map(|order| match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn time_order(left: TimeRange, right: TimeRange) -> Option<Ordering> {
    if left == right {
        Some(Ordering::Equal)
    } else if left.end < right.start {
        Some(Ordering::Less)
    } else {
        (left.start > right.end).then_some(Ordering::Greater)
    }
}

/// What a date can mean beside a time: days begin up to 14 hours before and 12 after UTC's.
fn zoned(text: &str, other: &str, range: TimeRange) -> TimeRange {
    const HOUR: i64 = 3_600_000;
    if text.contains('T') || !other.contains('T') {
        return range;
    }
    TimeRange { start: range.start.saturating_sub(14 * HOUR), end: range.end.saturating_add(12 * HOUR) }
}

/// The values of two quantities in one unit.
fn quantities(left: &Map<String, Value>, right: &Map<String, Value>) -> Option<(Decimal, Decimal)> {
    if left.get("system") != right.get("system") || left.get("code") != right.get("code") {
        return None;
    }
    if !left.contains_key("code") && left.get("unit") != right.get("unit") {
        return None;
    }
    let number = |value: &Map<String, Value>| Decimal::parse(value.get("value")?.as_number()?.as_str());
    Some((number(left)?, number(right)?))
}

fn arithmetic<'a>(operator: Operator, left: &[Node<'a>], right: &[Node<'a>]) -> Result<Nodes<'a>> {
    let (left, right) = (one(left)?, one(right)?);
    if operator == Operator::Concat {
        let text = |node: Option<&Node<'a>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
        return Ok(vec![Node::text(Cow::Owned(text(left) + &text(right)))]);
    }
    let (Some(left), Some(right)) = (left, right) else { return Ok(Vec::new()) };
    if let (Operator::Plus, Some(left), Some(right)) = (operator, left.as_str(), right.as_str()) {
        return Ok(vec![Node::text(Cow::Owned(format!("{left}{right}")))]);
    }
    let (Some(left), Some(right)) = (left.as_number(), right.as_number()) else { return Err(EvalError::WrongType) };
    let result = match operator {
        Operator::Times => left.checked_mul(right),
        Operator::Plus => left.checked_add(right),
        Operator::Minus => left.checked_sub(right),
        Operator::DividedBy => left.checked_div(right),
        Operator::Div => left.div_rem(right).map(|(whole, _)| whole),
        _ => left.div_rem(right).map(|(_, rest)| rest),
    };
    Ok(result.map(Node::number).into_iter().collect())
}
