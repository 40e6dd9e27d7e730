//! File names as references that other programs follow.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a relative reference as it is (RFC 3986, 2.3). A colon may not: it would end a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A reference to a file: relative as the caller would write it, or `file:` for an absolute path.
pub(super) fn uri(file: &str) -> String {
    let path = utf8_percent_encode(file, PATH);
    if file.starts_with('/') { format!("file://{path}") } else { path.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_uri_cannot_hold() {
        assert_eq!(uri("my fleet/a:b%20 ü.yaml"), "my%20fleet/a%3Ab%2520%20%C3%BC.yaml");
        assert_eq!(uri("/tmp/a b.yaml"), "file:///tmp/a%20b.yaml");
        assert_eq!(uri("../a.yaml"), "../a.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
