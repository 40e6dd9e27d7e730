//! Time, memory and stack are bounded on any text.

use super::super::{ErrorKind, Limit};
use super::{LENIENT, gives, with};

/// The limit that a text hits.
fn hits(variables: &[(&str, &str)], text: &str) -> Option<Limit> {
    match with(variables, text, LENIENT) {
        Err(ErrorKind::BeyondLimit(limit)) => Some(limit),
        _ => None,
    }
}

#[test]
fn nesting_ends_at_200() {
    let nested = |depth: usize| format!("{}x{}", "${m:-".repeat(depth), "}".repeat(depth));
    gives(&[], &[(&nested(200), "x")]);
    assert_eq!(hits(&[], &nested(201)), Some(Limit::Nesting));
    assert_eq!(hits(&[], &"${m:-".repeat(100_000)), Some(Limit::Nesting));
}

#[test]
fn a_text_that_multiplies_ends() {
    let megabyte = "v".repeat(1 << 20);
    let variables = [("V", megabyte.as_str()), ("E", "")];
    assert_eq!(hits(&variables, &"${V}".repeat(10_000)), Some(Limit::Output));
    let between_all = format!("${{V//${{E}}/{}}}", "w".repeat(1 << 20));
    assert_eq!(hits(&variables, &between_all), Some(Limit::Output));
}

#[test]
fn a_pattern_that_searches_too_long_ends() {
    let long = "a".repeat(1 << 20);
    for text in ["${V##*/}", "${V%%b*}", "${V#*a*a*b}"] {
        assert_eq!(hits(&[("V", &long)], text), Some(Limit::Matching), "{text}");
    }
    let ordinary = "a".repeat(2_000);
    gives(&[("V", &ordinary)], &[("${V##*/}", &ordinary)]);
}

#[test]
fn a_long_text_with_many_expressions_takes_linear_time() {
    let text = "a ${X:-1} $$ ${A} b\n".repeat(200_000);
    let evaluated = with(&[("A", "2")], &text, LENIENT).expect("no limit is near");
    assert_eq!(evaluated.text, "a 1 $ 2 b\n".repeat(200_000));
    assert_eq!(evaluated.used, ["X", "A"]);
}
