//! Tokens into an expression, by precedence climbing (FHIRPath N1, §6.1 "Precedence").

use super::PathError;
use super::ast::{Expr, Operator, TypeTest, Variable};
use super::functions::Function;
use super::lexer::{Token, tokens};
use super::pattern::Pattern;

/// The longest text that is parsed, in bytes.
const LONGEST: usize = 16 << 10;
/// The deepest expression: so that neither parsing nor evaluating can exhaust the stack.
const DEEPEST: u16 = 100;

pub(super) fn parse(text: &str) -> Result<Expr, PathError> {
    if text.len() > LONGEST {
        return Err(PathError::TooDeep);
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len(), nesting: 0 };
    let part = parser.expression(0)?;
    if parser.at < tokens.len() { Err(parser.error("something follows the end of it")) } else { Ok(part.expr) }
}

/// An expression and how deep it is.
struct Part {
    expr: Expr,
    depth: u16,
}

impl Part {
    const fn leaf(expr: Expr) -> Self {
        Self { expr, depth: 1 }
    }

    fn over(depth: u16, expr: Expr) -> Result<Self, PathError> {
        if depth < DEEPEST { Ok(Self { expr, depth: depth + 1 }) } else { Err(PathError::TooDeep) }
    }
}

struct Parser<'t> {
    tokens: &'t [(Token, usize)],
    at: usize,
    end: usize,
    nesting: u16,
}

/// How tightly an infix operator binds; more is tighter.
fn binding(token: &Token) -> Option<(u8, Infix)> {
    use Operator::{
        And, Concat, Contains, Div, DividedBy, Equal, Equivalent, Greater, GreaterOrEqual, Implies, In, Less,
        LessOrEqual, Minus, Mod, NotEqual, NotEquivalent, Or, Plus, Times, Xor,
    };
    let word = match token {
        Token::Name(name) => &**name,
        Token::Sign(sign) => sign,
        _ => return None,
    };
    let (power, operator) = match word {
        "*" => (10, Times),
        "/" => (10, DividedBy),
        "div" => (10, Div),
        "mod" => (10, Mod),
        "+" => (9, Plus),
        "-" => (9, Minus),
        "&" => (9, Concat),
        "is" => return Some((8, Infix::Type(TypeTest::Is))),
        "as" => return Some((8, Infix::Type(TypeTest::As))),
        "|" => return Some((7, Infix::Union)),
        "<" => (6, Less),
        "<=" => (6, LessOrEqual),
        ">" => (6, Greater),
        ">=" => (6, GreaterOrEqual),
        "=" => (5, Equal),
        "!=" => (5, NotEqual),
        "~" => (5, Equivalent),
        "!~" => (5, NotEquivalent),
        "in" => (4, In),
        "contains" => (4, Contains),
        "and" => (3, And),
        "or" => (2, Or),
        "xor" => (2, Xor),
        "implies" => (1, Implies),
        _ => return None,
    };
    Some((power, Infix::Binary(operator)))
}

enum Infix {
    Binary(Operator),
    Type(TypeTest),
    Union,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn error(&self, what: &'static str) -> PathError {
        PathError::Syntax { what, at: self.tokens.get(self.at).map_or(self.end, |(_, at)| *at) }
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), PathError> {
        if self.takes(sign) { Ok(()) } else { Err(self.error("a closing bracket is missing")) }
    }

