//! Walking an expression over a resource.

use std::borrow::Cow;

use serde_json::Value;

use super::ast::{Expr, TypeTest};
use super::decimal::Decimal;
use super::functions;
use super::node::Node;
use super::operators;
use super::types::is_a;
use super::{EvalError, Model};

pub(super) type Nodes<'a> = Vec<Node<'a>>;
pub(super) type Result<T> = std::result::Result<T, EvalError>;

/// The most nodes that one step may lead to.
pub(super) const MOST: usize = 1 << 20;

pub(super) fn evaluate<'a>(
    expr: &'a Expr,
    resource: &'a Value,
    focus: Node<'a>,
    model: &'a dyn Model,
) -> Result<Nodes<'a>> {
    Scope { resource, model, focus: &[focus], index: 0 }.eval(expr)
}

/// What an expression is evaluated against.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    pub(super) resource: &'a Value,
    pub(super) model: &'a dyn Model,
    pub(super) focus: &'s [Node<'a>],
    pub(super) index: usize,
}

impl<'a> Scope<'_, 'a> {
    /// The same resource, with another focus.
    pub(super) const fn on<'t>(&self, focus: &'t [Node<'a>], index: usize) -> Scope<'t, 'a> {
        Scope { resource: self.resource, model: self.model, focus, index }
    }

    pub(super) fn eval(&self, expr: &'a Expr) -> Result<Nodes<'a>> {
        let found = match expr {
            Expr::Focus => self.focus.to_vec(),
            Expr::Index => vec![Node::number(Decimal::integer(i64::try_from(self.index).unwrap_or(i64::MAX)))],
            Expr::Resource => vec![Node::resource(self.resource)],
            Expr::Start(name) => self.start(name),
            Expr::Member(of, name) => self.members(&self.eval(of)?, name),
            Expr::At(of, index) => {
                let found = self.eval(of)?;
                let index = one(&self.eval(index)?)?.and_then(Node::as_number);
                let at = index.and_then(Decimal::to_integer).and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| found.into_iter().nth(at)).into_iter().collect()
            }
            Expr::Call(of, function, arguments) => functions::call(self, &self.eval(of)?, *function, arguments)?,
            Expr::Type(of, TypeTest::As, name) => {
                let mut found = self.eval(of)?;
                found.retain(|node| node.is_a(name));
                found
            }
            Expr::Type(of, TypeTest::Is, name) => {
                one(&self.eval(of)?)?.map(|node| Node::bool(node.is_a(name))).into_iter().collect()
            }
            Expr::Union(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    found.append(&mut self.eval(part)?);
                }
                operators::distinct(found)?
            }
            Expr::Binary(operator, sides) => operators::binary(self, *operator, &sides.0, &sides.1)?,
            Expr::Negative(of) => match one(&self.eval(of)?)? {
                Some(node) => vec![Node::number(node.as_number().ok_or(EvalError::WrongType)?.negated())],
                None => Vec::new(),
            },
            Expr::Text(text) => vec![Node::text(Cow::Borrowed(text))],
            Expr::Number(number) => vec![Node::number(*number)],
            Expr::Bool(value) => vec![Node::bool(*value)],
            Expr::Empty => Vec::new(),
        };
        if found.len() > MOST { Err(EvalError::TooLarge) } else { Ok(found) }
    }

    /// A condition's answer: nothing and a false both say no; a single value that is no boolean says yes.
    pub(super) fn holds(&self, expr: &'a Expr) -> Result<bool> {
        Ok(operators::truth(&self.eval(expr)?)? == Some(true))
    }

    /// A type's name keeps what has that type; any other name is an element.
    fn start(&self, name: &str) -> Nodes<'a> {
        if name.starts_with(char::is_uppercase) {
            return self.focus.iter().filter(|node| node.kind.is_some_and(|kind| is_a(kind, name))).cloned().collect();
        }
        self.members(self.focus, name)
    }

    fn members(&self, of: &[Node<'a>], name: &str) -> Nodes<'a> {
        let mut found = Vec::new();
        for node in of {
            node.member(name, self.model, &mut found);
        }
        found
    }
}

/// The one node there is, or none.
pub(super) fn one<'n, 'a>(nodes: &'n [Node<'a>]) -> Result<Option<&'n Node<'a>>> {
    match nodes {
        [] => Ok(None),
        [node] => Ok(Some(node)),
        _ => Err(EvalError::NotSingle),
    }
}
