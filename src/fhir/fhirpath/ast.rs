//! The parsed expression.

use std::collections::BTreeSet;

use super::decimal::Decimal;
use super::functions::Function;
use super::pattern::Pattern;
use super::types::is_a;

/// An expression. Names are boxed strings: all of a type's search parameters together take a few kilobytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    /// What the expression is applied to: `$this`, or nothing written.
    Focus,
    /// `$index`.
    Index,
    /// `%resource`, `%rootResource`, `%context`.
    Variable(Variable),
    /// What does not depend on the item that a function is at: found once for each evaluation, in this place.
    Fixed(usize, Box<Self>),
    /// A name at the start of a path: a type that the focus has, or an element of it.
    Start(Box<str>),
    Member(Box<Self>, Box<str>),
    At(Box<Self>, Box<Self>),
    Call(Box<Self>, Function, Box<[Self]>),
    /// A function that takes a type: `is`, `as`, `ofType`, also written as operators.
    Type(Box<Self>, TypeTest, Box<str>),
    /// `matches`.
    Matches(Box<Self>, Pattern),
    /// `replaceMatches`, with what takes the place of each match.
    ReplaceMatches(Box<Self>, Pattern, Box<Self>),
    Union(Box<[Self]>),
    Binary(Operator, Box<(Self, Self)>),
    Negative(Box<Self>),
    Text(Box<str>),
    /// A date or time literal, without its `@`.
    Time(Box<str>),
    Number(Decimal),
    Bool(bool),
    /// `{}`.
    Empty,
}

/// What an expression can name besides its focus (fhirpath.html#variables).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    /// The resource that the context is in.
    Resource,
    /// That, or what contains it.
    Root,
    /// Where the evaluation began.
    Context,
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
                Some(name) if is_type(name) && !is_a(kind, name) => None,
                _ => Some(other),
            },
        }
    }

    fn start(&self) -> Option<&str> {
        match self {
            Self::Start(name) => Some(name),
            Self::Member(of, _)
            | Self::At(of, _)
            | Self::Call(of, ..)
            | Self::Type(of, ..)
            | Self::Matches(of, _)
            | Self::ReplaceMatches(of, ..) => of.start(),
            Self::Binary(_, sides) => sides.0.start(),
            _ => None,
        }
    }

    /// Adds the names of the resource's own elements that this reads of it: `false` where it may read any. A choice stands by
    /// its name without a type.
    pub(super) fn elements(&self, into: &mut BTreeSet<Box<str>>) -> bool {
        match self {
            Self::Start(name) if !is_type(name) => {
                into.insert(name.clone());
                true
            }
            Self::Member(of, name) if matches!(&**of, Self::Start(start) if is_type(start)) => {
                into.insert(name.clone());
                true
            }
            Self::Call(of, function, arguments) if function.is_loop() => {
                // What stands in a loop is about the loop's own items.
                of.elements(into) && arguments.iter().all(|argument| argument.stays_within(into))
            }
            Self::Text(_) | Self::Time(_) | Self::Number(_) | Self::Bool(_) | Self::Empty => true,
            Self::Start(_) | Self::Focus | Self::Index | Self::Variable(_) => false,
            _ => self.parts(into, &mut |part, into| part.elements(into)),
        }
    }

    /// Whether this, asked of one item after another, reads nothing but these, and the type of what they refer to.
    fn stays_within(&self, into: &mut BTreeSet<Box<str>>) -> bool {
        matches!(self, Self::Start(_) | Self::Focus | Self::Index)
            || !matches!(self, Self::Variable(_)) && self.parts(into, &mut |part, into| part.stays_within(into))
    }

    /// Whether `holds` of all parts that this is made of. What a reference leads to may be the resource itself, so that only its
    /// type is asked for; it may be contained.
    fn parts(
        &self,
        into: &mut BTreeSet<Box<str>>,
        holds: &mut dyn FnMut(&Self, &mut BTreeSet<Box<str>>) -> bool,
    ) -> bool {
        match self {
            Self::Type(of, TypeTest::Is, _) if matches!(&**of, Self::Call(_, Function::Resolve, _)) => {
                into.insert("contained".into());
                matches!(&**of, Self::Call(of, ..) if holds(of, into))
            }
            Self::Call(_, Function::Resolve, _) | Self::Fixed(..) => false,
            Self::Member(of, _) | Self::Type(of, ..) | Self::Matches(of, _) | Self::Negative(of) => holds(of, into),
            Self::At(of, other) | Self::ReplaceMatches(of, _, other) => holds(of, into) && holds(other, into),
            Self::Call(of, _, arguments) => holds(of, into) && arguments.iter().all(|argument| holds(argument, into)),
            Self::Union(parts) => parts.iter().all(|part| holds(part, into)),
            Self::Binary(_, sides) => holds(&sides.0, into) && holds(&sides.1, into),
            Self::Focus | Self::Index | Self::Variable(_) | Self::Start(_) => false,
            Self::Text(_) | Self::Time(_) | Self::Number(_) | Self::Bool(_) | Self::Empty => true,
        }
    }

    /// Gives each largest part that names a variable, and that a function evaluates for one item after another, a place
    /// where its result is kept. Returns how many places there are.
    pub(super) fn fix(&mut self) -> usize {
        let mut places = 0;
        self.fix_within(Looped::No, &mut places);
        places
    }

    fn fix_within(&mut self, looped: Looped, places: &mut usize) {
        if looped == Looped::Yes && !matches!(self, Self::Variable(_)) && self.names_variable() && self.is_fixed() {
            let inner = std::mem::replace(self, Self::Empty);
            *self = Self::Fixed(*places, Box::new(inner));
            *places += 1;
            return;
        }
        match self {
            Self::Member(of, _) | Self::Type(of, ..) | Self::Matches(of, _) | Self::Negative(of) => {
                of.fix_within(looped, places);
            }
            Self::At(of, other) | Self::ReplaceMatches(of, _, other) => {
                of.fix_within(looped, places);
                other.fix_within(looped, places);
            }
            Self::Call(of, function, arguments) => {
                of.fix_within(looped, places);
                let within = if function.is_loop() { Looped::Yes } else { looped };
                arguments.iter_mut().for_each(|argument| argument.fix_within(within, places));
            }
            Self::Union(parts) => parts.iter_mut().for_each(|part| part.fix_within(looped, places)),
            Self::Binary(_, sides) => {
                sides.0.fix_within(looped, places);
                sides.1.fix_within(looped, places);
            }
            _ => {}
        }
    }

    fn names_variable(&self) -> bool {
        match self {
            Self::Variable(_) => true,
            Self::Member(of, _) | Self::At(of, _) | Self::Call(of, ..) | Self::Type(of, ..) => of.names_variable(),
            _ => false,
        }
    }

    /// Whether the result is the same whatever the focus.
    fn is_fixed(&self) -> bool {
        match self {
            Self::Variable(_) | Self::Text(_) | Self::Number(_) | Self::Bool(_) | Self::Empty => true,
            Self::Member(of, _) | Self::Type(of, ..) => of.is_fixed(),
            Self::At(of, index) => of.is_fixed() && index.is_fixed(),
            // What stands in a loop is about the loop's own items.
            Self::Call(of, function, arguments) => {
                of.is_fixed() && (function.is_loop() || arguments.iter().all(Self::is_fixed))
            }
            _ => false,
        }
    }
}

/// Whether a name at the start of a path is a type's.
pub(super) fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Looped {
    Yes,
    No,
}