    fn expression(&mut self, least: u8) -> Result<Part, PathError> {
        self.nesting += 1;
        if self.nesting > DEEPEST {
            return Err(PathError::TooDeep);
        }
        let mut left = self.prefixed()?;
        while let Some((power, infix)) = self.peek().and_then(binding) {
            if power <= least {
                break;
            }
            self.at += 1;
            left = match infix {
                Infix::Type(test) => {
                    let name = self.type_name()?;
                    Part::over(left.depth, Expr::Type(Box::new(left.expr), test, name))?
                }
                Infix::Union => {
                    let right = self.expression(power)?;
                    // A longer union is not a deeper one.
                    let (mut parts, depth) = match left.expr {
                        Expr::Union(parts) => (parts.into_vec(), left.depth),
                        one => (vec![one], left.depth + 1),
                    };
                    parts.push(right.expr);
                    let depth = depth.max(right.depth + 1);
                    if depth > DEEPEST {
                        return Err(PathError::TooDeep);
                    }
                    Part { expr: Expr::Union(parts.into()), depth }
                }
                Infix::Binary(operator) => {
                    let right = self.expression(power)?;
                    let depth = left.depth.max(right.depth);
                    Part::over(depth, Expr::Binary(operator, Box::new((left.expr, right.expr))))?
                }
            };
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn prefixed(&mut self) -> Result<Part, PathError> {
        let mut negative = false;
        let mut signed = false;
        loop {
            if self.takes("-") {
                negative = !negative;
            } else if !self.takes("+") {
                break;
            }
            signed = true;
        }
        let part = self.path()?;
        if !signed {
            return Ok(part);
        }
        let Part { expr, depth } = part;
        // `+x` asks for a number as `-x` does.
        let once = Part::over(depth, Expr::Negative(Box::new(expr)))?;
        if negative { Ok(once) } else { Part::over(once.depth, Expr::Negative(Box::new(once.expr))) }
    }

    /// A term and what is called on it.
    fn path(&mut self) -> Result<Part, PathError> {
        let mut part = self.term()?;
        loop {
            if self.takes(".") {
                part = match self.next() {
                    Some(Token::Name(name)) if self.takes("(") => self.call(part, &name)?,
                    Some(Token::Name(name)) => Part::over(part.depth, Expr::Member(Box::new(part.expr), name))?,
                    // `$this` and its kind may be written after a point and mean what they mean at the start.
                    Some(Token::Dollar(name)) if &*name == "this" => part,
                    _ => {
                        self.at -= 1;
                        return Err(self.error("a name is missing after “.”"));
                    }
                };
            } else if self.takes("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                let depth = part.depth.max(index.depth);
                part = Part::over(depth, Expr::At(Box::new(part.expr), Box::new(index.expr)))?;
            } else {
                return Ok(part);
            }
        }
    }

    fn term(&mut self) -> Result<Part, PathError> {
        let leaf = |expr| Ok(Part::leaf(expr));
        match self.next() {
            Some(Token::Sign("(")) => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Sign("{")) => {
                self.expect("}")?;
                leaf(Expr::Empty)
            }
            Some(Token::Text(text)) => leaf(Expr::Text(text)),
            Some(Token::Number(number)) => leaf(Expr::Number(number)),
            Some(Token::Time(text)) => leaf(Expr::Time(text)),
            Some(Token::Dollar(name)) => match &*name {
                "this" => leaf(Expr::Focus),
                "index" => leaf(Expr::Index),
                _ => Err(PathError::Unsupported(format!("${name}"))),
            },
            Some(Token::Percent(name)) => constant(&name).map(Part::leaf),
            Some(Token::Name(name)) => {
                if self.takes("(") {
                    return self.call(Part::leaf(Expr::Focus), &name);
                }
                leaf(match &*name {
                    "true" => Expr::Bool(true),
                    "false" => Expr::Bool(false),
                    _ => Expr::Start(name),
                })
            }
            _ => {
                self.at -= 1;
                Err(self.error("a value or name is missing"))
            }
        }
    }

    /// A function's arguments, after its opening bracket.
    fn call(&mut self, on: Part, name: &str) -> Result<Part, PathError> {
        if let Some(test) = type_function(name) {
            let asked = self.type_name()?;
            self.expect(")")?;
            return Part::over(on.depth, Expr::Type(Box::new(on.expr), test, asked));
        }
        let mut depth = on.depth;
        let mut arguments = Vec::new();
        if !self.takes(")") {
            loop {
                let argument = self.expression(0)?;
                depth = depth.max(argument.depth);
                arguments.push(argument.expr);
                if !self.takes(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        if matches!(name, "matches" | "replaceMatches") {
            return Part::over(depth, pattern_call(on.expr, name, arguments)?);
        }
        let function = Function::find(name, arguments.len())
            .ok_or_else(|| PathError::Unsupported(format!("{name}() with {} arguments", arguments.len())))?;
        Part::over(depth, Expr::Call(Box::new(on.expr), function, arguments.into()))
    }

    /// `Patient`, `FHIR.Patient`, `System.String`.
    fn type_name(&mut self) -> Result<Box<str>, PathError> {
        let bracketed = self.takes("(");
        let Some(Token::Name(name)) = self.next() else {
            self.at -= 1;
            return Err(self.error("a type's name is missing"));
        };
        let mut name = name;
        if matches!(&*name, "FHIR" | "System") && self.takes(".") {
            let Some(Token::Name(local)) = self.next() else {
                self.at -= 1;
                return Err(self.error("a type's name is missing"));
            };
            name = format!("{name}.{local}").into();
        }
        if bracketed {
            self.expect(")")?;
        }
        Ok(name)
    }
}

fn type_function(name: &str) -> Option<TypeTest> {
    match name {
        "is" => Some(TypeTest::Is),
        "as" | "ofType" => Some(TypeTest::As),
        _ => None,
    }
}

/// A pattern has to stand in the expression itself, so that it is checked with it and compiled once.
fn pattern_call(on: Expr, name: &str, arguments: Vec<Expr>) -> Result<Expr, PathError> {
    let mut arguments = arguments.into_iter();
    match (name, arguments.next(), arguments.next(), arguments.next()) {
        ("matches", Some(Expr::Text(text)), None, None) => Ok(Expr::Matches(Box::new(on), Pattern::whole(&text)?)),
        ("replaceMatches", Some(Expr::Text(text)), Some(with), None) => {
            Ok(Expr::ReplaceMatches(Box::new(on), Pattern::part(&text)?, Box::new(with)))
        }
        _ => Err(PathError::Unsupported(format!("{name}() without a pattern in quotes"))),
    }
}

/// R4's environment variables (fhirpath.html#variables).
fn constant(name: &str) -> Result<Expr, PathError> {
    let url = |text: &str| Ok(Expr::Text(text.into()));
    match name {
        "resource" => Ok(Expr::Variable(Variable::Resource)),
        "rootResource" => Ok(Expr::Variable(Variable::Root)),
        "context" => Ok(Expr::Variable(Variable::Context)),
        "sct" => url("http://snomed.info/sct"),
        "loinc" => url("http://loinc.org"),
        "ucum" => url("http://unitsofmeasure.org"),
        _ => match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
            (Some(set), _) => Ok(Expr::Text(format!("http://hl7.org/fhir/ValueSet/{set}").into())),
            (_, Some(set)) => Ok(Expr::Text(format!("http://hl7.org/fhir/StructureDefinition/{set}").into())),
            _ => Err(PathError::Unsupported(format!("%{name}"))),
        },
    }
}
