//! Which names the texts of the input read as `${NAME}`, wherever they stand.
//!
//! A key of the settings is unused only where nothing can read it: neither a manifest of any kind nor a patch, a
//! values file, a template or the config.

use std::collections::BTreeSet;

use memchr::memmem;

/// The names that texts mention, and the texts.
#[derive(Debug, Default)]
pub struct Readers<'t> {
    names: BTreeSet<&'t str>,
    texts: Vec<&'t str>,
}

impl<'t> Readers<'t> {
    /// Read a text.
    pub fn read(&mut self, text: &'t str) {
        for at in memmem::find_iter(text.as_bytes(), b"${") {
            let rest = &text[at + 2..];
            let rest = rest.strip_prefix('#').unwrap_or(rest);
            let end = rest.bytes().position(|byte| !is_of_name(byte)).unwrap_or(rest.len());
            if end > 0 {
                self.names.insert(&rest[..end]);
            }
        }
        self.texts.push(text);
    }

    /// Whether any text has `${NAME…`.
    pub fn mentions(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether the name stands anywhere as a word that is not a key with a value, as in settings.
    pub fn speaks_of(&self, name: &str) -> bool {
        let finder = memmem::Finder::new(name.as_bytes());
        self.texts.iter().any(|text| {
            let bytes = text.as_bytes();
            finder.find_iter(bytes).any(|at| {
                let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
                let after = bytes.get(at + name.len()).copied().unwrap_or(b' ');
                let key =
                    after == b':' || matches!(after, b'"' | b'\'') && bytes.get(at + name.len() + 1) == Some(&b':');
                !is_of_name(before) && !is_of_name(after) && !key
            })
        })
    }

    /// Whether a text that hands ConfigMaps to a program or a chart names this one.
    pub fn hands_on(&self, config_map: &str) -> bool {
        let ways = ["configMapRef", "configMapKeyRef", "valuesFrom", "configMap:"];
        self.texts.iter().any(|text| {
            memmem::find(text.as_bytes(), config_map.as_bytes()).is_some()
                && ways.iter().any(|way| memmem::find(text.as_bytes(), way.as_bytes()).is_some())
        })
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words() {
        let mut readers = Readers::default();
        readers.read("a: ${ONE}/${#TWO}\nb: $${THREE:-x}\nFOUR: 4\n\"FIVE\": 5\nkey: SIX\nSEVENTH: 7\n");
        for (name, mentioned, spoken) in [
            ("ONE", true, true),
            ("TWO", true, true),
            ("THREE", true, false),
            ("FOUR", false, false),
            ("FIVE", false, false),
            ("SIX", false, true),
            ("SEVEN", false, false),
        ] {
            assert_eq!(
                (readers.mentions(name), readers.mentions(name) || readers.speaks_of(name)),
                (mentioned, mentioned || spoken),
                "{name}"
            );
        }
    }
}
