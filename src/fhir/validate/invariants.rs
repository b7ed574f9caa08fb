//! The standard's rules that span elements: FHIRPath expressions, parsed when first needed.

use std::sync::{LazyLock, OnceLock};

use serde_json::Value;

use super::path::Path;
use super::{Mode, Walk};
use crate::fhir::definitions::{Definitions, Element, Invariant, NodeId};
use crate::fhir::fhirpath::{self, EvalError, Item, Node, Setting, Verdict};
use crate::fhir::outcome::{Issue, IssueCode};

/// Rules that the walk itself holds each element to, quicker and in plainer words than their expressions would. A test
/// holds both to the same answers.
pub(super) const BY_HAND: &[&str] = &["dom-2", "dom-3", "dom-4", "dom-5", "ele-1", "ext-1", "ref-1", "txt-1", "txt-2"];

/// Rules of severity error that are not held to at all, each with the reason.
pub const NOT_EVALUATED: &[(&str, &str)] = &[];

/// Steps for all the rules of one resource. A text of 2 MiB needs some hundred thousand. (Tests reach the end sooner.)
pub(super) const STEPS: usize = if cfg!(test) { 300_000 } else { 3_000_000 };
/// And for those of all resources that come together.
pub(super) const OF_ALL: usize = 4 * STEPS;

impl<'v> Walk<'v> {
    /// The rules of a type or backbone element, asked of a value of it that is otherwise right.
    pub(super) fn invariants(&mut self, node: NodeId, value: &'v Value, path: &Path<'_>) {
        for &number in rules_of(self.r4, node) {
            let context = Node { item: Item::Json(value), kind: Some(self.r4.name(node)), extra: None };
            self.invariant(number, context, path);
        }
    }

    /// The rules of an element that are not its type's.
    pub(super) fn invariants_at(&mut self, element: &Element, kind: &'v str, value: &'v Value, path: &Path<'_>) {
        for rule in self.r4.invariants_at(element) {
            if is_evaluated(rule) {
                self.invariant(rule.number, Node { item: Item::Json(value), kind: Some(kind), extra: None }, path);
            }
        }
    }

    fn invariant(&mut self, number: u16, context: Node<'v>, path: &Path<'_>) {
        let Some(rule) = self.r4.invariants().get(usize::from(number)) else { return };
        if !rule.is_error() && self.mode != Mode::Advice {
            return;
        }
        let (Some(expression), Some(resource), Some(root)) = (compiled(rule), self.scope.resource, self.scope.root)
        else {
            return;
        };
        let setting = Setting { resource, root, model: self.r4 };
        match expression.verdict(context, setting, &self.scope.budget) {
            Ok(Verdict::Holds | Verdict::Undecided) => {}
            Ok(Verdict::Broken) => self.broken(rule, path),
            Err(EvalError::TooCostly | EvalError::TooLarge) => {
                let text = format!("The element is too large to be held to the rule {} of FHIR R4.", rule.key);
                self.error(IssueCode::TooCostly, path, text);
            }
            // An expression that asks for one value where several may stand: not the sender's mistake.
            Err(EvalError::NotSingle | EvalError::WrongType) => {}
        }
    }

    fn broken(&mut self, rule: &Invariant, path: &Path<'_>) {
        let human = rule.human.trim_end_matches('.');
        let text = format!("{human}. (FHIR R4, rule {}.)", rule.key);
        if rule.is_error() {
            self.lapse(IssueCode::Invariant, path, text);
        } else {
            self.issues.push(Issue::warning(IssueCode::Invariant, path.expression(), text));
        }
    }
}

/// Whether a rule's expression is evaluated.
fn is_evaluated(rule: &Invariant) -> bool {
    !BY_HAND.contains(&rule.key) && !NOT_EVALUATED.iter().any(|(key, _)| *key == rule.key)
}

/// The rules to evaluate for a node and what it derives from, by number.
fn rules_of(r4: &Definitions, node: NodeId) -> &'static [u16] {
    static RULES: LazyLock<Vec<OnceLock<Box<[u16]>>>> = LazyLock::new(|| {
        let mut rules = Vec::new();
        rules.resize_with(Definitions::r4().nodes(), OnceLock::new);
        rules
    });
    let find = || r4.invariants_of(node).filter(|rule| is_evaluated(rule)).map(|rule| rule.number).collect();
    RULES.get(node.number()).map_or(&[], |rules| rules.get_or_init(find))
}

/// A rule's expression. That each one of the table parses is tested.
fn compiled(rule: &Invariant) -> Option<&'static fhirpath::Path> {
    static PATHS: LazyLock<Vec<OnceLock<Option<fhirpath::Path>>>> = LazyLock::new(|| {
        let mut paths = Vec::new();
        paths.resize_with(Definitions::r4().invariants().len(), OnceLock::new);
        paths
    });
    PATHS.get(usize::from(rule.number))?.get_or_init(|| fhirpath::Path::parse(rule.expression).ok()).as_ref()
}
