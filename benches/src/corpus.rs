//! A large ResourceList that looks like a cluster's manifests, the same bytes on every machine.
//!
//! The mix was counted in real GitOps repositories: Services 31 %, Deployments 25 %, ConfigMaps 20 %, HelmReleases
//! 19 %, CustomResourceDefinitions 3 % (more than half of the bytes), pools 2 %. With comments, block scalars and flow
//! maps, as people write them. Every pool is sound and every pinned address is in one, so that a run ends with 0 and
//! costs what a healthy repository costs.

mod manifests;

use manifests::Numbers;

/// Bytes of an average item, so that the size asked for is roughly what comes out.
const BYTES_AN_ITEM: usize = 4_600;

/// Kinds and their share in percent.
const MIX: [(Kind, usize); 6] = [
    (Kind::Service, 31),
    (Kind::Deployment, 25),
    (Kind::ConfigMap, 20),
    (Kind::HelmRelease, 19),
    (Kind::Definition, 3),
    (Kind::Pool, 2),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Deployment,
    ConfigMap,
    HelmRelease,
    Definition,
    Pool,
}

/// A list of about so many bytes. The seed is fixed: two calls give the same bytes.
pub fn list(bytes: usize) -> String {
    let items = (bytes / BYTES_AN_ITEM).max(100);
    let mut kinds: Vec<Kind> =
        MIX.iter().flat_map(|&(kind, percent)| std::iter::repeat_n(kind, items * percent / 100)).collect();
    let mut random = Random(0x1b90_0150_5eed);
    for last in (1..kinds.len()).rev() {
        kinds.swap(last, random.below(last + 1));
    }
    let pools = kinds.iter().filter(|&&kind| kind == Kind::Pool).count();
    let mut numbers = Numbers { pools, requests: 0 };
    let mut out = String::with_capacity(bytes + bytes / 8);
    out.push_str(manifests::HEAD);
    let mut nth_pool = 0;
    for (number, kind) in kinds.into_iter().enumerate() {
        match kind {
            Kind::Service => manifests::service(&mut out, number, &mut numbers, &mut random),
            Kind::Deployment => manifests::deployment(&mut out, number, &mut random),
            Kind::ConfigMap => manifests::config_map(&mut out, number, &mut random),
            Kind::HelmRelease => manifests::helm_release(&mut out, number, &mut random),
            Kind::Definition => manifests::definition(&mut out, number, &mut random),
            Kind::Pool => {
                manifests::pool(&mut out, nth_pool);
                nth_pool += 1;
            }
        }
    }
    out.push_str(manifests::FUNCTION_CONFIG);
    out
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and the same everywhere.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_yaml_of_the_size_asked_for() {
        let list = list(1_000_000);
        assert!((900_000..1_100_000).contains(&list.len()), "{} bytes", list.len());
        let parsed: serde_yaml::Value = serde_yaml::from_str(&list).expect("the list is YAML");
        let items = parsed["items"].as_sequence().expect("a list has items");
        let share = |kind: &str| items.iter().filter(|item| item["kind"] == kind).count() * 100 / items.len();
        assert_eq!(share("Service"), 31);
        assert_eq!(share("Deployment"), 25);
        assert_eq!(parsed["functionConfig"]["kind"], "LoadBalancerPools");
    }

    #[test]
    fn it_is_the_same_every_time() {
        assert_eq!(list(500_000), list(500_000));
    }
}
