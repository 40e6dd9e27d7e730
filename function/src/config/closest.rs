//! The known name that an unknown one was probably meant to be.

/// The closest of the known names, if one is close enough to have been meant.
///
/// Spelling apart (`service_selector`, `ServiceSelector`), a name may be off by a third of its letters: `bloks`
/// means `blocks`, and `xyz` means nothing. The distance counts a swap of neighbours as one mistake. Of equally
/// close names the first wins.
pub fn closest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let meant = folded(unknown);
    let limit = (meant.chars().count() / 3).max(1);
    known
        .iter()
        .map(|name| (strsim::osa_distance(&meant, &folded(name)), *name))
        .filter(|(distance, _)| *distance <= limit)
        // min_by_key keeps the first of equals.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// One sentence on a name that is not known, and what to do, with the closest known name where there is one.
pub fn unknown_name(what: &str, unknown: &str, known: &[&str]) -> (String, String) {
    let message = format!("unknown {what} `{unknown}`");
    let help = match closest(unknown, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "nothing may be written here".to_owned(),
        None => {
            let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("known here: {}", known.join(", "))
        }
    };
    (message, help)
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[&str] =
        &["name", "blocks", "remainder", "serviceSelector", "allowFirstLastIPs", "disabled", "owner", "purpose"];

    #[test]
    fn finds_what_was_meant() {
        for (unknown, meant) in [
            ("bloks", "blocks"),
            ("blcoks", "blocks"),
            ("block", "blocks"),
            ("service-selector", "serviceSelector"),
            ("serviceselector", "serviceSelector"),
            ("serviceSelectors", "serviceSelector"),
            ("allowFirstLastIps", "allowFirstLastIPs"),
            ("nmae", "name"),
            ("disable", "disabled"),
        ] {
            assert_eq!(closest(unknown, FIELDS), Some(meant), "{unknown}");
        }
    }

    #[test]
    fn says_nothing_rather_than_something_silly() {
        for unknown in ["xyz", "", "q", "selector", "replicas"] {
            assert_eq!(closest(unknown, FIELDS), None, "{unknown}");
        }
        assert_eq!(closest("name", &[]), None);
    }

    #[test]
    fn the_first_of_equally_close_names_wins() {
        assert_eq!(closest("b4", &["b2", "b3"]), Some("b2"));
    }

    #[test]
    fn the_sentences_say_what_to_write() {
        assert_eq!(
            unknown_name("field", "bloks", FIELDS),
            ("unknown field `bloks`".into(), "did you mean `blocks`?".into())
        );
        assert_eq!(unknown_name("field", "zzz", &["a1", "b1"]).1, "known here: `a1`, `b1`");
    }
}
