//! Operators, and what it means that two nodes are equal.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::EvalError;
use super::ast::{Expr, Operator};
use super::decimal::Decimal;
use super::eval::{Nodes, Result, Scope, one};
use super::node::{Item, Node};
use super::time::parse_time;

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
            ordered(operator, left, right)?
        }
        _ => return arithmetic(operator, &left, &right),
    };
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
pub(super) fn distinct(nodes: Nodes<'_>) -> Result<Nodes<'_>> {
    /// Comparing each with each stays cheap up to here.
    const MOST: usize = 4096;
    if nodes.len() > MOST {
        return Err(EvalError::TooLarge);
    }
    let mut kept: Nodes<'_> = Vec::with_capacity(nodes.len());
    for node in nodes {
        if !kept.iter().any(|other| equal(other, &node)) {
            kept.push(node);
        }
    }
    Ok(kept)
}

/// `None` where two times cannot be told apart at the precision they have.
fn ordered(operator: Operator, left: &Node<'_>, right: &Node<'_>) -> Result<Option<bool>> {
    let order = match (left.as_number(), right.as_number(), left.as_str(), right.as_str()) {
        (Some(left), Some(right), ..) => left.partial_cmp(&right),
        (.., Some(left), Some(right)) => match (parse_time(left), parse_time(right)) {
            (Some(left), Some(right)) if left == right => Some(Ordering::Equal),
            (Some(left), Some(right)) if left.end < right.start => Some(Ordering::Less),
            (Some(left), Some(right)) if left.start > right.end => Some(Ordering::Greater),
            (Some(_), Some(_)) => None,
            _ => Some(left.cmp(right)),
        },
        _ => match quantities(left, right) {
            Some((left, right)) => left.partial_cmp(&right),
            None if matches!(left.item, Item::NoValue) || matches!(right.item, Item::NoValue) => None,
            None => return Err(EvalError::WrongType),
        },
    };
    Ok(order.map(|order| match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

/// The values of two quantities in one unit.
fn quantities(left: &Node<'_>, right: &Node<'_>) -> Option<(Decimal, Decimal)> {
    let (left, right) = (left.json()?, right.json()?);
    if left.get("system") != right.get("system") || left.get("code") != right.get("code") {
        return None;
    }
    let number = |value: &Value| Decimal::parse(value.get("value")?.as_number()?.as_str());
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
