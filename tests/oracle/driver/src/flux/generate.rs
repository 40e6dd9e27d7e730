//! Two ways to draw a case: one knows the grammar, one knows nothing of it. Between them stand texts of the first
//! kind with a few characters wrong.

use std::collections::BTreeMap;

use super::case::Case;
use crate::random::Random;

const NAMES: &[&str] = &["A", "B", "E", "N", "V", "M", "U", "1", "_x", "größe", "٣", "LONG_name9"];

const VALUES: &[&str] = &[
    "",
    "abc",
    "abcABC123ABCabc",
    "a",
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-3",
    "-99",
    "+2",
    "12",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1_0",
    "0x1",
    "*",
    "?",
    "*.",
    ".*",
    "*/",
    "/*",
    "[a-c]",
    "[^a]*",
    "[",
    "a]",
    "\\",
    "\\*",
    "/",
    "//",
    "a/b/c",
    "/path/to/file",
    "bash.string.txt",
    "10.25.11.100-10.25.11.119",
    "x y",
    "é",
    "ßéΣς",
    "€",
    "😀a",
    "İıǅ",
    "${N}",
    "$$",
    "}",
    ":",
    "#",
    "%%",
    "\n",
    "a\nb",
    "\u{FFFD}",
    "\0",
    "aaa",
    "abab",
];

const LITERALS: &[&str] = &[
    "a",
    "b",
    "abc",
    "A",
    "x: ",
    "- ",
    "\n",
    " ",
    "$",
    "$$",
    "$$$",
    "{",
    "}",
    "/",
    ":",
    "\\",
    "\\\\",
    "\\/",
    "\\$",
    "-",
    "=",
    "+",
    "?",
    "#",
    "%",
    "^",
    ",",
    "$A",
    "${",
    "$${",
    "é",
    "€",
    "😀",
    "\0",
    "\"",
    "'",
    "1",
    "-1",
    "http://h/p",
];

const GLOBS: &[&str] = &[
    "*", "?", "a", "b", ".", "/", "[a-c]", "[^a]", "[", "]", "[]", "[a-]", "[-a]", "[a", "\\", "\\*", "\\]", "-", "^",
    "[\\a]", "[é-€]", "é", "[!a]", "**", "*a", "[*]", "#", "%", "abc", "]c-a[", "]a^[", "*\\",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "5",
    "50",
    "-1",
    "-2",
    " 1",
    " -1",
    "+1",
    "01",
    "x",
    "9223372036854775807",
    "9223372036854775806",
    "-9223372036854775808",
    "99999999999999999999",
    "1:1",
    ":",
    "é",
    "",
];

/// All that the language gives a meaning, and a little that it does not.
const ALPHABET: &[char] = &[
    '$', '$', '$', '{', '{', '{', '}', '}', '}', ':', '#', '/', '%', '^', ',', '=', '-', '+', '?', '\\', '*', '[', ']',
    'A', 'E', 'a', '1', '_', ' ', '\n', 'é', '€', '😀', '\0', '!', '.', '@', '²',
];

/// Case number so and so of a seed.
pub(crate) fn case(seed: u64, number: u64) -> Case {
    let mut random = Random::of_case(seed, number);
    let random = &mut random;
    if random.once_in(6) {
        return matching(random);
    }
    let text = match random.below(8) {
        0..4 => text(random),
        4..6 => spoilt(random),
        6 => noise(random, ALPHABET, 24),
        _ => any(random, 12),
    };
    let mut variables = BTreeMap::new();
    for _ in 0..random.below(9) {
        let name = if random.once_in(20) { any(random, 2) } else { random.pick(NAMES).to_owned() };
        variables.insert(name, value(random));
    }
    Case { text, variables, strict: random.once_in(2), field: false }
}

