//! What FHIR R4's type names say by themselves.

use crate::fhir::ResourceType;

/// The types that a choice element (`value[x]`) can have in R4 (datatypes.html#open, and those that single
/// elements add), as they stand at the end of its name.
const CHOICES: &[(&str, &str)] = &[
    ("Address", "Address"),
    ("Age", "Age"),
    ("Annotation", "Annotation"),
    ("Attachment", "Attachment"),
    ("Base64Binary", "base64Binary"),
    ("Boolean", "boolean"),
    ("Canonical", "canonical"),
    ("Code", "code"),
    ("CodeableConcept", "CodeableConcept"),
    ("Coding", "Coding"),
    ("ContactDetail", "ContactDetail"),
    ("ContactPoint", "ContactPoint"),
    ("Contributor", "Contributor"),
    ("Count", "Count"),
    ("DataRequirement", "DataRequirement"),
    ("Date", "date"),
    ("DateTime", "dateTime"),
    ("Decimal", "decimal"),
    ("Distance", "Distance"),
    ("Dosage", "Dosage"),
    ("Duration", "Duration"),
    ("Expression", "Expression"),
    ("HumanName", "HumanName"),
    ("Id", "id"),
    ("Identifier", "Identifier"),
    ("Instant", "instant"),
    ("Integer", "integer"),
    ("Markdown", "markdown"),
    ("Meta", "Meta"),
    ("Money", "Money"),
    ("Oid", "oid"),
    ("ParameterDefinition", "ParameterDefinition"),
    ("Period", "Period"),
    ("PositiveInt", "positiveInt"),
    ("Quantity", "Quantity"),
    ("Range", "Range"),
    ("Ratio", "Ratio"),
    ("Reference", "Reference"),
    ("RelatedArtifact", "RelatedArtifact"),
    ("SampledData", "SampledData"),
    ("Signature", "Signature"),
    ("String", "string"),
    ("Time", "time"),
    ("Timing", "Timing"),
    ("TriggerDefinition", "TriggerDefinition"),
    ("UnsignedInt", "unsignedInt"),
    ("Uri", "uri"),
    ("Url", "url"),
    ("UsageContext", "UsageContext"),
    ("Uuid", "uuid"),
];

/// The type that the end of a choice element's name stands for: `Quantity` in `valueQuantity`.
pub fn choice_type(suffix: &str) -> Option<&'static str> {
    let at = CHOICES.binary_search_by(|(name, _)| (*name).cmp(suffix)).ok()?;
    CHOICES.get(at).map(|(_, kind)| *kind)
}

/// Is the type `kind` the type `asked`, or a kind of it? `asked` may have a namespace (`FHIR.`, `System.`), and
/// differ in the case of its first letter, as in R4's own `value.as(DateTime)`.
pub fn is_a(kind: &str, asked: &str) -> bool {
    let asked = asked.strip_prefix("FHIR.").or_else(|| asked.strip_prefix("System.")).unwrap_or(asked);
    same(kind, asked) || base(kind).is_some_and(|base| is_a(base, asked))
}

fn same(kind: &str, asked: &str) -> bool {
    kind.len() == asked.len()
        && kind.get(1..) == asked.get(1..)
        && kind.get(..1).is_some_and(|k| asked.get(..1).is_some_and(|a| k.eq_ignore_ascii_case(a)))
}

fn base(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Age" | "Count" | "Distance" | "Duration" | "MoneyQuantity" | "SimpleQuantity" => "Quantity",
        "code" | "id" | "markdown" => "string",
        "canonical" | "oid" | "url" | "uuid" => "uri",
        "positiveInt" | "unsignedInt" => "integer",
        "Dosage" | "ElementDefinition" | "Timing" => "BackboneElement",
        "DomainResource" => "Resource",
        "Bundle" | "Binary" | "Parameters" => "Resource",
        _ if ResourceType::parse(kind).is_some() => "DomainResource",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_choices_is_sorted_and_types_have_their_bases() {
        assert!(CHOICES.is_sorted());
        assert_eq!(choice_type("DateTime"), Some("dateTime"));
        assert_eq!(choice_type("Set"), None);
        for (kind, asked) in [
            ("Patient", "Patient"),
            ("Patient", "Resource"),
            ("Bundle", "Resource"),
            ("dateTime", "DateTime"),
            ("Age", "Quantity"),
            ("boolean", "System.Boolean"),
            ("code", "FHIR.string"),
        ] {
            assert!(is_a(kind, asked), "{kind} {asked}");
        }
        for (kind, asked) in
            [("Bundle", "DomainResource"), ("Quantity", "Age"), ("", "a"), ("é", "e"), ("Patient", "Person")]
        {
            assert!(!is_a(kind, asked), "{kind} {asked}");
        }
    }
}
