//! The language, form by form, lenient.

use super::{LENIENT, fails, gives};

const VARIABLES: &[(&str, &str)] =
    &[("A", "abc"), ("E", ""), ("N", "42"), ("NEG", "-1"), ("P", "a/b/a"), ("D", "x.y.z"), ("U", "é")];

const NAME: &str = "unable to parse variable name";
const BRACE: &str = "missing closing brace";
const BAD: &str = "bad substitution";
const ARGUMENT: &str = "unable to parse substitution within function";

#[test]
fn only_dollar_brace_and_double_dollar_are_special() {
    gives(
        VARIABLES,
        &[
            ("", ""),
            ("plain: text", "plain: text"),
            ("$A a$b $ {A} $1 $(x) `x` $", "$A a$b $ {A} $1 $(x) `x` $"),
            (r"\${A}", r"\abc"),
            ("$${A}", "${A}"),
            ("$$", "$"),
            ("$$$", "$$"),
            ("$$$$", "$$"),
            ("$$A", "$A"),
            ("$$${A}", "$abc"),
            ("$$$${A}", "$${A}"),
            ("${A}}", "abc}"),
            ("{${A}}", "{abc}"),
            ("a\n${A}\r\n", "a\nabc\r\n"),
            ("the rest is lost behind a NUL\0${A}", "the rest is lost behind a NUL"),
        ],
    );
}

#[test]
fn names_are_letters_digits_and_underscores_of_any_script() {
    gives(&[("1", "one"), ("_x", "low"), ("größe", "l"), ("٣", "three")], &[("${1}${_x}${größe}${٣}", "onelowlthree")]);
    fails(
        VARIABLES,
        LENIENT,
        &[
            ("${}", NAME),
            ("${ A}", NAME),
            ("${!A}", NAME),
            ("${$", NAME),
            ("${${A}}", NAME),
            ("${", NAME),
            ("${²}", NAME),
            ("${A${N}}", BRACE),
            ("${A.x}", BRACE),
            ("${A-x}", BRACE),
            ("${A+x}", BRACE),
            ("${A?x}", BRACE),
            ("${A@U}", BRACE),
            ("${A[0]}", BRACE),
            ("${A*}", BRACE),
            ("${A }", BRACE),
            ("${A", BRACE),
            ("${A\0}", BRACE),
        ],
    );
}

#[test]
fn all_defaults_mean_the_same_and_empty_counts_as_unset() {
    for operator in [":-", ":=", "=", ":+", ":?"] {
        let of = |name: &str, default: &str| format!("${{{name}{operator}{default}}}");
        gives(VARIABLES, &[(&of("A", "d"), "abc"), (&of("E", "d"), "d"), (&of("X", "d"), "d"), (&of("X", ""), "")]);
        gives(
            VARIABLES,
            &[
                (&of("X", "${Y:-x}"), "x"),
                (&of("X", "a${A}b${N}"), "aabcb42"),
                (&of("X", "a$$b"), "a$$b"),
                (&of("X", "$${A}"), "$abc"),
                (&of("X", r"\/\\"), r"\/\\"),
                (&format!("{}b}}", of("X", "a")), "ab}"),
                (&of("X", "\"q\": 'a' {/#%:\n"), "\"q\": 'a' {/#%:\n"),
            ],
        );
        fails(
            VARIABLES,
            LENIENT,
            &[(&format!("${{X{operator}a"), ARGUMENT), (&format!("${{X{operator}${{A}}"), ARGUMENT)],
        );
    }
}

#[test]
fn values_are_never_read_again() {
    gives(&[("V", "${N} $$"), ("N", "42")], &[("${V}", "${N} $$"), ("${X:-${V}}", "${N} $$")]);
}

#[test]
fn lengths_count_bytes() {
    gives(VARIABLES, &[("${#A}", "3"), ("${#E}", "0"), ("${#U}", "2"), ("${#X}", "0")]);
    fails(VARIABLES, LENIENT, &[("${#}", BAD), ("${#A:-x}", BAD), ("${##A}", BAD), ("${#A", BAD), ("${#", BAD)]);
}

#[test]
fn letters_change_case_one_for_one() {
    gives(
        &[("v", "abcABC"), ("w", "ABCabc"), ("E", ""), ("u", "ßé\u{1F80}"), ("t", "İZ")],
        &[
            ("${v^} ${v^^}", "AbcABC ABCABC"),
            ("${w,} ${w,,}", "aBCabc abcabc"),
            ("${E^}${E^^}${E,}${E,,}", ""),
            ("${v^,} ${v,^}", "abcABC abcABC"),
            ("${u^^} ${u^}", "ßÉ\u{1F88} ßé\u{1F80}"),
            ("${t,,} ${t,}", "iz iZ"),
        ],
    );
    fails(VARIABLES, LENIENT, &[("${A^^^}", BAD), ("${A,,,}", BAD), ("${A^a}", BAD), ("${A^", BAD)]);
}

