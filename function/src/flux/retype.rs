//! What a substituted value is once Flux has read it again.
//!
//! Flux does not substitute in a file as it is written. kustomize has read it before and Flux writes each object out
//! anew, through goyaml v2, which puts quotes only where a text needs them as it stands, expressions included. Into
//! that goes the substitution, and the outcome is read as YAML once more. So `"${PORT}"` comes out as a number, a
//! `yes` as a boolean, nothing at all as null, and a value with `: ` in it breaks the object.

use super::expression::{self, Dialect, Evaluated, ExpressionError, Lookup};
use crate::krm::node::Value;
use crate::krm::parse;
use crate::krm::scalar::{Typed, resolve, typed};

/// What a value turned into.
#[derive(Debug, Clone, PartialEq)]
pub enum Retyped {
    /// Nothing: an empty value, `~`, `null`.
    Null,
    /// `true`, `yes`, `off` and the like.
    Bool(bool),
    /// A number, as JSON has it.
    Number(String),
    /// A text, as meant.
    Text(String),
    /// A list or a map.
    Collection,
    /// No YAML any more, for this reason: Flux refuses the object.
    Broken(String),
}

/// Substitute in a scalar's text as Flux does, and read what comes of it.
///
/// # Errors
///
/// Where the expression itself fails.
pub fn substitute<'v>(
    text: &str,
    lookup: &dyn Fn(&str) -> Lookup<'v>,
    dialect: Dialect,
) -> Result<(Evaluated, Retyped), ExpressionError> {
    // The line's end belongs to it: an expression that is not closed reads on.
    let quoting = Quoting::of(text);
    let written = quoting.write(text) + "\n";
    let mut evaluated = expression::evaluate(&written, lookup, dialect)?;
    let retyped = read(&evaluated.text);
    if evaluated.unknown.is_none() {
        // Lines are long, so that a break seldom has to do with another one: each alone, and all of them.
        let (all, breaks) = quoting.write_broken(text, None);
        let alone = (0..breaks.min(BREAKS)).map(|one| quoting.write_broken(text, Some(one)).0);
        let same = |broken: String| {
            let other = expression::evaluate(&(broken + "\n"), lookup, dialect);
            other.is_ok_and(|other| read(&other.text) == retyped)
        };
        if breaks > 0 && !std::iter::once(all).chain(alone).all(same) {
            evaluated.unknown = Some(BROKEN_INTO_LINES.to_owned());
        }
    }
    Ok((evaluated, retyped))
}

/// Places that are looked at one by one; a text with more of them is no value of anything that decides here.
const BREAKS: usize = 64;

/// Why a value is not known that depends on where goyaml begins a new line: that hangs on how deep the field lies.
pub const BROKEN_INTO_LINES: &str = "goyaml breaks long texts into lines, and where it does decides about the blanks";

/// Read a value as it stands behind its key.
fn read(value: &str) -> Retyped {
    let value = value.trim_start_matches(' ');
    if value.strip_prefix('&').is_some_and(|anchor| !is_anchor(anchor)) {
        return Retyped::Broken("no anchor is called so".to_owned());
    }
    if value.strip_prefix('!').is_some_and(is_local_tag) {
        return Retyped::Text(String::new());
    }
    let quoted = value.starts_with('"');
    let Some(value) = (if quoted { goyaml_quotes(value) } else { Some(value.to_owned()) }) else {
        return Retyped::Broken("found unknown escape character".to_owned());
    };
    let line = format!("value: {value}");
    let root = match parse::document(&line) {
        Ok(root) => root,
        Err(error) => return Retyped::Broken(error.to_string()),
    };
    let [entry] = root.entries() else { return Retyped::Broken("it is more than one value".to_owned()) };
    if !matches!(entry.value.value, Value::Scalar { .. }) {
        return Retyped::Collection;
    }
    let retyped = match typed(&entry.value) {
        None | Some(Typed::Null) => Retyped::Null,
        Some(Typed::Bool(is) | Typed::LegacyBool(is)) => Retyped::Bool(is),
        Some(Typed::Int(number)) => Retyped::Number(number.to_string()),
        Some(Typed::Float(number)) if number.is_finite() => Retyped::Number(number.to_string()),
        Some(Typed::Float(_)) => Retyped::Broken("JSON has no such number".to_owned()),
        Some(Typed::Str(text)) => Retyped::Text(text.to_owned()),
    };
    let tag = if value.starts_with('!') { value.split_whitespace().next() } else { None };
    let kept = match (tag, &retyped) {
        (Some("!!int"), _) => matches!(typed(&entry.value), Some(Typed::Int(_))),
        (Some("!!float"), retyped) => matches!(retyped, Retyped::Number(_)),
        (Some("!!bool"), retyped) => matches!(retyped, Retyped::Bool(_)),
        (Some("!!null"), retyped) => *retyped == Retyped::Null,
        // Any other tag keeps a text a text.
        (Some(_), Retyped::Number(_) | Retyped::Bool(_) | Retyped::Null) => {
            return Retyped::Text(entry.value.text().unwrap_or_default().to_owned());
        }
        _ => true,
    };
    if kept { retyped } else { Retyped::Broken("its tag asks for another type".to_owned()) }
}

