//! Names as Kubernetes takes them.

use super::Findings;

/// A DNS subdomain: what most objects may be called (apimachinery `NameIsDNSSubdomain`).
pub(super) fn object(found: &mut Findings, path: &str, name: &str) {
    let valid = name.len() <= 253 && name.split('.').all(is_label);
    if !valid {
        found.add(
            path,
            format!("`{name}` cannot be the name of a Kubernetes object"),
            "use at most 253 lower case letters, digits, `-` and `.`, with a letter or digit at the start and the end \
             and beside each `.`",
        );
    }
}

/// A DNS label: what Namespaces and Services are called. The older rule for Services, which asks for a letter at
/// the start (`NameIsDNS1035Label`), is kept, since newer clusters take those names as well.
pub(super) fn label(found: &mut Findings, path: &str, name: &str, letter_first: bool) {
    let valid = is_label(name) && name.len() <= 63 && !(letter_first && name.starts_with(|c: char| c.is_ascii_digit()));
    if !valid {
        found.add(
            path,
            format!("`{name}` cannot be the name of a {}", if letter_first { "Service" } else { "Namespace" }),
            "use at most 63 lower case letters, digits and `-`, with a letter at the start and a letter or digit at \
             the end",
        );
    }
}

/// A key that Flux can substitute (kustomize-controller: one other key fails the whole Kustomization).
pub(super) fn setting(found: &mut Findings, path: &str, name: &str) {
    let mut bytes = name.bytes();
    let valid = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !valid {
        found.add(
            path,
            format!("`{name}` cannot be a variable of Flux"),
            "use letters, digits and `_`, and no digit at the start",
        );
    }
}

/// A file or directory of the package.
pub(super) fn inside(found: &mut Findings, path: &str, written: &str) {
    let leaves = written.starts_with('/') || written.contains('\\') || written.split('/').any(|step| step == "..");
    if written.trim().is_empty() {
        found.add(path, "the path is empty", "leave the field out, or write a path below the root of the package");
    } else if leaves {
        found.add(
            path,
            format!("`{written}` is not a path below the root of the package"),
            "write a relative path with `/` between its steps and without `..`",
        );
    }
}

/// A file that manifests can be written to.
pub(super) fn manifest(found: &mut Findings, path: &str, written: &str) {
    let before = found.problems.len();
    inside(found, path, written);
    if found.problems.len() == before && !(written.ends_with(".yaml") || written.ends_with(".yml")) {
        found.add(
            path,
            format!("`{written}` is not the name of a YAML file"),
            "let it end in .yaml or .yml: kustomize, Flux and kpt look for those only",
        );
    }
}

fn is_label(name: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = || name.bytes();
    edge(bytes().next())
        && edge(bytes().last())
        && bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(check: impl Fn(&mut Findings)) -> bool {
        let mut found = Findings::default();
        check(&mut found);
        !found.problems.is_empty()
    }

    #[test]
    fn names_of_objects() {
        for name in ["a", "gateway", "lb-pools", "a.b-c.9", "0"] {
            assert!(!refuses(|found| object(found, "", name)), "{name}");
        }
        for name in ["", "A", "a_b", "-a", "a-", "a..b", ".a", "a.", "a b", "é"] {
            assert!(refuses(|found| object(found, "", name)), "{name}");
        }
        assert!(refuses(|found| object(found, "", &"a".repeat(254))));
    }

    #[test]
    fn names_of_services() {
        assert!(!refuses(|found| label(found, "", "lb-echo", true)));
        assert!(refuses(|found| label(found, "", "1st", true)));
        assert!(!refuses(|found| label(found, "", "1st", false)));
        assert!(refuses(|found| label(found, "", "a.b", false)));
        assert!(refuses(|found| label(found, "", &"a".repeat(64), false)));
    }

    #[test]
    fn keys_that_flux_takes() {
        for name in ["CLUSTER", "_a", "a1"] {
            assert!(!refuses(|found| setting(found, "", name)), "{name}");
        }
        for name in ["", "1a", "a-b", "a.b"] {
            assert!(refuses(|found| setting(found, "", name)), "{name}");
        }
    }

    #[test]
    fn paths_stay_in_the_package() {
        for path in ["a/b.yaml", "./a.yml", "{cluster}/pools.yaml"] {
            assert!(!refuses(|found| manifest(found, "", path)), "{path}");
        }
        for path in ["", " ", "/etc/a.yaml", "../a.yaml", "a/../../b.yaml", "a\\b.yaml", "pools.json", "pools"] {
            assert!(refuses(|found| manifest(found, "", path)), "{path}");
        }
    }
}
