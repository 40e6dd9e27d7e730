//! Which Cilium a cluster runs.

use std::fmt;
use std::str::FromStr;

/// A Cilium version: minor, and patch where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CiliumVersion {
    minor: u16,
    patch: Option<u16>,
}

/// The oldest minor version that lbpools knows.
pub const OLDEST: u16 = 15;
/// The newest minor version that lbpools knows. A newer one is judged by this one's facts.
pub const NEWEST: u16 = 20;

/// Why a text names no version that lbpools can judge for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is no version at all.
    #[error("`{0}` is no Cilium version; write 1.15 to 1.20, with or without a patch level, such as 1.18 or v1.18.3")]
    Unreadable(String),
    /// Older than any that lbpools knows.
    #[error("Cilium {0} is older than the versions known here, 1.15 to 1.20")]
    TooOld(String),
}

impl CiliumVersion {
    /// Read `1.18`, `v1.18.3` or `1.20.0-rc.1` (which counts as its release).
    ///
    /// ```
    /// use lbpools_function::cilium::version::CiliumVersion;
    /// assert_eq!(CiliumVersion::parse("v1.18.3").map(|v| (v.minor(), v.patch())), Ok((18, Some(3))));
    /// assert!(CiliumVersion::parse("1.14").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<CiliumVersion, VersionError> {
        let unreadable = || VersionError::Unreadable(text.to_owned());
        let plain = text.trim();
        let plain = plain.strip_prefix('v').unwrap_or(plain);
        let release = plain.split(['-', '+']).next().unwrap_or_default();
        let mut parts = release.split('.');
        let mut part = || parts.next().map(|p| decimal(p).ok_or_else(unreadable)).transpose();
        let (major, minor, patch) = (part()?, part()?, part()?);
        let (Some(1), Some(minor), None) = (major, minor, part()?) else { return Err(unreadable()) };
        if minor < OLDEST {
            return Err(VersionError::TooOld(release.to_owned()));
        }
        Ok(CiliumVersion { minor, patch })
    }

    /// The number behind `1.`.
    pub fn minor(self) -> u16 {
        self.minor
    }

    /// The patch level, if it is known.
    pub fn patch(self) -> Option<u16> {
        self.patch
    }

    /// Newer than any that lbpools knows: the newest known facts are used, and the run says so.
    pub fn is_beyond_known(self) -> bool {
        self.minor > NEWEST
    }

    /// Whether it is this release or a later one of the same minor version. Where the patch level is not known the
    /// last one whose source was read counts: it is what an up-to-date cluster runs.
    pub(super) fn has(self, minor: u16, patch: u16) -> bool {
        self.minor > minor || (self.minor == minor && self.patch.is_none_or(|p| p >= patch))
    }
}

fn decimal(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl FromStr for CiliumVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<CiliumVersion, VersionError> {
        CiliumVersion::parse(text)
    }
}

/// `1.18` or `1.18.3`.
impl fmt::Display for CiliumVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.patch {
            Some(patch) => format!("1.{}.{patch}", self.minor),
            None => format!("1.{}", self.minor),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (text, shown) in [
            ("1.18", "1.18"),
            ("v1.18.3", "1.18.3"),
            (" 1.20.2 ", "1.20.2"),
            ("1.20.0-rc.1", "1.20.0"),
            ("1.21.0-pre.3", "1.21.0"),
        ] {
            assert_eq!(CiliumVersion::parse(text).map(|v| v.to_string()).as_deref(), Ok(shown), "{text}");
        }
        for text in ["", "1", "2.0", "1.x", "1.18.3.4", "latest", "1.+8", "1."] {
            assert_eq!(CiliumVersion::parse(text), Err(VersionError::Unreadable(text.to_owned())));
        }
        assert_eq!(CiliumVersion::parse("v1.14.2"), Err(VersionError::TooOld("1.14.2".into())));
    }

    #[test]
    fn a_patch_level_that_is_not_known_counts_as_the_last_one() {
        let has = |text: &str, minor, patch| CiliumVersion::parse(text).is_ok_and(|v| v.has(minor, patch));
        assert!(has("1.18", 18, 2) && has("1.18.2", 18, 2) && has("1.19.0", 18, 2));
        assert!(!has("1.18.1", 18, 2) && !has("1.17", 18, 2));
    }
}