/// Whether goyaml takes an anchor's name, which is at the beginning of a text.
fn is_anchor(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    rest.len() < text.len() && rest.chars().next().is_none_or(|next| " \t\n".contains(next))
}

/// Whether a text is all of an unknown tag's name, with nothing behind it: to goyaml an empty text.
fn is_local_tag(text: &str) -> bool {
    text.trim_end().chars().all(|c| c.is_ascii_alphanumeric() || "-_;/?:@&=+$,.~*'()[]".contains(c))
}

/// Between double quotes goyaml knows `\'`, which YAML does not, and not `\/`, which YAML does: `None` where it stands.
fn goyaml_quotes(text: &str) -> Option<String> {
    let mut read = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, characters.as_str().chars().next()) {
            ('\\', Some('\'')) => {}
            ('\\', Some('/')) => return None,
            ('\\', Some(escaped)) => {
                read.extend([character, escaped]);
                characters.next();
            }
            _ => read.push(character),
        }
    }
    Some(read)
}

/// How goyaml v2 writes a text (its `stringv` and `analyze_scalar`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Plain,
    Single,
    Double,
    /// More than one line.
    Block,
}

impl Quoting {
    fn of(text: &str) -> Self {
        if !matches!(resolve(text), Typed::Str(_)) {
            return Quoting::Double;
        }
        let characters: Vec<char> = text.chars().collect();
        let blank = |at: usize| matches!(characters.get(at), None | Some(' ' | '\t'));
        let space = |at: usize| characters.get(at) == Some(&' ');
        let mut indicator = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut breaks, mut break_space) = (false, false, false);
        for (at, &character) in characters.iter().enumerate() {
            indicator |= match character {
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => at == 0,
                '?' | '-' => at == 0 && blank(at + 1),
                ':' => blank(at + 1),
                '#' => at == 0 || blank(at - 1),
                _ => false,
            };
            special |= !is_printable(character);
            if is_break(character) {
                breaks = true;
                special |= at > 0 && space(at - 1);
                break_space |= space(at + 1);
            }
        }
        let trailing_space = characters.last() == Some(&' ');
        let edges = characters.first() == Some(&' ') || trailing_space;
        match () {
            () if text.contains('\n') && !special && !trailing_space => Quoting::Block,
            () if text.contains('\n') || special || break_space => Quoting::Double,
            () if breaks || indicator || edges => Quoting::Single,
            () => Quoting::Plain,
        }
    }

    /// The text with a new line wherever goyaml may begin one, or at one of these places only: at blanks between words,
    /// once a line has 80 columns (`yaml_emitter_write_plain_scalar` and its like). Says how many places there are.
    fn write_broken(self, text: &str, only: Option<usize>) -> (String, usize) {
        let mut broken = String::new();
        let mut breaks = 0;
        if self == Quoting::Block || !text.contains(' ') {
            return (broken, breaks);
        }
        let characters: Vec<char> = text.chars().collect();
        for (at, &character) in characters.iter().enumerate() {
            let inside = at > 0 && at + 1 < characters.len();
            let first = character == ' ' && inside && characters[at - 1] != ' ';
            let next_blank = characters.get(at + 1) == Some(&' ');
            if first && (self == Quoting::Double || !next_blank) {
                breaks += 1;
                if only.is_none_or(|only| only + 1 == breaks) {
                    broken.push_str(if next_blank { "\n  \\" } else { "\n  " });
                    continue;
                }
            }
            match self {
                Quoting::Double => broken.push_str(&escaped(character)),
                Quoting::Single if character == '\'' => broken.push_str("''"),
                _ => broken.push(character),
            }
        }
        let written = match self {
            Quoting::Single => format!("'{broken}'"),
            Quoting::Double => format!("\"{broken}\""),
            Quoting::Plain | Quoting::Block => broken,
        };
        (written, breaks)
    }

    fn write(self, text: &str) -> String {
        match self {
            Quoting::Plain => text.to_owned(),
            Quoting::Block => block(text),
            Quoting::Single => format!("'{}'", text.replace('\'', "''")),
            Quoting::Double => format!("\"{}\"", text.chars().map(escaped).collect::<String>()),
        }
    }
}

