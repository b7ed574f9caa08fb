use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Value, JsonError> {
    parse(text.as_bytes(), &Limits::default())
}

fn refused(text: &str) -> JsonError {
    read(text).expect_err(text)
}

#[test]
fn what_json_is_reads_as_it_should() {
    let value =
        read(" {\"a\" : [1, -0.50, true,false , null, \"x\\n\\u00e9\\ud83d\\ude00\\/\"], \"b\":{}, \"c\":[]}\r\n")
            .unwrap();
    assert_eq!(value.to_string(), r#"{"a":[1,-0.50,true,false,null,"x\né😀/"],"b":{},"c":[]}"#);
    assert_eq!(read("0").unwrap().to_string(), "0");
    assert_eq!(read("\"\"").unwrap(), Value::from(""));
}

#[test]
fn numbers_stay_as_they_were_written() {
    for number in [
        "0",
        "-0",
        "1.00",
        "10.50",
        "1e+5",
        "1.0e-7",
        "0.1000000000000000055511151231257827",
        "1e+400",
        "123456789012345678901234567890",
    ] {
        assert_eq!(read(number).unwrap().to_string(), number);
    }
    assert_eq!(read("1.20E5").unwrap().to_string(), "1.20e+5");
}

#[test]
fn what_json_is_not_is_refused_with_its_kind() {
    use JsonErrorKind as K;
    for (text, kind) in [
        ("", K::Empty),
        (" \n", K::Empty),
        ("{", K::CutOff),
        ("{\"a\"", K::CutOff),
        ("{\"a\":", K::CutOff),
        ("{\"a\":1", K::CutOff),
        ("[1,", K::CutOff),
        ("\"abc", K::CutOff),
        ("\"abc\\", K::CutOff),
        ("tru", K::CutOff),
        ("{} {}", K::Trailing),
        ("1 2", K::Trailing),
        ("[1]]", K::Trailing),
        ("01", K::Number),
        ("1.", K::Number),
        ("-", K::Number),
        ("1e", K::Number),
        ("-.5", K::Number),
        ("\"a\nb\"", K::Control),
        ("\"\u{0}\"", K::Control),
        (r#""\x""#, K::Escape),
        (r#""\u12g4""#, K::Escape),
        (r#""\ud800""#, K::Surrogate),
        (r#""\udc00\ud800""#, K::Surrogate),
        (r#""\ud800A""#, K::Surrogate),
        ("{\"a\":1,\"a\":2}", K::Duplicate("a".into())),
        ("{\"a\":1,\"\\u0061\":{}}", K::Duplicate("a".into())),
        ("\u{feff}{}", K::ByteOrderMark),
        ("[1,]", K::Expected("A value")),
        ("[1 2]", K::Expected("A comma or a closing bracket")),
        ("{\"a\":1,}", K::Expected("A name in double quotes")),
        ("{a:1}", K::Expected("A name in double quotes")),
        ("{\"a\" 1}", K::Expected("A colon")),
        ("{\"a\":1]", K::Expected("A comma or a closing brace")),
        ("NaN", K::Expected("A value")),
        ("+1", K::Expected("A value")),
        ("'a'", K::Expected("A value")),
        ("nul1", K::Expected("A value")),
        ("[1] // c", K::Trailing),
    ] {
        assert_eq!(refused(text).kind, kind, "{text}");
    }
    assert_eq!(parse(b"{\"a\":\"\xff\"}", &Limits::default()).unwrap_err().kind, K::NotUtf8);
    assert_eq!(parse(b"\"\xed\xa0\x80\"", &Limits::default()).unwrap_err().kind, K::NotUtf8);
}

#[test]
fn an_error_says_line_column_and_element() {
    let error = refused("{\"resourceType\": \"Patient\",\n \"name\": [{}, {\"given\": [\"é\", }]}");
    assert_eq!((error.line, error.column), (2, 31));
    assert_eq!(error.expression, "Patient.name[1].given[1]");
    assert_eq!(error.to_string(), "A value is expected here, at line 2, column 31 (in Patient.name[1].given[1])");
    let twice = refused("{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"a\",\"text\":\"b\"}]}");
    assert_eq!((twice.column, twice.expression.as_str()), (47, "Patient.name[0]"));
    assert!(!refused("{\"Smith, Jane\":{\"a\":x}}").to_string().contains("Smith"));
    let bytes = parse(b"[\n\"abc\", \"\xc3(\"]", &Limits::default()).unwrap_err();
    assert_eq!((bytes.line, bytes.column), (2, 9));
}

#[test]
fn limits_hold_exactly() {
    let limits = Limits { bytes: 20, depth: 3, values: 4 };
    let kind = |text: &str| parse(text.as_bytes(), &limits).map(|_| ()).map_err(|error| error.kind);
    assert_eq!(kind("[[[1]]]"), Ok(()));
    assert_eq!(kind("[[[[]]]]"), Err(JsonErrorKind::TooDeep { limit: 3 }));
    assert_eq!(kind("{\"a\":{\"a\":{\"a\":{}"), Err(JsonErrorKind::TooDeep { limit: 3 }));
    assert_eq!(kind("[1,2,3]"), Ok(()));
    assert_eq!(kind("[1,2,3,4]"), Err(JsonErrorKind::TooMany { limit: 4 }));
    assert_eq!(kind("\"123456789012345678\""), Ok(()));
    assert_eq!(kind("\"1234567890123456789\""), Err(JsonErrorKind::TooLong { limit: 20 }));
}

#[test]
fn a_million_open_brackets_are_only_refused() {
    for opening in ["[", "{\"a\":", "[{\"a\":"] {
        let error = refused(&opening.repeat(1_000_000));
        assert_eq!(error.kind, JsonErrorKind::TooDeep { limit: 64 });
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_was_written_reads_back(value in any_json()) {
        prop_assert_eq!(&read(&value.to_string()).unwrap(), &value);
        prop_assert_eq!(&read(&serde_json::to_string_pretty(&value).unwrap()).unwrap(), &value);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&bytes, &Limits::default());
    }

    #[test]
    fn near_json_is_judged_as_serde_json_does(text in "[\\[\\]{}:,\"\\\\ua0-9eE+.tfnrl -]{0,16}") {
        let ours = read(&text);
        let theirs = serde_json::from_str::<Value>(&text);
        // The other parser takes the last of two equal names, and is otherwise as strict.
        let doubled = matches!(&ours, Err(error) if matches!(error.kind, JsonErrorKind::Duplicate(_)));
        prop_assert!(doubled || ours.is_ok() == theirs.is_ok(), "{:?} {:?}", ours, theirs);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn a_text_cut_anywhere_is_refused(value in any_json(), cut in any::<prop::sample::Index>()) {
        let text = Value::from(vec![value]).to_string();
        let cut = cut.index(text.len());
        prop_assert!(parse(&text.as_bytes()[..cut], &Limits::default()).is_err());
    }
}
