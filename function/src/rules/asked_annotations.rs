//! The annotations by which objects speak to LB-IPAM, and the maps in which they have to stand.

use crate::flux::object::{Object, Text};

/// What is asked for with an annotation, and its spellings: today's, then the older one.
pub const KEYS: [[&str; 2]; 4] = [
    ["lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips"],
    ["lbipam.cilium.io/sharing-key", "io.cilium/lb-ipam-sharing-key"],
    ["lbipam.cilium.io/sharing-cross-namespace", "io.cilium/lb-ipam-sharing-cross-namespace"],
    ["lbipam.cilium.io/sharing-permit-different-pods", "io.cilium/lb-ipam-sharing-permit-different-pods"],
];

/// Whether some version of Cilium has this key.
pub fn exists(key: &str) -> bool {
    KEYS.iter().flatten().any(|known| *known == key)
}

/// Whether a key is one that was meant for LB-IPAM, right or wrong.
pub fn is_meant_for_lb_ipam(key: &str) -> bool {
    let plain: String = key.chars().filter(|c| !matches!(c, '-' | '_' | '.')).flat_map(char::to_lowercase).collect();
    plain.contains("lbipam")
}

/// The entries of an object's map that are meant for LB-IPAM, with the path of the map.
pub fn entries(object: &Object<'_, '_>, path: &[&str]) -> Vec<(Text, Text)> {
    let entries = object.map_at(path).into_iter();
    entries
        .filter(|(key, _)| is_meant_for_lb_ipam(&key.written))
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}
