use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn pointers() -> Pointers {
    Pointers::new(["/transaction_id", "/data/transaction_id", "/a~1b", "/id"]).unwrap()
}

fn problem(body: impl AsRef<[u8]>) -> Option<Problem> {
    scan(body.as_ref(), &pointers()).err().map(|refused| refused.problem)
}

#[test]
fn wanted_values_are_found_where_they_are_named() {
    let body = br#" {"id": "evt\u005f1", "list": [{"transaction_id": 1}], "a/b": 1.50,
        "data": {"x": {"transaction_id": 2}, "transaction_id": 105968532}, "transaction_id": null} "#;
    let found = scan(body, &pointers()).unwrap();
    assert_eq!(found.get(0), None);
    assert_eq!(found.get(1), Some(&Scalar::Number("105968532")));
    assert_eq!(found.get(2), Some(&Scalar::Number("1.50")));
    assert_eq!(found.get(3), Some(&Scalar::Text(Cow::Borrowed("evt_1"))));
    assert_eq!(found.get(99), None);
}

#[test]
fn limits_are_named_and_exact() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(problem(nested(DEPTH_MAX)), None);
    assert_eq!(problem(nested(DEPTH_MAX + 1)), Some(Problem::TooDeep));

    let keyed = |count: usize| {
        let keys: Vec<String> = (0..count).map(|key| format!("\"k{key}\":{{}}")).collect();
        format!("{{{}}}", keys.join(","))
    };
    assert_eq!(problem(keyed(KEYS_MAX)), None);
    assert_eq!(problem(keyed(KEYS_MAX + 1)), Some(Problem::TooManyKeys));
    let spread = format!("[{}]", vec![r#"{"k":0}"#; KEYS_MAX + 1].join(","));
    assert_eq!(problem(spread), Some(Problem::TooManyKeys));

    let sized = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
    assert_eq!(problem(sized(BODY_BYTES_MAX)), None);
    assert_eq!(problem(sized(BODY_BYTES_MAX + 1)), Some(Problem::TooLarge));
}

#[test]
fn repeated_keys_are_refused_per_object() {
    assert_eq!(problem(r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#), None);
    assert_eq!(problem(r#"{"a":1,"b":{"c":1},"a":2}"#), Some(Problem::DuplicateKey));
    assert_eq!(problem(r#"{"a":1,"\u0061":2}"#), Some(Problem::DuplicateKey));
    let refused = scan(br#"{"b":{"x":1,"x":2}}"#, &pointers()).unwrap_err();
    assert_eq!(refused.position, 13);
    assert_eq!(refused.to_string(), "a key repeated within one object, at byte 13");
}

#[test]
fn numbers_have_bounds() {
    for fine in ["9223372036854775807", "-9223372036854775807", "-0", "0.10", "1e-9", "1.5E+10"] {
        assert_eq!(problem(fine), None, "{fine}");
    }
    let long = format!("0.{}", "1".repeat(38));
    for huge in ["9223372036854775808", "-9223372036854775808", "1e100", "1e-100", &long] {
        assert_eq!(problem(huge), Some(Problem::NumberOutOfRange), "{huge}");
    }
    for bad in ["NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "-", "1e", "0x1"] {
        assert_eq!(problem(bad), Some(Problem::Malformed), "{bad}");
    }
}

#[test]
fn broken_texts_are_refused() {
    for lone in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\u0041""#, r#""\ud800\n""#] {
        assert_eq!(problem(lone), Some(Problem::LoneSurrogate), "{lone}");
    }
    assert_eq!(problem(r#""\ud83d\ude00""#), None);
    assert_eq!(problem(b"\"\xff\""), Some(Problem::NotUtf8));
    assert_eq!(problem(b"\"\xed\xa0\x80\""), Some(Problem::NotUtf8));
    for bad in [
        "",
        " ",
        "{",
        "{}}",
        "[1,]",
        "{\"a\":1,}",
        "[1 2]",
        "{\"a\" 1}",
        "\"a",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12\"",
        "tru",
        "truex",
        "{a:1}",
        "[}",
        "{]",
        "\u{feff}{}",
        "1 1",
        "{\"a\":1}x",
    ] {
        assert_eq!(problem(bad), Some(Problem::Malformed), "{bad:?}");
    }
}

#[test]
fn s12_card_numbers_are_found_in_strings_keys_and_numbers() {
    for body in [
        r#"{"note":"4111 1111 1111 1111"}"#,
        r#"{"4111111111111111":1}"#,
        r#"{"n":4111111111111111}"#,
        r#"{"n":4111111111111111.00}"#,
        r#"{"n":"\u0034111-1111-1111-11\u00311"}"#,
        r#"[["x4111111111111111"]]"#,
    ] {
        let Some(Problem::CardNumber(last4)) = problem(body) else { panic!("{body}") };
        assert_eq!(last4.to_string(), "1111");
    }
    assert_eq!(problem(r#"{"transaction_id":105968532,"at":"2026-11-23T03:45:37.123Z"}"#), None);
}

#[test]
fn s14_forbidden_names_are_refused() {
    for name in ["csc", "CVV", "cvv2", "track1", "pin", "pan", "cc_number", "encrypted_csc"] {
        let body = format!(r#"{{"a":{{"{name}":null}}}}"#);
        assert!(matches!(problem(&body), Some(Problem::ForbiddenName(_))), "{name}");
    }
    assert_eq!(problem(r#"{"\u0063vv":1}"#), Some(Problem::ForbiddenName("cvv")));
    assert_eq!(problem(r#"{"csc_response":"Match"}"#), None);
}

#[test]
fn keys_with_equal_hashes_are_compared() {
    // A tail byte of zero leaves the hash of "a" and "\0a" the same.
    assert_eq!(keys::hash(b"a"), keys::hash(b"\0a"));
    assert_eq!(problem("{\"a\":1,\"\\u0000a\":2}"), None);
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,9}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Problems that serde_json does not know of.
fn is_limit(problem: Problem) -> bool {
    !matches!(problem, Problem::Malformed | Problem::NotUtf8 | Problem::LoneSurrogate)
}

fn agrees(body: &[u8]) -> Result<(), TestCaseError> {
    let theirs = serde_json::from_slice::<Value>(body);
    match scan(body, &pointers()) {
        Ok(_) => prop_assert!(theirs.is_ok(), "{:?}", String::from_utf8_lossy(body)),
        Err(refused) if is_limit(refused.problem) => {}
        Err(refused) => {
            prop_assert!(theirs.is_err(), "{refused} {:?}", String::from_utf8_lossy(body));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn documents_are_accepted_compact_and_pretty(value in tree()) {
        for body in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            match scan(body.as_bytes(), &pointers()) {
                Ok(_) => {}
                Err(refused) => prop_assert!(is_limit(refused.problem), "{refused} {body}"),
            }
        }
    }

    #[test]
    fn values_are_the_ones_serde_json_finds(id in any::<String>(), number in any::<i32>()) {
        let body = serde_json::json!({"x": [1], "id": id, "data": {"transaction_id": number}});
        let body = body.to_string();
        if let Ok(found) = scan(body.as_bytes(), &pointers()) {
            prop_assert_eq!(found.get(3), Some(&Scalar::Text(Cow::Owned(id))));
            let written = number.to_string();
            prop_assert_eq!(found.get(1), Some(&Scalar::Number(&written)));
        }
    }

    #[test]
    fn a_damaged_document_is_judged_as_serde_json_does(
        value in tree(), at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3,
    ) {
        let mut body = value.to_string().into_bytes();
        let at = at.index(body.len());
        match how {
            0 => body[at] = byte,
            1 => drop(body.remove(at)),
            _ => body.insert(at, byte),
        }
        agrees(&body)?;
    }

    #[test]
    fn json_like_text_is_judged_as_serde_json_does(body in r#"[\[\]{}",:\\u0-9a-fDd8.eE+ tr-]{0,24}"#) {
        agrees(body.as_bytes())?;
    }

    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..400)) {
        agrees(&body)?;
    }
}