#[test]
fn substrings_count_bytes_and_take_odd_numbers_for_none() {
    gives(
        &[("v", "123456789"), ("NEG", "-3"), ("FAR", "-300"), ("two", "2"), ("nine", "9"), ("u", "aé")],
        &[
            ("${v:0:3} ${v:1:3} ${v:6} ${v:6:50}", "123 234 789 789"),
            ("${v:9}|${v:9:1}|${v:50}|${v:50:1}|${v:3:0}", "||||"),
            ("${v: -1} ${v:x} ${v:1:x} ${v:1:1:1} ${v:+1}", "123456789 123456789 123456789 123456789 123456789"),
            ("${v:${NEG}} ${v:${NEG}:2} ${v:${FAR}:3}", "789 78 123"),
            ("${v:1::2} ${v:1:${two}}", "23 23"),
            ("${v:007:+1}", "8"),
            ("${v:99999999999999999999} ${v:0:99999999999999999999}", "123456789 123456789"),
            ("${u:0:2}${u:2}", "aé"),
        ],
    );
    fails(
        VARIABLES,
        LENIENT,
        &[
            ("${A:}", ARGUMENT),
            ("${A::1}", ARGUMENT),
            ("${A:1:}", ARGUMENT),
            ("${A:", BAD),
            ("${A:é}", BAD),
            ("${A:\0}", ARGUMENT),
            ("${A:1", BAD),
            ("${A:1:1", BAD),
            ("${A:1${N}}", BAD),
            ("${A:${N}1}", BAD),
        ],
    );
}

#[test]
fn strips_take_globs() {
    gives(
        &[("f", "bash.string.txt"), ("p", "/path/to/file"), ("q", "path/to/file"), ("s", "a*b"), ("g", "*.")],
        &[
            ("${f#*.} ${f##*.} ${f%.*} ${f%%.*}", "string.txt txt bash.string bash"),
            ("${q#*/} ${p#*/} ${q##*/} ${p##*/}", "to/file path/to/file file file"),
            ("${f#[a-c]?} ${f#[^a]} ${f#${g}}", "sh.string.txt ash.string.txt string.txt"),
            (r"${s#a\*} ${s#a\\}", r"b a*b"),
            ("${f#nothing} ${f%nothing}", "bash.string.txt bash.string.txt"),
            ("${f##*} ${f#*}|${f%%*}", " ash.string.txt|"),
            // A malformed pattern changes nothing, nor does one that bash would take.
            ("${f#[} ${f#[b} ${f#[!x]}", "bash.string.txt bash.string.txt bash.string.txt"),
            // Reversed, a class is none and an escape binds to the wrong side.
            ("${f%[a-z]} ${f%]t[}", "bash.string.txt bash.string.tx"),
            // A third sign belongs to the pattern.
            ("${f###} ${f%%%}", "bash.string.txt bash.string.txt"),
        ],
    );
    // A class is never empty, and a bracket in it is one of its characters.
    gives(
        &[("V", "b-["), ("P", "[]b]"), ("Q", "[^]"), ("R", "[b[*]")],
        &[("${V#${P}} ${V#${Q}} ${V#${R}}", "b-[ b-[ -["), ("${V##[a-z]-[[]}", "")],
    );
    gives(&[("h", "##x"), ("v", "x}y$")], &[("${h###}", "#x"), ("${h###*}", ""), ("${v%$}", "x}y")]);
    fails(
        VARIABLES,
        LENIENT,
        &[
            ("${A#}", ARGUMENT),
            ("${A##}", ARGUMENT),
            ("${A%}", ARGUMENT),
            ("${A%%", ARGUMENT),
            ("${A#a", BAD),
            ("${A#a${N}}", BAD),
            ("${A#${N}a}", BAD),
        ],
    );
}

