use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn patient() -> Value {
    json!({
        "resourceType": "Patient", "id": "p",
        "contained": [{"resourceType": "Organization", "id": "o", "name": "Ward"}],
        "extension": [{"url": "http://example.org/a", "valueCode": "x"}],
        "name": [
            {"use": "official", "family": "Novák", "given": ["Jan", "Maria"]},
            {"use": "old", "family": "Novak", "_given": [{"extension": [{"url": "u", "valueString": "v"}]}], "given": [null]}
        ],
        "birthDate": "1970-03-30", "_birthDate": {"extension": [{"url": "time", "valueDateTime": "1970-03-30T10:00:00Z"}]},
        "deceasedBoolean": false,
        "multipleBirthInteger": 2,
        "managingOrganization": {"reference": "#o"},
        "generalPractitioner": [
            {"reference": "Practitioner/1"},
            {"reference": "https://elsewhere.example/fhir/Organization/2/_history/3"},
            {"reference": "urn:uuid:3f0c0f1e-7bd2-4c8b-9d3f-0d2f8b7e0001", "type": "PractitionerRole"}
        ],
        "contact": [{"period": {"start": "2020", "end": "2020-05"}}]
    })
}

/// What the path gives, one line per value.
fn run(path: &str) -> Result<Vec<String>, EvalError> {
    let resource = patient();
    let path = Path::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let nodes = path.evaluate(&resource, &Untyped)?;
    Ok(nodes
        .iter()
        .map(|node| match &node.item {
            Item::Json(Value::String(text)) => text.clone(),
            Item::Json(value) => value.to_string(),
            Item::NoValue => "no value".to_owned(),
            Item::Elsewhere => format!("a {}", node.kind.unwrap_or("thing")),
            Item::Bool(value) => value.to_string(),
            Item::Number(number) => number.to_string(),
            Item::Text(text) => text.to_string(),
        })
        .collect())
}

fn gives(path: &str, expected: &[&str]) {
    assert_eq!(run(path).unwrap_or_else(|e| panic!("{path}: {e}")), expected, "{path}");
}

#[test]
fn paths_indexes_and_unions() {
    gives("Patient.name.family", &["Novák", "Novak"]);
    gives("name.given", &["Jan", "Maria", "no value"]);
    gives("Patient.name[0].given[1]", &["Maria"]);
    gives("Patient.name[7]", &[]);
    gives("Person.name.family", &[]);
    gives("Resource.id | DomainResource.id", &["p"]);
    gives("Patient.name.use | Patient.birthDate", &["official", "old", "1970-03-30"]);
    gives("Patient.`name`.\"family\".first()", &["Novák"]);
}

#[test]
fn choices_remember_their_type() {
    gives("Patient.deceased", &["false"]);
    gives("Patient.deceased as boolean", &["false"]);
    gives("Patient.deceased.as(DateTime)", &[]);
    gives("Patient.multipleBirth.ofType(integer)", &["2"]);
    gives("Patient.multipleBirth is integer", &["true"]);
    gives("(Patient.multipleBirth as boolean) | (Patient.multipleBirth as integer)", &["2"]);
    gives("Patient.deceased.exists() and Patient.deceased != false", &["false"]);
    gives("Patient.nothing.exists() and Patient.deceased != false", &["false"]);
}

#[test]
fn conditions_and_references() {
    gives("Patient.name.where(use = 'old').family", &["Novak"]);
    gives("Patient.generalPractitioner.where(resolve() is Practitioner).reference", &["Practitioner/1"]);
    gives("Patient.generalPractitioner.resolve()", &["a Practitioner", "a Organization", "a PractitionerRole"]);
    gives("Patient.managingOrganization.resolve().name", &["Ward"]);
    gives("Patient.managingOrganization.where(resolve() is Organization).reference", &["#o"]);
    gives("Patient.extension('http://example.org/a').value", &["x"]);
    gives("Patient.birthDate.extension('time').value", &["1970-03-30T10:00:00Z"]);
    gives("Patient.hasExtension('http://example.org/b')", &["false"]);
    gives("Patient.name.exists(use = 'usual')", &["false"]);
    gives("name.all(family.startsWith('Nov'))", &["true"]);
    gives("name.select(family & '!')", &["Novák!", "Novak!"]);
    gives("name.where($index = 1).use", &["old"]);
    gives("%resource.id", &["p"]);
}