/// A text of several lines, behind its hints: the depth where the first line would not show it, and what becomes of
/// the last line's end.
fn block(text: &str) -> String {
    let depth = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let end = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    let indented = lines.map(|line| if line.is_empty() { "\n".to_owned() } else { format!("\n  {line}") });
    format!("|{depth}{end}{}", indented.collect::<String>())
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What goyaml takes for printable; characters beyond the first plane are not.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
}

/// A character between double quotes.
fn escaped(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        _ if is_printable(character) && !is_break(character) => character.to_string(),
        '\0' => "\\0".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{B}' => "\\v".to_owned(),
        '\u{C}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{1B}' => "\\e".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        other => match u32::from(other) {
            code @ 0..=0xFF => format!("\\x{code:02X}"),
            code @ 0..=0xFFFF => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::Library;
    use super::*;

    fn outcome(text: &str, value: &str) -> Retyped {
        let lookup = |name: &str| if name == "V" { Lookup::Set(value) } else { Lookup::Unset };
        substitute(text, &lookup, Dialect { library: Library::V1_8, strict: false }).expect("evaluates").1
    }

    #[test]
    fn a_plain_value_is_typed_anew() {
        let text = |text: &str| Retyped::Text(text.to_owned());
        let number = |number: &str| Retyped::Number(number.to_owned());
        for (value, want) in [
            ("42", number("42")),
            ("1.10", number("1.1")),
            ("yes", Retyped::Bool(true)),
            ("off", Retyped::Bool(false)),
            ("", Retyped::Null),
            ("~", Retyped::Null),
            ("0123", number("83")),
            ("0x1F", number("31")),
            ("1e3", number("1000")),
            ("1_000", number("1000")),
            ("10.0.0.1", text("10.0.0.1")),
            ("2001-01-01", text("2001-01-01")),
            ("12:30:00", text("12:30:00")),
            ("\"42\"", text("42")),
            ("!!str 42", text("42")),
            ("[1,2]", Retyped::Collection),
            ("{a: b}", Retyped::Collection),
            ("a #c", text("a")),
            ("  a", text("a")),
        ] {
            assert_eq!(outcome("${V}", value), want, "{value:?}");
        }
        for value in ["a: b", "*x", "@x", ".inf"] {
            assert!(matches!(outcome("${V}", value), Retyped::Broken(_)), "{value:?}");
        }
    }

    #[test]
    fn where_a_line_breaks_may_decide_about_blanks() {
        let unknown = |text: &str, value: &str| {
            let lookup = |name: &str| if name == "V" { Lookup::Set(value) } else { Lookup::Unset };
            substitute(text, &lookup, Dialect::FLUX_2_8).expect("it evaluates").0.unknown
        };
        for (text, value) in
            [("a ${V} b", ""), ("'a ${V} b", ""), ("a ${V} b", "#"), ("a ${X/a b/c} ${V/a b/c}", "a b")]
        {
            assert_eq!(unknown(text, value).as_deref(), Some(BROKEN_INTO_LINES), "{text:?} {value:?}");
        }
        for (text, value) in [("a ${V} b", "x"), ("a ${V:-two words} b", ""), ("a${V}b", ""), ("a ${V}\nb", "")] {
            assert_eq!(unknown(text, value), None, "{text:?} {value:?}");
        }
    }

    #[test]
    fn a_text_that_needs_quotes_keeps_them() {
        for (text, value, want) in [
            ("${V}: x", "42", "42: x"),
            ("*${V}", "yes", "*yes"),
            ("${V}!", "!!str 4", "4!"),
            (" ${V}", "1", " 1"),
            ("${V} # c", "1", "1 # c"),
            ("\t${V}", "1", "\t1"),
            ("${V}\n", "1", "1\n"),
        ] {
            assert_eq!(outcome(text, value), Retyped::Text(want.to_owned()), "{text:?}");
        }
        assert!(matches!(outcome("*${V}", "it's"), Retyped::Broken(_)));
    }
}
