//! What an evaluation tells beside the text.

use super::super::{Evaluated, ExpressionError, Lookup, evaluate, has_expression};
use super::{LENIENT, STRICT, with};

fn found(text: &str) -> Evaluated {
    with(&[("A", "abc"), ("E", "")], text, LENIENT).expect("lenient")
}

#[test]
fn variables_are_named_once_in_order_of_mention() {
    let evaluated = found("${B:-${A}} ${A} ${C} ${B:-x} ${E}");
    assert_eq!(evaluated.used, ["B", "A", "C", "E"]);
    assert_eq!(evaluated.defaulted, ["B"]);
    assert_eq!(evaluated.undefined, ["C"]);
    assert_eq!(evaluated.unknown, None);
}

#[test]
fn an_empty_variable_falls_back_and_is_not_undefined() {
    let evaluated = found("${E:-x}${E}${#M}");
    assert_eq!(evaluated.defaulted, ["E"]);
    assert_eq!(evaluated.undefined, ["M"]);
}

#[test]
fn what_happens_in_a_default_that_nobody_needs_does_not_reach_the_text() {
    let evaluated = found("${A:-${M}${O:-x}}");
    assert_eq!((evaluated.text.as_str(), evaluated.used.len()), ("abc", 3));
    assert!(evaluated.defaulted.is_empty() && evaluated.undefined.is_empty());
}

#[test]
fn an_unknown_variable_matters_where_its_value_does() {
    let lookup = |name: &str| match name {
        "SECRET" => Lookup::Unknown("encrypted"),
        "OTHER" => Lookup::Unknown("outside the repository"),
        "A" => Lookup::Set("abc"),
        _ => Lookup::Unset,
    };
    let reason = |text| evaluate(text, &lookup, STRICT).map(|evaluated| evaluated.unknown);
    for text in ["a ${SECRET}", "${SECRET:-d}", "${#SECRET}", "${X:-a${SECRET}}", "${A:${SECRET}}", "${SECRET}${OTHER}"]
    {
        assert_eq!(reason(text), Ok(Some("encrypted".to_owned())), "{text}");
    }
    let spared = evaluate("${A:-${SECRET}}", &lookup, STRICT).expect("known");
    assert_eq!((spared.text.as_str(), spared.unknown), ("abc", None));
    assert_eq!(spared.used, ["A", "SECRET"]);
}

#[test]
fn an_error_tells_where_its_expression_begins() {
    let at = |text| with_offset(text).expect_err("an error").at;
    assert_eq!(at("ab ${A} ${"), 8);
    assert_eq!(at("${B:-x${C:}}"), 6);
    assert_eq!(at("${B:-x${C:-y}"), 0);
    assert_eq!(at("${A} ${U:1} ${A}"), 5);
    assert_eq!(at("${A} ${A:-${M}}"), 10);
}

fn with_offset(text: &str) -> Result<Evaluated, ExpressionError> {
    let lookup = |name: &str| match name {
        "A" => Lookup::Set("abc"),
        "U" => Lookup::Set("é"),
        _ => Lookup::Unset,
    };
    evaluate(text, &lookup, STRICT)
}

#[test]
fn texts_without_expressions_are_told_apart() {
    for text in ["", "plain", "$", "$A", "a$", "$ {", "$\u{e9}{"] {
        assert!(!has_expression(text), "{text:?}");
        assert_eq!(found(text).text, text);
    }
    for text in ["${A}", "$$", "a $ ${", "a\0"] {
        assert!(has_expression(text), "{text:?}");
    }
}
