//! What the library makes of texts, row by row; `tests/oracle` asks the library itself about random ones.

mod dialects;
mod found;
mod limits;
mod outcomes;

use super::{Dialect, ErrorKind, Evaluated, Library, Lookup, evaluate};

const LENIENT: Dialect = Dialect { library: Library::V1_8, strict: false };
const STRICT: Dialect = Dialect { library: Library::V1_8, strict: true };

/// Evaluate with these variables, all others unset.
fn with(variables: &[(&str, &str)], text: &str, dialect: Dialect) -> Result<Evaluated, ErrorKind> {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map_or(Lookup::Unset, |(_, value)| Lookup::Set(value))
    };
    evaluate(text, &lookup, dialect).map_err(|error| error.kind)
}

/// Each text gives this text.
#[track_caller]
fn gives(variables: &[(&str, &str)], rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let outcome = with(variables, text, LENIENT).map(|evaluated| evaluated.text);
        assert_eq!(outcome.as_deref(), Ok(*expected), "of {text:?} with {variables:?}");
    }
}

/// Each text fails with this message.
#[track_caller]
fn fails(variables: &[(&str, &str)], dialect: Dialect, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let outcome = with(variables, text, dialect).map_err(|kind| kind.to_string());
        assert_eq!(outcome.map(|evaluated| evaluated.text), Err((*expected).to_owned()), "of {text:?}");
    }
}
