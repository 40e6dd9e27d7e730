//! One set of objects: for all clusters, or for one.

use super::metadata::Origin;
use super::remainder::Remainder;
use super::target::{Reader, Served};
use super::{ClusterValues, Desired, Object, Outcome, Withheld, announce, pool, smoke_test};
use crate::config::LoadBalancerPools;
use crate::config::output::CLUSTER;

/// Add the set for `cluster`, or for all where there is none.
pub(super) fn add(
    outcome: &mut Outcome,
    config: &LoadBalancerPools,
    cluster: Option<&ClusterValues<'_>>,
    remainder: Option<Remainder>,
) {
    let spec = &config.spec;
    let (served, origin) = (Served::by(config, cluster), Origin::of(config, cluster));
    let mut put = |object: Object, unknown: Option<(String, String)>, path: Option<&str>| {
        let name = cluster.map(|cluster| cluster.name.to_owned());
        match unknown {
            Some((because_of, because)) => {
                outcome.withheld.push(Withheld { resource: object.resource(), cluster: name, because_of, because });
            }
            None => {
                let path = path.map(|path| match &name {
                    Some(name) => path.replace(CLUSTER, name),
                    None => path.to_owned(),
                });
                outcome.objects.push(Desired { object, cluster: name, path });
            }
        }
    };
    let path = spec.output.path.as_deref();
    for asked in &spec.pools {
        let read = Reader::of(cluster);
        let carved = remainder.as_ref().filter(|_| asked.remainder).map(|remainder| &remainder.blocks);
        let blocks = carved.map(|blocks| blocks.clone().unwrap_or_default());
        let made = pool::of(asked, blocks, served.pool, &origin, &read);
        let unknown = carved.and_then(|blocks| blocks.clone().err()).or_else(|| read.unknown());
        // A pool without a block serves nothing; that there is none left is among the problems.
        if unknown.is_some() || !made.spec.blocks.is_empty() {
            put(Object::Pool(made), unknown, path);
        }
    }
    if let Some(bgp) = spec.advertise.as_ref().and_then(|advertise| advertise.bgp.as_ref()) {
        let read = Reader::of(cluster);
        let made = announce::bgp(bgp, served.bgp, &origin, &read);
        put(Object::Bgp(made), read.unknown(), path);
    }
    if let Some(l2) = spec.advertise.as_ref().and_then(|advertise| advertise.l2.as_ref()) {
        let read = Reader::of(cluster);
        let made = announce::l2(l2, &origin, &read);
        put(Object::L2(made), read.unknown(), path);
    }
    if let Some(test) = &spec.smoke_test {
        let path = test.path.as_deref().or(path);
        let read = Reader::of(cluster);
        let made = smoke_test::deployment(test, &origin, &read);
        put(Object::Deployment(made), read.unknown(), path);
        let read = Reader::of(cluster);
        let made = smoke_test::service(test, served.addresses, &origin, &read);
        put(Object::Service(made), read.unknown(), path);
    }
    if let Some(remainder) = remainder {
        outcome.settings.extend(remainder.settings);
        outcome.problems.extend(remainder.problems);
    }
}
