//! Where strictness and the releases of the library differ.

use super::super::{Dialect, ErrorKind, Library};
use super::{LENIENT, STRICT, fails, gives, with};

/// Everything that can be done to a variable without giving a default.
const READING: [&str; 15] = [
    "${#m}",
    "${m^}",
    "${m^^}",
    "${m,}",
    "${m,,}",
    "${m^,}",
    "${m:0}",
    "${m:0:10}",
    "${m/p/r}",
    "${m//p/r}",
    "${m/#p/r}",
    "${m/%p/r}",
    "${m#p}",
    "${m##p}",
    "${m%p}",
];

const NOT_SET: &str = "variable not set (strict mode): \"m\"";

#[test]
fn strict_refuses_the_unset_in_every_form_without_a_default() {
    for library in [Library::V1_7, Library::V1_8] {
        let strict = Dialect { library, strict: true };
        fails(&[], strict, &[("a ${m}", NOT_SET), ("${m%%p}", NOT_SET)]);
        fails(&[], strict, &READING.map(|text| (text, NOT_SET)));
        for text in ["${m:-d}", "${m:=d}", "${m=d}", "${m:+d}", "${m:?d}"] {
            assert_eq!(with(&[], text, strict).map(|evaluated| evaluated.text).as_deref(), Ok("d"), "{text}");
        }
    }
}

#[test]
fn strict_is_content_with_the_empty() {
    for text in READING.into_iter().chain(["${m}"]) {
        assert!(with(&[("m", "")], text, STRICT).is_ok(), "{text}");
    }
}

#[test]
fn strict_refuses_the_unset_in_a_default_that_nobody_needs() {
    fails(&[("v", "set")], STRICT, &[("${v:-${m}}", NOT_SET), ("${v:-${x:-${m}}}", NOT_SET)]);
    gives(&[("v", "set")], &[("${v:-${m}}", "set")]);
}

#[test]
fn strict_of_before_1_6_refuses_only_the_bare_form() {
    let strict = Dialect { library: Library::V1_5, strict: true };
    fails(&[], strict, &[("${m}", NOT_SET), ("${x:-${m}}", NOT_SET)]);
    for text in READING {
        assert!(with(&[], text, strict).is_ok(), "{text}");
    }
}

#[test]
fn a_mistake_in_the_grammar_comes_before_an_unset_variable() {
    fails(&[], STRICT, &[("${m} ${}", "unable to parse variable name")]);
}

#[test]
fn a_negative_length_counts_back_since_1_8_and_crashes_before() {
    gives(
        &[("v", "hello world")],
        &[
            ("${v:2:-1}", "llo worl"),
            ("${v:0:-3}", "hello wo"),
            ("${v:8:-8}|${v:0:-11}|${v:0:-12}|${v:50:-1}", "|||"),
            ("${v:3:-9223372036854775808}", ""),
        ],
    );
    for library in [Library::V1_5, Library::V1_7] {
        let before = Dialect { library, strict: false };
        for text in ["${v:2:-1}", "${v:0:-1}", "${v:11:-1}", "${v:20:-10}"] {
            assert_eq!(with(&[("v", "hello world")], text, before), Err(ErrorKind::WouldCrash), "{text}");
        }
        // The end, 11 or more, is behind the value: nothing is left to take, and nothing breaks.
        let behind = with(&[("v", "hello world")], "a${v:12:-1}", before).map(|evaluated| evaluated.text);
        assert_eq!(behind.as_deref(), Ok("a"));
    }
}

#[test]
fn a_length_beyond_all_numbers_crashes_every_release() {
    for text in ["${v:1:9223372036854775807}", "${v:9223372036854775807:1}"] {
        assert_eq!(with(&[("v", "abc")], text, LENIENT), Err(ErrorKind::WouldCrash), "{text}");
    }
    gives(&[("v", "abc")], &[("${v:0:9223372036854775807}", "abc"), ("${v:9223372036854775807:0}", "")]);
}
