//! Names that Cilium makes up, cut to what Kubernetes allows.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The longest name of a Service.
pub const LONGEST: usize = 63;

/// A name of at most 63 bytes: longer ones keep their first 52, a dash, and ten characters of the name's SHA-256 in
/// which the digits and vowels that could spell something are replaced (`ShortenK8sResourceName`, the same from 1.15 to
/// 1.20).
///
/// ```
/// use lbpools_function::cilium::shortened::shortened;
/// assert_eq!(shortened("cilium-gateway-public"), "cilium-gateway-public");
/// assert_eq!(shortened(&"x".repeat(64)).len(), 63);
/// ```
pub fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let mut hash = String::new();
    for byte in Sha256::digest(name.as_bytes()).iter().take(5) {
        // Writing to a String does not fail.
        let _ = write!(hash, "{byte:02x}");
    }
    let encoded: String = hash
        .chars()
        .map(|digit| match digit {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect();
    // Names of Kubernetes objects are ASCII; another one is refused anyway.
    let kept: String = name.chars().take(LONGEST - 11).collect();
    format!("{kept}-{encoded}")
}

#[cfg(test)]
mod tests {
    use super::shortened;

    /// What Cilium's own function gives.
    #[test]
    fn as_cilium_shortens() {
        for (name, expected) in [
            (
                "cilium-gateway-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "cilium-gateway-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
            (
                "cilium-gateway-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "cilium-gateway-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-c6h6b9477c",
            ),
            (
                "cilium-gateway-the-public-gateway-of-the-storefront-in-the-second-region",
                "cilium-gateway-the-public-gateway-of-the-storefront--dh29ktcktg",
            ),
            (
                "cilium-ingress-shop-shop-shop-shop-shop-shop-shop-shop-shop-shop-shop-shop-end",
                "cilium-ingress-shop-shop-shop-shop-shop-shop-shop-sh-db59hh7bf2",
            ),
        ] {
            assert_eq!(shortened(name), expected);
        }
    }
}
