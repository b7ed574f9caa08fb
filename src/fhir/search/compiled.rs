//! The search parameters of a type with their expressions compiled: once per type, when first needed.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::names::Beside;
use crate::fhir::ResourceType;
use crate::fhir::definitions::{Definitions, ParamKind, SearchParam, TypeSet};
use crate::fhir::fhirpath::Path;

/// A search parameter of one type, ready to be evaluated.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) param: u16,
    pub(super) code: &'static str,
    pub(super) kind: ParamKind,
    pub(super) path: Path,
    pub(super) parts: Box<[Part]>,
    /// The resource's own elements that it reads; `None` where it may read any, as the components of a composite may.
    pub(super) elements: Option<BTreeSet<Box<str>>>,
    /// What a reference may point at.
    pub(super) targets: TypeSet,
    /// What a text is found by beside itself.
    pub(super) beside: Beside,
}

/// A component of a composite.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) kind: ParamKind,
    pub(super) path: Path,
}

/// All parameters of `kind` that have an expression, those of every resource included.
pub(super) fn compiled(definitions: &Definitions, kind: ResourceType) -> Arc<[Compiled]> {
    // There is one table of definitions in a program, and it never changes: see `Definitions::r4`.
    static SETS: [OnceLock<Arc<[Compiled]>>; ResourceType::ALL.len()] =
        [const { OnceLock::new() }; ResourceType::ALL.len()];
    match SETS.get(usize::from(kind.number())) {
        Some(set) => set.get_or_init(|| compile_all(definitions, kind)).clone(),
        None => Arc::new([]),
    }
}

fn compile_all(definitions: &Definitions, kind: ResourceType) -> Arc<[Compiled]> {
    let own = definitions.search_params(kind).iter();
    own.chain(definitions.common_search_params()).filter_map(|param| compile(definitions, kind, param)).collect()
}

/// `None` for parameters without an expression (`_text`, `_content`). That every expression of R4 compiles is
/// tested; one that did not would find nothing.
fn compile(definitions: &Definitions, kind: ResourceType, param: &SearchParam) -> Option<Compiled> {
    if param.expression.is_empty() {
        return None;
    }
    let path = Path::parse_for(param.expression, kind.name()).ok()??;
    let part = |component: &crate::fhir::definitions::Component| {
        let kind = definitions.search_param_by_id(component.param)?.kind;
        Some(Part { kind, path: Path::parse(component.expression).ok()? })
    };
    let parts: Box<[Part]> = param.components.iter().map(part).collect::<Option<_>>()?;
    let elements = if parts.is_empty() { path.elements() } else { None };
    let beside = Beside::of(param);
    let SearchParam { id, code, kind, targets, .. } = *param;
    Some(Compiled { param: id, code, kind, path, parts, elements, targets, beside })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_with_an_expression_compiles_for_its_type() {
        let r4 = Definitions::r4();
        for &kind in ResourceType::ALL {
            let all = r4.search_params(kind).iter().chain(r4.common_search_params());
            let with_expression = all.filter(|param| !param.expression.is_empty()).count();
            assert_eq!(compiled(r4, kind).len(), with_expression, "{kind}");
        }
    }
}