#[test]
fn logic_is_three_valued_and_binds_as_the_grammar_says() {
    gives("{} and false", &["false"]);
    gives("{} and true", &[]);
    gives("{} or true", &["true"]);
    gives("{} implies true", &["true"]);
    gives("true implies {}", &[]);
    gives("true xor false", &["true"]);
    gives("1 + 2 * 3 = 7 and 'a' in ('a' | 'b')", &["true"]);
    gives("-2 + 3", &["1"]);
    gives("7 div 2 | 7 mod 4 | 1 / 8", &["3", "0.125"]);
    gives("('a' | 'b') contains 'c'", &["false"]);
    gives("name.given.empty().not()", &["true"]);
    gives("'A b' ~ 'a  B'", &["true"]);
    gives("contact.period.all(start.hasValue().not() or end.hasValue().not() or (start <= end))", &["false"]);
    gives("('2020-01' < '2020-02-01') | ('2020' <= '2020-05')", &["true"]);
    gives("(1.0 = 1) | (1 != 2)", &["true"]);
}

#[test]
fn what_values_are_made_of() {
    gives("birthDate.hasValue()", &["true"]);
    gives("name[1].given.hasValue()", &["false"]);
    gives("'12'.toInteger() + 1", &["13"]);
    gives("'abc'.substring(1, 1) | 'abc'.length().toString() | 'abc'.indexOf('c')", &["b", "3", "2"]);
    gives("iif(deceased, 'dead', 'alive')", &["alive"]);
    gives("name.given.isDistinct()", &["true"]);
    gives("name.tail().use", &["old"]);
    gives("descendants().where($this is code).exists()", &["true"]);
    gives("contained.children().count()", &["2"]);
    assert_eq!(run("name.single()"), Err(EvalError::NotSingle));
    assert_eq!(run("name < 1"), Err(EvalError::NotSingle));
    assert_eq!(run("name[0] < 1"), Err(EvalError::WrongType));
}

#[test]
fn patterns_variables_and_literals() {
    gives("name.given.first().matches('J[a-z]+')", &["true"]);
    gives("name.given.first().matches('a')", &["false"]);
    gives("'Patient.name'.replaceMatches('\\\\..*', '')", &["Patient"]);
    gives("name.where(use = %context.name.first().use).family", &["Novák"]);
    gives("birthDate < @1971", &["true"]);
    gives("contact.repeat(children()).count()", &["3"]);
    gives("(1 | 1.0 | 2).count()", &["2"]);
    gives("name.use.intersect('old' | 'x') | name.use.exclude('old')", &["old", "official"]);
    gives("name.use.subsetOf('old' | 'official' | 'x')", &["true"]);
}

#[test]
fn a_rule_holds_is_broken_or_cannot_be_told() {
    let resource = patient();
    let setting = Setting { resource: &resource, root: &resource, model: &Untyped };
    let ask = |text: &str, steps| {
        let path = Path::parse(text).unwrap();
        path.verdict(Node::resource(&resource), setting, &Budget::steps(steps))
    };
    assert_eq!(ask("birthDate.exists()", 100), Ok(Verdict::Holds));
    assert_eq!(ask("birthDate.empty()", 100), Ok(Verdict::Broken));
    assert_eq!(ask("photo = 1", 100), Ok(Verdict::Broken));
    assert_eq!(ask("contact.period.all(start <= end)", 100), Ok(Verdict::Broken));
    assert_eq!(ask("contact.period.start <= contact.period.end", 100), Ok(Verdict::Undecided));
    assert_eq!(ask("language.startsWith('e')", 100), Ok(Verdict::Undecided));
    assert_eq!(ask("descendants().select(%resource.descendants().count()).count() > 0", 50), Err(EvalError::TooCostly));
}

