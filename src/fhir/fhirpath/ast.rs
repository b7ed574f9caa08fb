//! The parsed expression.

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
                Some(name) if name.starts_with(char::is_uppercase) && !is_a(kind, name) => None,
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Looped {
    Yes,
    No,
}