pub(super) const TYPED: &[&str] = &[
    "42",
    "-1",
    "+7",
    "1.10",
    "0123",
    "089",
    "0x1F",
    "0o17",
    "0b11",
    "1e3",
    "1_000",
    "1_000.5",
    ".5",
    "5.",
    ".inf",
    ".NaN",
    "true",
    "False",
    "yes",
    "n",
    "on",
    "OFF",
    "null",
    "~",
    "",
    "2001-01-01",
    "12:30:00",
    "10.0.0.1",
    "10.25.11.0/24",
    "fd00::1",
    "::",
    "\"42\"",
    "'42'",
    "\"",
    "it's",
    "!!str 42",
    "!!int 42",
    "[1,2]",
    "[",
    "{a: b}",
    "{",
    "a #c",
    "#c",
    " a",
    "a ",
    "a: b",
    "a:",
    ":a",
    ": a",
    "*x",
    "&x y",
    "@x",
    "%x",
    "`x",
    "|",
    "> a",
    "- a",
    "-",
    "--",
    "---",
    "...",
    "? a",
    "?a",
    "a\tb",
    "\\n",
    "\\",
    "<<",
    "=",
    "é",
    "😀",
    "a, b",
    "a]",
    "null ",
    "~ ",
    "18446744073709551616",
    "1e400",
    "a\nb",
    "0",
];

pub(super) const AROUND: &[&str] = &[
    "", "", "", "", "", "", "", "1", "a", "-", ": x", " # c", "*", "&", "!", "@", "%", "'", "\"", " ", "\t", ".", "m",
    "/32", "\n", "x\n", "{", "[", ":", ",", "?", "? ", "- ", "é", "😀", "$$", "a b",
];

/// A field's text around expressions whose values YAML gives a type.
pub(crate) fn field(seed: u64, number: u64) -> Case {
    let mut random = Random::of_case(seed, number);
    let random = &mut random;
    if random.once_in(10) {
        // Of what the expressions are drawn from, all that Flux would ever put in.
        let mut case = case(seed, number);
        case.variables.values_mut().for_each(|value| *value = value.replace('\n', ""));
        // goyaml itself dies of writing these, before Flux has its turn.
        case.text.retain(|character| !matches!(character, '\u{7F}'..='\u{9F}'));
        return Case { field: true, ..case };
    }
    let mut text = random.pick(AROUND).to_owned();
    for _ in 0..1 + random.below(2) {
        text += random.pick(&["${A}", "${A}", "${A}", "${B}", "${U}", "${U:-yes}", "${U:-012}", "${A:-1}", "$${A}"]);
        text += random.pick(AROUND);
    }
    let mut variables = BTreeMap::new();
    for name in ["A", "B"] {
        variables.insert(name.to_owned(), random.pick(TYPED).replace('\n', ""));
    }
    Case { text, variables, strict: random.once_in(4), field: true }
}

/// An operator on a value and a pattern that often fit each other, both from variables, so that the pattern may be
/// anything at all.
fn matching(random: &mut Random) -> Case {
    let value = noise(random, &['a', 'b', 'c', 'a', '/', 'é', '€', '[', '-', '\\'], 7);
    let pattern = noise(random, &['a', 'b', 'c', '*', '*', '?', '[', '[', ']', ']', '^', '-', '\\', 'é', '€'], 8);
    let operator = random.pick(&["#", "##", "%", "%%", "#", "##", "%", "%%", "/", "//", "/#", "/%"]);
    let replacement = if operator.starts_with('/') { random.pick(&["/", "/x", "/${V}"]) } else { "" };
    // A strip takes any pattern that has no brace as it stands; a replacement would read its escapes.
    let text = if random.once_in(4) && !pattern.is_empty() && !operator.starts_with('/') {
        format!("${{V{operator}{pattern}}}")
    } else {
        format!("${{V{operator}${{P}}{replacement}}}")
    };
    let variables = [("V".to_owned(), value), ("P".to_owned(), pattern)];
    Case { text, variables: BTreeMap::from(variables), strict: false, field: false }
}

fn value(random: &mut Random) -> String {
    match random.below(10) {
        0..6 => random.pick(VALUES).to_owned(),
        6 => format!("{}{}", random.pick(VALUES), random.pick(VALUES)),
        7 => noise(random, &['a', 'b', 'c', '.', '/', '*'], 12),
        8 => noise(random, ALPHABET, 8),
        _ => any(random, 6),
    }
}

