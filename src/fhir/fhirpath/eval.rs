//! Walking an expression over a resource.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use super::ast::{Expr, TypeTest, Variable, is_type};
use super::decimal::Decimal;
use super::functions;
use super::node::Node;
use super::operators;
use super::{Budget, EvalError, Model, Setting};

pub(super) type Nodes<'a> = Vec<Node<'a>>;
pub(super) type Result<T> = std::result::Result<T, EvalError>;

/// The most nodes that one step may lead to.
pub(super) const MOST: usize = 1 << 20;

/// What holds for a whole evaluation.
pub(super) struct Env<'e, 'a> {
    budget: &'e Budget,
    pub(super) setting: Setting<'a>,
    pub(super) context: Node<'a>,
    /// Results of [`Expr::Fixed`], by place.
    fixed: RefCell<Vec<Option<Nodes<'a>>>>,
    /// Whether something could not be told from what there is: see [`Verdict::Undecided`].
    pub(super) undecided: Cell<bool>,
}

pub(super) fn evaluate<'a>(
    expr: &'a Expr,
    places: usize,
    setting: Setting<'a>,
    context: Node<'a>,
    budget: &Budget,
) -> Result<(Nodes<'a>, bool)> {
    let env = Env { budget, setting, context, fixed: RefCell::new(vec![None; places]), undecided: Cell::new(false) };
    let found = Scope { env: &env, focus: std::slice::from_ref(&env.context), index: 0 }.eval(expr)?;
    Ok((found, env.undecided.get()))
}

/// What an expression is evaluated against.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    pub(super) env: &'s Env<'s, 'a>,
    pub(super) focus: &'s [Node<'a>],
    pub(super) index: usize,
}

impl<'s, 'a> Scope<'s, 'a> {
    /// The same evaluation, with another focus.
    pub(super) const fn on<'t>(&self, focus: &'t [Node<'a>], index: usize) -> Scope<'t, 'a>
    where
        's: 't,
    {
        Scope { env: self.env, focus, index }
    }

    /// Takes this many steps off what may still be done.
    pub(super) fn step(&self, count: usize) -> Result<()> {
        self.env.budget.take(count)
    }

    pub(super) fn model(&self) -> &'a dyn Model {
        self.env.setting.model
    }

    pub(super) fn undecided(&self) {
        self.env.undecided.set(true);
    }

    pub(super) fn eval(&self, expr: &'a Expr) -> Result<Nodes<'a>> {
        let found = match expr {
            Expr::Focus => self.focus.to_vec(),
            Expr::Index => vec![Node::number(Decimal::integer(i64::try_from(self.index).unwrap_or(i64::MAX)))],
            Expr::Variable(Variable::Resource) => vec![Node::resource(self.env.setting.resource)],
            Expr::Variable(Variable::Root) => vec![Node::resource(self.env.setting.root)],
            Expr::Variable(Variable::Context) => vec![self.env.context.clone()],
            Expr::Fixed(place, inner) => self.fixed(*place, inner)?,
            Expr::Start(name) => self.start(name),
            Expr::Member(of, name) => match &**of {
                Expr::Start(kind) if is_type(kind) => {
                    self.step(1)?;
                    self.members(self.focus.iter().filter(|node| node.has_type(kind)), name)
                }
                of => self.members(self.eval(of)?.iter(), name),
            },
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
                let found = self.eval(of)?;
                if found.is_empty() {
                    self.undecided();
                }
                one(&found)?.map(|node| Node::bool(node.is_a(name))).into_iter().collect()
            }
            Expr::Matches(of, pattern) => match one(&self.eval(of)?)? {
                Some(node) => vec![Node::bool(pattern.is_match(node.as_str().ok_or(EvalError::WrongType)?))],
                None => Vec::new(),
            },
            Expr::ReplaceMatches(of, pattern, with) => functions::replace_matches(self, of, pattern, with)?,
            Expr::Union(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    found.append(&mut self.eval(part)?);
                }
                operators::distinct(found)
            }
            Expr::Binary(operator, sides) => operators::binary(self, *operator, &sides.0, &sides.1)?,
            Expr::Negative(of) => match one(&self.eval(of)?)? {
                Some(node) => vec![Node::number(node.as_number().ok_or(EvalError::WrongType)?.negated())],
                None => Vec::new(),
            },
            Expr::Text(text) => vec![Node::text(Cow::Borrowed(text))],
            Expr::Time(text) => vec![Node::time(text)],
            Expr::Number(number) => vec![Node::number(*number)],
            Expr::Bool(value) => vec![Node::bool(*value)],
            Expr::Empty => Vec::new(),
        };
        self.step(1 + found.len())?;
        if found.len() > MOST { Err(EvalError::TooLarge) } else { Ok(found) }
    }

    fn fixed(&self, place: usize, inner: &'a Expr) -> Result<Nodes<'a>> {
        let known = self.env.fixed.borrow().get(place).cloned().flatten();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.eval(inner)?;
        if let Some(slot) = self.env.fixed.borrow_mut().get_mut(place) {
            *slot = Some(found.clone());
        }
        Ok(found)
    }

    /// A condition's answer: nothing and a false both say no; a single value that is no boolean says yes.
    pub(super) fn holds(&self, expr: &'a Expr) -> Result<bool> {
        Ok(operators::truth(&self.eval(expr)?)? == Some(true))
    }

    /// A type's name keeps what has that type; any other name is an element.
    fn start(&self, name: &str) -> Nodes<'a> {
        if is_type(name) {
            return self.focus.iter().filter(|node| node.has_type(name)).cloned().collect();
        }
        self.members(self.focus.iter(), name)
    }

    fn members<'n>(&self, of: impl Iterator<Item = &'n Node<'a>>, name: &str) -> Nodes<'a>
    where
        'a: 'n,
    {
        let mut found = Vec::new();
        for node in of {
            node.member(name, self.model(), &mut found);
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
