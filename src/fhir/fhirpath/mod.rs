//! FHIRPath (Normative Release 1, with FHIR R4's own functions) over JSON as it stands: a [`Path`] is parsed once and
//! evaluated without copying the resource. It must never panic, whatever the text or the resource.
//!
//! All expressions of R4's search parameters are understood, and its invariants but for regular expressions
//! (`matches`, `replaceMatches`) and `htmlChecks`. Not understood: quantity and time literals, `repeat`,
//! `aggregate`, `memberOf`, `conformsTo`, and whatever needs a clock (`now`). Such a path is refused when it is
//! parsed, never later.
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
mod time;
mod types;

use serde_json::Value;

pub use decimal::Decimal;
pub use node::{Item, Node};
pub use time::{TimeRange, parse_time};
pub use types::{choice_type, is_a};

use ast::Expr;

/// A compiled expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Path(Expr);

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
}

/// Which type an element has: the definitions, as far as paths need them.
pub trait Model {
    /// The type of the element `name` in the type `parent`: a datatype's name, or for an element with
    /// children of its own its path (`Patient.contact`), which is then the `parent` of these. `name` is
    /// without `[x]`; choice elements are not asked for.
    fn child(&self, parent: &str, name: &str) -> Option<&str>;
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
        parser::parse(text).map(Self)
    }

    /// As [`Path::parse`], keeping of a union only what begins in the type `kind`: search parameters that
    /// several types share list all their paths in one expression. `None` when nothing is left.
    pub fn parse_for(text: &str, kind: &str) -> Result<Option<Self>, PathError> {
        Ok(parser::parse(text)?.only_for(kind).map(Self))
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
        eval::evaluate(&self.0, resource, focus, model)
    }
}

#[cfg(test)]
mod tests;