#[test]
fn replacements_are_literal() {
    gives(
        &[("v", "abcABC123ABCabc"), ("s", "foo/bar(/baz)"), ("d", "foo.bar"), ("e", ""), ("o", "b*"), ("u", "éa")],
        &[
            ("${v/abc/xyz} ${v//abc/xyz}", "xyzABC123ABCabc xyzABC123ABCxyz"),
            (
                "${v/#abc/X} ${v/%abc/X} ${v/#ABC/X} ${v/%ABC/X}",
                "XABC123ABCabc abcABC123ABCX abcABC123ABCabc abcABC123ABCabc",
            ),
            ("${v/a*c/x} ${v/?/x}", "abcABC123ABCabc abcABC123ABCabc"),
            (r"${s/\//-} ${s//\//-}", "foo-bar(/baz) foo-bar(-baz)"),
            ("${d/./} ${d//o/}", "foobar f.bar"),
            // Without a replacement the ends stay.
            ("${d/#foo/} ${d/%bar/}", "foo.bar foo.bar"),
            ("${d/o//x}", "fxo.bar"),
            // No pattern can be written; an empty one can be had from a variable.
            ("${d/${e}/x} ${d//${e}/-}", "xfoo.bar -f-o-o-.-b-a-r-"),
            ("${d/#${e}/x} ${d/%${e}/x} ${u//${e}/-}", "xfoo.bar foo.barx -é-a-"),
            ("${d/o/${v}}", "fabcABC123ABCabco.bar"),
            (r"${d/o/a\/b\\c$$d\e}", r"fa/b\c$d\eo.bar"),
            ("${d/o/$${x}", "f${xo.bar"),
            // The pattern runs over the brace to the next slash.
            ("${d/o} text /x} ${d}", "foo.bar foo.bar"),
        ],
    );
    fails(
        VARIABLES,
        LENIENT,
        &[
            ("${A/b}", BAD),
            ("${A/}", BAD),
            ("${A/", ARGUMENT),
            ("${A//", ARGUMENT),
            ("${A///}", ARGUMENT),
            ("${A/b/${N}x}", BAD),
            ("${A/b/x", BAD),
            ("${A/b/", ARGUMENT),
        ],
    );
}

#[test]
fn half_a_character_is_no_text() {
    let split = "cuts a character in two: Flux counts bytes, and what is left is not UTF-8";
    fails(VARIABLES, LENIENT, &[("x ${U:1}", split), ("${U:0:1}", split), ("${U#?}", split)]);
    gives(VARIABLES, &[("${A:-${U:1}}", "abc"), ("${U:0:1}${U:1}", "é"), ("${U%?}", "\u{FFFD}")]);
}

/// The cases of the library's own `TestExpand`.
#[test]
fn the_examples_of_the_library() {
    gives(&[], &[("abcdEFGH28ij", "abcdEFGH28ij"), ("${var=xyz}", "xyz"), ("${var:=xyz}", "xyz")]);
    gives(
        &[("var01", "abcdEFGH28ij")],
        &[
            ("${#var01}", "12"),
            ("${var01^}", "AbcdEFGH28ij"),
            ("${var01^^}", "ABCDEFGH28IJ"),
            ("${var=${var01^^}}", "ABCDEFGH28IJ"),
            ("$${var01}", "${var01}"),
            (
                "some text ${var01}$${var$${var01}$var01${var01}",
                "some text abcdEFGH28ij${var${var01}$var01abcdEFGH28ij",
            ),
        ],
    );
    gives(&[("var01", "ABCDEFGH28IJ")], &[("${var01,}", "aBCDEFGH28IJ"), ("${var01,,}", "abcdefgh28ij")]);
    gives(
        &[("path_name", "/home/bozo/ideas/thoughts.for.today")],
        &[("${path_name:11}", "ideas/thoughts.for.today"), ("${path_name:11:5}", "ideas")],
    );
    gives(&[("var", "abc")], &[("${var=xyz}", "abc")]);
    gives(
        &[("default_var", "foo")],
        &[
            ("something ${var=${default_var}}", "something foo"),
            ("foo: ${var=${default_var}-suffix}", "foo: foo-suffix"),
            ("foo: ${var=prefix${default_var}-suffix}", "foo: prefixfoo-suffix"),
            ("something $${var=${default_var}}", "something ${var=foo}"),
            (r"\\something ${var=${default_var}}", r"\\something foo"),
        ],
    );
    gives(
        &[("stringZ", "abcABC123ABCabc")],
        &[
            ("${stringZ/%abc/XYZ}", "abcABC123ABCXYZ"),
            ("${stringZ/#abc/XYZ}", "XYZABC123ABCabc"),
            ("${stringZ//abc/xyz}", "xyzABC123ABCxyz"),
            ("${stringZ/abc/xyz}", "xyzABC123ABCabc"),
        ],
    );
}

/// The cases of the library's own `TestParse`, by what comes out.
#[test]
fn the_shapes_of_the_library() {
    gives(
        &[("string", "$#$%:*{x"), ("n", "1"), ("z", "ABC"), ("s", r"a/position\b")],
        &[
            ("}text", "}text"),
            ("http://github.com", "http://github.com"),
            ("$${string}", "${string}"),
            ("$$string", "$string"),
            (r"\\.\pipe\pipename", r"\\.\pipe\pipename"),
            ("${string#$#$%:*{}", "x"),
            (r"${s/\/position/-}", r"a-\b"),
            (r"${s/\/position\\/-}", "a-b"),
            (r"${s/position/\/length\\}", r"a//length\\b"),
            (r"${s/position/\/leng\\th}", r"a//leng\th\b"),
            ("${string:${z:0:0}:${z,,}}", "$#$%:*{x"),
            ("${z#${z:0:1}}", "BC"),
            ("${unset=prefix-${z}-suffix}", "prefix-ABC-suffix"),
            ("${z//${z:1:1}/${n}}", "A1C"),
        ],
    );
}
