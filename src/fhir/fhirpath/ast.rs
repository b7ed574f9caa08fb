//! The parsed expression.

use super::decimal::Decimal;
use super::functions::Function;
use super::types::is_a;

/// An expression. Names are boxed strings: all of a type's search parameters together take a few kilobytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    /// What the expression is applied to: `$this`, or nothing written.
    Focus,
    /// `$index`.
    Index,
    /// `%resource`, `%rootResource` and `%context`: the resource.
    Resource,
    /// A name at the start of a path: a type that the focus has, or an element of it.
    Start(Box<str>),
    Member(Box<Self>, Box<str>),
    At(Box<Self>, Box<Self>),
    Call(Box<Self>, Function, Box<[Self]>),
    /// A function that takes a type: `is`, `as`, `ofType`, also written as operators.
    Type(Box<Self>, TypeTest, Box<str>),
    Union(Box<[Self]>),
    Binary(Operator, Box<(Self, Self)>),
    Negative(Box<Self>),
    Text(Box<str>),
    Number(Decimal),
    Bool(bool),
    /// `{}`.
    Empty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeTest {
    Is,
    As,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Times,
    DividedBy,
    Div,
    Mod,
    Plus,
    Minus,
    Concat,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Expr {
    /// Drops from unions what begins in another resource type than `kind`.
    pub(super) fn only_for(self, kind: &str) -> Option<Self> {
        match self {
            Self::Union(parts) => {
                let mut kept: Vec<Self> = parts.into_iter().filter_map(|part| part.only_for(kind)).collect();
                match kept.len() {
                    0 => None,
                    1 => kept.pop(),
                    _ => Some(Self::Union(kept.into())),
                }
            }
            other => match other.start() {
                Some(name) if name.starts_with(char::is_uppercase) && !is_a(kind, name) => None,
                _ => Some(other),
            },
        }
    }

    fn start(&self) -> Option<&str> {
        match self {
            Self::Start(name) => Some(name),
            Self::Member(of, _) | Self::At(of, _) | Self::Call(of, ..) | Self::Type(of, ..) => of.start(),
            Self::Binary(_, sides) => sides.0.start(),
            _ => None,
        }
    }
}
