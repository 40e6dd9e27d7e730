//! What a version of Flux decides: how its kustomize-controller reads expressions.
//!
//! | Flux | kustomize-controller | `fluxcd/pkg/envsubst` | an unset variable |
//! |---|---|---|---|
//! | up to 2.8 | up to 1.8 | up to 1.5 | is empty |
//! | 2.9 | 1.9 | 1.7 | fails the Kustomization |
//! | newer | newer | 1.8 | fails the Kustomization |
//!
//! `StrictPostBuildSubstitutions`, a feature gate of the controller, sets the last column by hand.

use super::expression::{Dialect, Library};

/// Major and minor version of Flux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FluxVersion {
    minor: u32,
}

impl FluxVersion {
    /// Read `2.9`, `v2.9.1` and the like; nothing but Flux 2.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = text.split(['.', '-', '+']);
        if numbers.next() != Some("2") {
            return None;
        }
        numbers.next()?.parse().ok().map(|minor| Self { minor })
    }

    /// How it reads expressions as it comes.
    pub fn dialect(self) -> Dialect {
        match self.minor {
            0..=8 => Dialect::FLUX_2_8,
            9 => Dialect::FLUX_2_9,
            _ => Dialect { library: Library::V1_8, strict: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_their_dialects() {
        let dialect = |text| FluxVersion::parse(text).map(FluxVersion::dialect);
        for old in ["2.0", "2.8", "v2.8.3", "2.3.0-rc.1"] {
            assert_eq!(dialect(old), Some(Dialect::FLUX_2_8), "{old}");
        }
        assert_eq!(dialect("v2.9.5"), Some(Dialect::FLUX_2_9));
        assert_eq!(dialect("2.10"), Some(Dialect { library: Library::V1_8, strict: true }));
        for wrong in ["", "2", "2.", "1.42", "v0.41.2", "two", "2.x"] {
            assert_eq!(dialect(wrong), None, "{wrong}");
        }
    }
}