fn text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(4) {
        if random.once_in(3) {
            text.push_str(random.pick(LITERALS));
        } else {
            text.push_str(&expression(random, 0));
        }
    }
    text
}

/// An expression of the grammar, mostly.
pub(super) fn expression(random: &mut Random, depth: usize) -> String {
    let name = random.pick(NAMES);
    let numbers = |random: &mut Random| argument(random, NUMBERS, depth);
    let globs = |random: &mut Random| argument(random, GLOBS, depth) + random.pick(&["", "", "*", "?", "a", "."]);
    let words = |random: &mut Random| argument(random, LITERALS, depth);
    let inside = match random.below(10) {
        0 => String::new(),
        1 => return format!("${{#{name}}}"),
        2 => random.pick(&["^", "^^", ",", ",,", "^,", "^^^"]).to_owned(),
        3 => format!(":{}", numbers(random)),
        4 => format!(":{}{}{}", numbers(random), random.pick(&[":", ":", ":", "::"]), numbers(random)),
        5 => format!("{}{}", random.pick(&["#", "##", "###"]), globs(random)),
        6 => format!("{}{}", random.pick(&["%", "%%", "%%%"]), globs(random)),
        7 => {
            let place = random.pick(&["/", "//", "/#", "/%"]);
            format!("{place}{}/{}", words(random), if random.once_in(4) { String::new() } else { words(random) })
        }
        _ => {
            let mut default = random.pick(&[":-", ":=", "=", ":+", ":?", "-", "+", "?"]).to_owned();
            for _ in 0..random.below(4) {
                default += &words(random);
            }
            default
        }
    };
    format!("${{{name}{inside}}}")
}

fn argument(random: &mut Random, choices: &[&str], depth: usize) -> String {
    match random.below(8) {
        0 | 1 if depth < 4 => expression(random, depth + 1),
        2 => value(random),
        3 => format!("{}{}", random.pick(choices), random.pick(choices)),
        _ => random.pick(choices).to_owned(),
    }
}

/// A text with up to three characters taken out, put in or doubled.
fn spoilt(random: &mut Random) -> String {
    let mut characters: Vec<char> = text(random).chars().collect();
    for _ in 0..1 + random.below(3) {
        let at = random.below(characters.len() + 1);
        match random.below(3) {
            0 if at < characters.len() => drop(characters.remove(at)),
            1 if at < characters.len() => characters.insert(at, characters[at]),
            _ => characters.insert(at, random.pick(ALPHABET)),
        }
    }
    characters.into_iter().collect()
}

fn noise(random: &mut Random, alphabet: &[char], most: usize) -> String {
    (0..random.below(most + 1)).map(|_| random.pick(alphabet)).collect()
}

/// Characters of all planes.
fn any(random: &mut Random, most: usize) -> String {
    let bounds = [0x80, 0x80, 0x250, 0x3000, 0x2_0000, 0x11_0000];
    let count = random.below(most + 1);
    let mut draw = || {
        let bound = random.pick(&bounds);
        char::from_u32(random.below(bound) as u32)
    };
    (0..count).filter_map(|_| draw()).collect()
}

/// Cases of [`characters`]: two for each code point.
pub(crate) const CHARACTER_CASES: u64 = 0x22_0000;

/// A character as a name, then in its other case; surrogates become U+FFFD.
pub(crate) fn characters(number: u64) -> Case {
    let code = u32::try_from(number / 2).ok();
    let character = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    if number.is_multiple_of(2) {
        return Case { text: format!("${{{character}:-n}}"), variables: BTreeMap::new(), strict: false, field: false };
    }
    let variables = [("V".to_owned(), format!("a{character}")), ("W".to_owned(), character.to_string())];
    Case {
        text: "${V^^} ${V,,} ${W^} ${W,}".to_owned(),
        variables: BTreeMap::from(variables),
        strict: false,
        field: false,
    }
}
