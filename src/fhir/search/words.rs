//! Words in a text, for `_text` and `_content`: search.html leaves the grammar open, and gives the example
//! `(bone OR liver) and metastases`.
//!
//! Words beside each other must all be there; `AND`, `OR` and `NOT` in any case join them, parentheses group, `OR` binds
//! least. A comma is an `OR`, as in other parameters. Each word is the beginning of one in the text. What is no
//! expression (a parenthesis too many, an `OR` with nothing behind it) is read as far as it makes sense.

use super::value::Text;

/// So deep parentheses may stand in each other; deeper ones are passed over.
const DEEPEST: usize = 16;

/// What words must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words {
    Word(String),
    All(Vec<Words>),
    Any(Vec<Words>),
    Not(Box<Words>),
}

impl Words {
    pub(super) fn parse(asked: &Text) -> Self {
        let tokens = tokens(&asked.folded);
        let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
        let mut all = vec![parser.any()];
        // Behind a parenthesis that closes nothing.
        while parser.tokens.next().is_some() {
            all.push(parser.any());
        }
        Self::all(all)
    }

    /// Whether a folded text has them. Asked for nothing, nothing has it.
    pub(super) fn are_in(&self, text: &str) -> bool {
        // In order, so that each word is looked up: many words times a long text would be very many comparisons.
        let mut words: Vec<&str> = split(text).collect();
        words.sort_unstable();
        words.dedup();
        !self.is_empty() && self.hold(&words)
    }

    /// `text` has its words in order.
    fn hold(&self, text: &[&str]) -> bool {
        match self {
            Self::Word(word) => {
                let at = text.partition_point(|other| *other < word.as_str());
                text.get(at).is_some_and(|other| other.starts_with(word.as_str()))
            }
            Self::All(all) => all.iter().all(|one| one.hold(text)),
            Self::Any(any) => any.iter().any(|one| one.hold(text)),
            Self::Not(not) => !not.hold(text),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::All(all) | Self::Any(all) if all.is_empty())
    }

    fn all(all: Vec<Self>) -> Self {
        Self::one_or(all, Self::All)
    }

    fn one_or(mut all: Vec<Self>, many: fn(Vec<Self>) -> Self) -> Self {
        all.retain(|one| !one.is_empty());
        match all.pop() {
            Some(last) if all.is_empty() => last,
            Some(last) => {
                all.push(last);
                many(all)
            }
            None => Self::All(all),
        }
    }
}

/// How many words a text asks for at most, before it is read as an expression.
pub(super) fn count(text: &str) -> usize {
    split(text).count()
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

enum Token {
    Word(String),
    And,
    Or,
    Not,
    Open,
    Close,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    // A space at the end closes the last word.
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            let word = std::mem::take(&mut word);
            tokens.push(match word.as_str() {
                "and" => Token::And,
                "or" => Token::Or,
                "not" => Token::Not,
                _ => Token::Word(word),
            });
        }
        match c {
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' | '|' => tokens.push(Token::Or),
            _ => {}
        }
    }
    tokens
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    /// `all OR all …`, up to what closes it.
    fn any(&mut self) -> Words {
        let mut any = vec![self.all()];
        while self.tokens.next_if(|token| matches!(token, Token::Or)).is_some() {
            any.push(self.all());
        }
        Words::one_or(any, Words::Any)
    }

    /// `one [AND] one …`
    fn all(&mut self) -> Words {
        let mut all = Vec::new();
        loop {
            match self.tokens.peek() {
                Some(Token::And) => drop(self.tokens.next()),
                Some(Token::Word(_) | Token::Not | Token::Open) => all.extend(self.one()),
                Some(Token::Or | Token::Close) | None => return Words::all(all),
            }
        }
    }

    fn one(&mut self) -> Option<Words> {
        let mut refused = false;
        loop {
            match self.tokens.next()? {
                Token::Not => refused = !refused,
                Token::Word(word) => return Some(negated(Words::Word(word), refused)),
                Token::Open if self.depth < DEEPEST => {
                    self.depth += 1;
                    let inner = self.any();
                    self.depth -= 1;
                    self.tokens.next_if(|token| matches!(token, Token::Close));
                    return (!inner.is_empty()).then(|| negated(inner, refused));
                }
                Token::Open | Token::And => {}
                Token::Or | Token::Close => return None,
            }
        }
    }
}

fn negated(words: Words, refused: bool) -> Words {
    if refused { Words::Not(Box::new(words)) } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(asked: &str, text: &str) -> bool {
        Words::parse(&Text::new(asked)).are_in(&super::super::fold(text))
    }

    #[test]
    fn words_are_joined_as_they_are_asked_for() {
        let text = "Métastases of the liver, stage 3";
        for (asked, found) in [
            ("liver", true),
            ("LIV", true),
            ("iver", false),
            ("liver metast", true),
            ("liver bone", false),
            ("(bone OR liver) and metastases", true),
            ("bone OR liver and metastases", true),
            ("bone or kidney", false),
            ("bone,liver", true),
            ("(bone,kidney) liver", false),
            ("liver not bone", true),
            ("NOT liver", false),
            ("not not liver", true),
            ("not (bone or kidney)", true),
            ("", false),
            ("and", false),
            ("()", false),
            ("liver or", true),
            ("or liver", true),
            (") liver", true),
            ("liver) bone", false),
            ("((liver", true),
            ("stage-3", true),
        ] {
            assert_eq!(holds(asked, text), found, "{asked}");
        }
        assert!(holds(&format!("{}liver", "(".repeat(1_000)), text));
    }

    proptest! {
        #[test]
        fn anything_is_asked_for_without_harm(asked in "[a-c()|, ]{0,60}|.{0,40}", text in "[a-c ]{0,20}") {
            let _ = holds(&asked, &text);
        }

        #[test]
        fn plain_words_are_all_there(words in proptest::collection::vec("[b-m]{1,4}", 1..5)) {
            prop_assert!(holds(&words.join(" "), &words.join(". ")));
            let more = words.join(" ") + " zz";
            prop_assert!(!holds(&more, &words.join(" ")));
        }
    }
}
