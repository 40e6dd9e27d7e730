//! The settings keys of a remainder pool: `LB_POOL_<NAME>_START` and `LB_POOL_<NAME>_END`, then `_START_2`,
//! `_END_2` and so on for further pieces.

use std::net::IpAddr;

use super::pool::PoolBlock;
use crate::cilium::Range;
use crate::config::Pool;

/// A settings key that a generated object needs, with the value that the network plan gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedSetting {
    /// The cluster whose settings it belongs in.
    pub cluster: String,
    /// The pool that needs it.
    pub pool: String,
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// The block of a piece, counted from 1.
pub(super) fn block(pool: &Pool, piece: usize) -> PoolBlock {
    PoolBlock::between(format!("${{{}}}", key(pool, "START", piece)), format!("${{{}}}", key(pool, "END", piece)))
}

/// The settings of a cluster's pieces.
pub(super) fn of_pieces(pool: &Pool, cluster: &str, pieces: &[Range]) -> Vec<ProposedSetting> {
    let setting = |key: String, address: IpAddr| ProposedSetting {
        cluster: cluster.to_owned(),
        pool: pool.name.clone(),
        key,
        value: substitutable(address),
    };
    let ends = |(at, piece): (usize, &Range)| {
        [setting(key(pool, "START", at + 1), piece.first()), setting(key(pool, "END", at + 1), piece.last())]
    };
    pieces.iter().enumerate().flat_map(ends).collect()
}

/// The name of a key. Flux takes letters, digits and `_`.
fn key(pool: &Pool, end: &str, piece: usize) -> String {
    let name: String =
        pool.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    match piece {
        1 => format!("LB_POOL_{name}_{end}"),
        _ => format!("LB_POOL_{name}_{end}_{piece}"),
    }
}

/// An address that is still a text after Flux has put it, unquoted, behind `start: `. YAML takes a plain `fd00::`
/// for a key, and the whole Kustomization fails with it; `fd00::0` is the same address.
fn substitutable(address: IpAddr) -> String {
    let text = address.to_string();
    if text.ends_with(':') { text + "0" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_variables_of_flux() {
        let pool = Pool { name: "web.internal-2".into(), ..Pool::default() };
        assert_eq!(key(&pool, "START", 1), "LB_POOL_WEB_INTERNAL_2_START");
        assert_eq!(key(&pool, "END", 3), "LB_POOL_WEB_INTERNAL_2_END_3");
    }

    #[test]
    fn no_value_ends_in_a_colon() {
        for (address, text) in [("fd00::", "fd00::0"), ("::", "::0"), ("fd00::1", "fd00::1"), ("10.0.0.1", "10.0.0.1")]
        {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(substitutable(address), text);
            assert_eq!(text.parse::<IpAddr>().expect("still one"), address);
        }
    }
}