#[test]
fn a_union_is_cut_to_one_type() {
    let only = |text| Path::parse_for(text, "Patient").unwrap();
    assert_eq!(only("Person.name | Patient.name"), Some(Path::parse("Patient.name").unwrap()));
    assert_eq!(only("Resource.id"), Some(Path::parse("Resource.id").unwrap()));
    assert_eq!(only("Person.name"), None);
    assert_eq!(only("(Person.value as Quantity) | (Person.value as Range)"), None);
}

#[test]
fn what_is_not_understood_is_said_when_parsing() {
    for (text, error) in [
        ("a.b(", "a value or name is missing, at character 4"),
        ("a b", "something follows the end of it, at character 2"),
        ("'a", "a quoted text does not end, at character 0"),
        ("a.conformsTo('x')", "“conformsTo() with 1 arguments”, which is not supported"),
        ("a = @2020-13", "this is no date or time, at character 12"),
        ("a.matches(b)", "“matches() without a pattern in quotes”"),
        ("a.matches('(')", "a regular expression of this kind"),
        ("a.matches('(a{9999}){9999}')", "a regular expression of this kind"),
        ("%nobody", "“%nobody”"),
        ("a.#", "an unexpected character, at character 2"),
    ] {
        let found = Path::parse(text).unwrap_err().to_string();
        assert!(found.contains(error), "{text}: {found}");
    }
    for deep in [
        "(".repeat(5000),
        "(-".repeat(500) + "1" + &")".repeat(500),
        "a.".repeat(5000) + "a",
        "not(".repeat(3000),
        "1+".repeat(3000) + "1",
    ] {
        assert!(Path::parse(&deep).is_err());
    }
    assert_eq!(Path::parse(&"a".repeat(20_000)), Err(PathError::TooDeep));
    let wide = vec!["a"; 1000].join("|");
    assert!(Path::parse(&wide).is_ok());
}

fn pathlike() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("Patient"),
        Just("name"),
        Just("given"),
        Just("."),
        Just("("),
        Just(")"),
        Just("["),
        Just("0"),
        Just("]"),
        Just("|"),
        Just(" and "),
        Just(" is "),
        Just(" as "),
        Just("'x'"),
        Just("where"),
        Just("exists()"),
        Just("$this"),
        Just("%resource"),
        Just("-"),
        Just("+"),
        Just("*"),
        Just("="),
        Just("<"),
        Just("{}"),
        Just("first()"),
        Just(","),
        Just("descendants()"),
        Just("1.5"),
        Just("not()"),
        Just("deceased"),
        Just("resolve()"),
        Just(" implies "),
        Just("repeat(children())"),
        Just(".matches('(a|b)*c')"),
        Just(".replaceMatches('.', 'xx')"),
        Just("distinct()"),
        Just("isDistinct()"),
        Just("intersect("),
        Just("subsetOf("),
        Just("%context"),
        Just("%rootResource"),
        Just("@2020-01"),
        Just("htmlChecks()"),
        Just("select("),
        Just("\\"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_parses_or_not(text in any::<String>()) {
        let _ = Path::parse(&text);
    }

    #[test]
    fn whatever_parses_evaluates_or_not(text in pathlike()) {
        if let Ok(path) = Path::parse(&text) {
            let resource = patient();
            let _ = path.evaluate(&resource, &Untyped);
            let odd = json!([[{"name": [null, [1], {"a": {}}]}], 1]);
            let _ = path.evaluate(&odd, &Untyped);
            let setting = Setting { resource: &resource, root: &resource, model: &Untyped };
            let _ = path.verdict(Node::resource(&resource), setting, &Budget::steps(1000));
        }
    }
}
