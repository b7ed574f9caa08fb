//! FHIRPath (Normative Release 1, with FHIR R4's own functions) over JSON as it stands: a [`Path`] is parsed once and
//! evaluated without copying the resource. It must never panic, whatever the text or the resource.
//!
//! All expressions of R4's search parameters and invariants are understood. Not understood: quantity literals,
//! `aggregate`, `conformsTo`, regular expressions that do not stand in the expression, and whatever needs a clock
//! (`now`). Such a path is refused when it is parsed, never later.
//!
//! The work is bounded: an expression by its length and depth, an evaluation by a [`Budget`] of steps, and a regular
//! expression takes time linear in the text.
//!
//! Types: a choice element knows its type by its name (`valueQuantity`), a resource by `resourceType`, and
//! every other element by the [`Model`], where there is one.

mod ast;
mod decimal;
mod eval;
mod functions;
mod lexer;
mod model;
mod node;
mod operators;
mod parser;
mod pattern;
mod time;
mod types;

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::Value;

pub use decimal::Decimal;
pub use node::{Item, Node};
pub use time::{TimeRange, parse_time};
pub use types::{choice_type, is_a};

use ast::Expr;

/// A compiled expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    expr: Expr,
    /// How many of its parts are evaluated once and kept.
    places: usize,
}

/// Why a text is no path that is understood here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    #[error("the expression is not FHIRPath: {what}, at character {at}")]
    Syntax { what: &'static str, at: usize },
    #[error("the expression uses “{0}”, which is not supported")]
    Unsupported(String),
    #[error("the expression is too long or nested too deeply")]
    TooDeep,
}

/// Why an expression has no result for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    #[error("one value was expected, and there are several")]
    NotSingle,
    #[error("the operation does not apply to values of this type")]
    WrongType,
    #[error("the result is too large")]
    TooLarge,
    #[error("it takes more steps than it may")]
    TooCostly,
}

/// How much may still be done: a step is one part of an expression evaluated, or one value that it led to.
#[derive(Debug)]
pub struct Budget(Cell<usize>);

impl Budget {
    pub const fn steps(count: usize) -> Self {
        Self(Cell::new(count))
    }

    pub const fn left(&self) -> usize {
        self.0.get()
    }

    fn take(&self, count: usize) -> Result<(), EvalError> {
        let left = self.0.get().checked_sub(count);
        self.0.set(left.unwrap_or(0));
        left.map(drop).ok_or(EvalError::TooCostly)
    }
}

/// Steps for a single expression on a resource; those of the standard take some ten on most.
const STEPS: usize = 4_000_000;

/// What an expression can reach besides its focus.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// `%resource`: the resource that the focus is in.
    pub resource: &'a Value,
    /// `%rootResource`: the same, or what contains it.
    pub root: &'a Value,
    pub model: &'a dyn Model,
}

/// Whether a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Broken,
    /// It has no answer, since it compares what cannot be compared (times of unlike precision, amounts in different
    /// units), or asks something of what is not there.
    Undecided,
}

/// Which type an element has: the definitions, as far as paths need them.
pub trait Model {
    /// The type of the element `name` in the type `parent`: a datatype's name, or for an element with
    /// children of its own its path (`Patient.contact`), which is then the `parent` of these. `name` is
    /// without `[x]`; choice elements are not asked for.
    fn child(&self, parent: &str, name: &str) -> Option<&str>;

    /// Whether the element `name` of `parent` has its type in its name in JSON (`value` in `valueQuantity`), as far as
    /// that is known: `responseCode` is not a `response`.
    fn is_choice(&self, _parent: &str, _name: &str) -> bool {
        true
    }

    /// Whether a value set has this code; `None` where that is not known.
    fn member_of(&self, _value_set: &str, _system: Option<&str>, _code: &str) -> Option<bool> {
        None
    }
}

/// No definitions: only choice elements and resources know their types.
pub struct Untyped;

impl Model for Untyped {
    fn child(&self, _: &str, _: &str) -> Option<&str> {
        None
    }
}

impl Path {
    /// Parses an expression of at most 16 KiB.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        parser::parse(text).map(Self::of)
    }

    /// As [`Path::parse`], keeping of a union only what begins in the type `kind`: search parameters that
    /// several types share list all their paths in one expression. `None` when nothing is left.
    pub fn parse_for(text: &str, kind: &str) -> Result<Option<Self>, PathError> {
        Ok(parser::parse(text)?.only_for(kind).map(Self::of))
    }

    fn of(mut expr: Expr) -> Self {
        let places = expr.fix();
        Self { expr, places }
    }

    /// The resource's own elements that it reads, a choice by its name without a type; `None` where it may read any. Asked of
    /// a resource with no others it has the same result.
    pub fn elements(&self) -> Option<BTreeSet<Box<str>>> {
        let mut found = BTreeSet::new();
        self.expr.elements(&mut found).then_some(found)
    }

    /// The values at this path in a resource.
    pub fn evaluate<'a>(&'a self, resource: &'a Value, model: &'a dyn Model) -> Result<Vec<Node<'a>>, EvalError> {
        self.evaluate_at(resource, Node::resource(resource), model)
    }

    /// The values at this path from `focus`, a node in `resource`.
    pub fn evaluate_at<'a>(
        &'a self,
        resource: &'a Value,
        focus: Node<'a>,
        model: &'a dyn Model,
    ) -> Result<Vec<Node<'a>>, EvalError> {
        let setting = Setting { resource, root: resource, model };
        Ok(eval::evaluate(&self.expr, self.places, setting, focus, &Budget::steps(STEPS))?.0)
    }

    /// Whether a rule holds for `context` (conformance-rules.html#constraints: it must say true).
    pub fn verdict<'a>(
        &'a self,
        context: Node<'a>,
        setting: Setting<'a>,
        budget: &Budget,
    ) -> Result<Verdict, EvalError> {
        let (found, undecided) = eval::evaluate(&self.expr, self.places, setting, context, budget)?;
        Ok(match operators::truth(&found)? {
            Some(true) => Verdict::Holds,
            None if undecided => Verdict::Undecided,
            _ => Verdict::Broken,
        })
    }
}

#[cfg(test)]
mod tests;
