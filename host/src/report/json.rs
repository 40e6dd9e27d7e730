//! The report as it is, indented: for scripts, and for keeping beside a review.

use std::io::{self, Write};

/// Write the document. One that cannot be parsed is written as it came: better odd than lost.
pub fn emit(document: &[u8], out: &mut dyn Write) -> io::Result<()> {
    match serde_json::from_slice::<serde_json::Value>(document) {
        Ok(value) => serde_json::to_writer_pretty(&mut *out, &value)?,
        Err(_) => out.write_all(document)?,
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_field_and_their_order() {
        let mut out = Vec::new();
        emit(br#"{"z":1,"a":{"unknown to this runner":[true]}}"#, &mut out).unwrap();
        let expected = "{\n  \"z\": 1,\n  \"a\": {\n    \"unknown to this runner\": [\n      true\n    ]\n  }\n}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
