//! Which announcements cover the addresses of a request.
//!
//! LB-IPAM never looks at announcements: a Service gets its address, and every condition says that all is well,
//! whether or not anything tells the network. So the way is followed here: an L2 policy must select the Service; a BGP
//! advertisement must select it and be heard by a peer; both only for the load balancer classes that are theirs.

use std::collections::BTreeMap;

use super::ClusterView;
use super::announcement::{Advertisement, Announced, Means};
use super::peers::Peers;
use super::requests::Request;
use crate::cilium::request::{BGP_CLASS, L2_CLASS, families};
use crate::cilium::{Family, Service};
use crate::flux::fact::Fact;

/// The announcements of a cluster, ready to be asked.
#[derive(Debug)]
pub struct Announcers<'v, 'a, 't> {
    view: &'v ClusterView<'a, 't>,
    each: Vec<Announcer<'v, 'a, 't>>,
    /// Why there may be announcements that the input does not show.
    incomplete: Option<String>,
}

#[derive(Debug)]
struct Announcer<'v, 'a, 't> {
    advertisement: &'v Advertisement<'a, 't>,
    /// Which families somebody hears, and why it may be others.
    families: Vec<Family>,
    unknown: Option<String>,
    /// Why it announces nothing at all.
    idle: Option<Miss>,
}

/// Who announces the addresses of one family of a Service.
#[derive(Debug, Clone, Default)]
pub struct Coverage<'v, 'a, 't> {
    /// These do.
    pub by: Vec<&'v Advertisement<'a, 't>>,
    /// These do not, each for its reason.
    pub misses: Vec<(&'v Advertisement<'a, 't>, Miss)>,
    /// Why it is not certain.
    pub unknown: Option<String>,
}

/// Why an announcement does not cover a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Miss {
    /// The feature is switched off in the cluster.
    #[error("its feature is switched off in this cluster")]
    SwitchedOff,
    /// Cilium of this version does not read it.
    #[error("this version of Cilium does not read it")]
    NotRead,
    /// It is not for the addresses of load balancers.
    #[error("it does not announce the addresses of load balancers")]
    NotForLoadBalancers,
    /// Its selector misses the Service.
    #[error("it does not select the Service")]
    NotSelected,
    /// It has no selector where it needs one, or one that cannot be compiled.
    #[error("it selects nothing at all")]
    NoSelector,
    /// The class of the Service is another feature's.
    #[error("the Service's load balancer class is not one that it announces")]
    Class,
    /// No peer takes the advertisement.
    #[error("no peer takes it: no CiliumBGPPeerConfig in use selects its labels")]
    NoPeer,
    /// Peers take it, but not for this family.
    #[error("no peer that takes it carries this address family")]
    NoPeerOfFamily,
    /// IPv6 in L2 before 1.19: the lease is taken, and nobody answers.
    #[error("before Cilium 1.19 no node answers for IPv6 addresses")]
    Ipv6,
    /// A Service of a Gateway or Ingress with externalTrafficPolicy Local, which has no endpoint on any node.
    #[error("with externalTrafficPolicy Local no node has an endpoint of this Service")]
    LocalWithoutEndpoint,
}

impl<'v, 'a, 't> Announcers<'v, 'a, 't> {
    /// The announcements of a view.
    pub fn of(view: &'v ClusterView<'a, 't>) -> Self {
        let peers = Peers::of(&view.cluster.objects);
        let each: Vec<Announcer<'v, 'a, 't>> =
            view.advertisements.iter().map(|advertisement| announcer(view, &peers, advertisement)).collect();
        let incomplete = if each.is_empty() {
            Some("the input holds nothing that announces addresses of this cluster".to_owned())
        } else {
            view.cluster.not_checked.first().map(|note| format!("{}: {}", note.what, note.because))
        };
        Self { view, each, incomplete }
    }

    /// The BGP advertisements of load balancer addresses that surely no peer takes.
    pub fn unheard(&self) -> Vec<&'v Advertisement<'a, 't>> {
        let load_balancer =
            |advertisement: &Advertisement<'_, '_>| advertisement.announces.iter().any(|a| a.load_balancer);
        let unheard = |announcer: &&Announcer<'_, '_, '_>| {
            announcer.advertisement.means == Means::Bgp
                && announcer.idle.is_none()
                && announcer.families.is_empty()
                && announcer.unknown.is_none()
                && announcer.advertisement.object.altered.is_none()
                && load_balancer(announcer.advertisement)
        };
        // What was not followed may hold the configuration that takes it.
        let certain = self.view.cluster.not_checked.is_empty();
        self.each.iter().filter(|_| certain).filter(unheard).map(|announcer| announcer.advertisement).collect()
    }

    /// Who announces the addresses of a request, over all its families.
    pub fn all(&self, request: &Request<'_, '_>) -> Coverage<'v, 'a, 't> {
        let service = match &request.service {
            Fact::Known(service) => service,
            Fact::Unknown(why) => return Coverage { unknown: Some(why.clone()), ..Coverage::default() },
        };
        let mut all = Coverage::default();
        for family in self.families(request, service) {
            let one = self.coverage(request, service, family);
            for each in one.by {
                if !all.by.iter().any(|known| std::ptr::eq(*known, each)) {
                    all.by.push(each);
                }
            }
            all.unknown = all.unknown.or(one.unknown);
        }
        all
    }

    /// The families of the addresses that a request gets.
    pub fn families(&self, request: &Request<'_, '_>, service: &Service) -> Vec<Family> {
        let asked = &request.requested.addresses;
        let has = |family| match asked.as_slice() {
            [] => families(service, &self.view.flags).has(family),
            asked => asked.iter().any(|asked| Family::of(asked.address) == family),
        };
        [Family::V4, Family::V6].into_iter().filter(|family| has(*family)).collect()
    }

    /// Who announces the addresses of one family of a Service.
    pub fn coverage(&self, request: &Request<'_, '_>, service: &Service, family: Family) -> Coverage<'v, 'a, 't> {
        let labels = service.selectable_labels();
        let mut coverage = Coverage::default();
        for announcer in &self.each {
            let verdict = self.covers(announcer, request.through_envoy, service, &labels, family);
            match verdict {
                Fact::Known(Ok(())) => coverage.by.push(announcer.advertisement),
                Fact::Known(Err(miss)) => coverage.misses.push((announcer.advertisement, miss)),
                Fact::Unknown(why) => coverage.unknown = Some(why),
            }
        }
        let peering = self.each.iter().any(|a| a.advertisement.means == Means::BgpPeering && a.idle.is_none());
        if peering && coverage.by.iter().any(|by| by.means == Means::Bgp) {
            coverage.unknown =
                Some("on nodes that a CiliumBGPPeeringPolicy selects, advertisements do not count".into());
        }
        if coverage.by.is_empty() && coverage.unknown.is_none() {
            coverage.unknown.clone_from(&self.incomplete);
        }
        coverage
    }

    fn covers(
        &self,
        announcer: &Announcer<'_, '_, '_>,
        through_envoy: bool,
        service: &Service,
        labels: &BTreeMap<String, String>,
        family: Family,
    ) -> Fact<Result<(), Miss>> {
        let advertisement = announcer.advertisement;
        if let Some(idle) = announcer.idle {
            return Fact::Known(Err(idle));
        }
        if let Some(why) = &advertisement.object.altered {
            return Fact::Unknown(why.to_string());
        }
        let selected = match selected(&advertisement.announces, labels) {
            Fact::Known(selected) => selected,
            Fact::Unknown(why) => return Fact::Unknown(why),
        };
        if let Err(miss) = selected {
            return Fact::Known(Err(miss));
        }
        let own_class = if advertisement.means == Means::L2 { L2_CLASS } else { BGP_CLASS };
        if service.class.as_deref().is_some_and(|class| class != own_class) {
            return Fact::Known(Err(Miss::Class));
        }
        if advertisement.means == Means::Bgp && !announcer.families.contains(&family) {
            return match &announcer.unknown {
                Some(why) => Fact::Unknown(why.clone()),
                None if announcer.families.is_empty() => Fact::Known(Err(Miss::NoPeer)),
                None => Fact::Known(Err(Miss::NoPeerOfFamily)),
            };
        }
        let (profile, known) = (&self.view.profile, self.view.version_known);
        let depends = |needs: bool, miss: Miss| match (known, needs) {
            (false, _) => Fact::Unknown("it depends on the version of Cilium, which the config does not say".into()),
            (true, true) => Fact::Known(Err(miss)),
            (true, false) => Fact::Known(Ok(())),
        };
        if advertisement.means == Means::L2 && family == Family::V6 {
            let verdict = depends(!profile.l2_ipv6, Miss::Ipv6);
            if verdict != Fact::Known(Ok(())) {
                return verdict;
            }
        }
        if service.external_traffic_policy == "Local" && through_envoy {
            let misses = match advertisement.means {
                Means::L2 => profile.l2_local_needs_backend,
                Means::Bgp | Means::BgpPeering => !profile.bgp_local_gateway,
            };
            return depends(misses, Miss::LocalWithoutEndpoint);
        }
        Fact::Known(Ok(()))
    }
}

fn announcer<'v, 'a, 't>(
    view: &ClusterView<'_, '_>,
    peers: &Peers<'_, '_>,
    advertisement: &'v Advertisement<'a, 't>,
) -> Announcer<'v, 'a, 't> {
    let (on, read) = match advertisement.means {
        Means::L2 => (view.flags.l2_announcements, true),
        Means::Bgp => (view.flags.bgp_control_plane, view.profile.bgp_is_read),
        Means::BgpPeering => (view.flags.bgp_control_plane, view.profile.bgp_peering_policy),
    };
    let idle = if !on {
        Some(Miss::SwitchedOff)
    } else if view.version_known && !read {
        Some(Miss::NotRead)
    } else {
        None
    };
    let mut announcer = Announcer { advertisement, families: Vec::new(), unknown: None, idle };
    if advertisement.means == Means::Bgp {
        match advertisement.object.labels() {
            Fact::Known(labels) => {
                let heard = peers.hear(&labels);
                announcer.families = heard.families.into_iter().collect();
                announcer.unknown = heard.unknown;
            }
            Fact::Unknown(why) => announcer.unknown = Some(why),
        }
    }
    announcer
}

/// Whether one of the entries is for load balancers and selects these labels.
fn selected(entries: &[Announced], labels: &BTreeMap<String, String>) -> Fact<Result<(), Miss>> {
    let mut miss = Miss::NotForLoadBalancers;
    let mut unknown = None;
    for entry in entries.iter().filter(|entry| entry.load_balancer) {
        match &entry.selector {
            Fact::Known(None) if entry.missing_selects_all => return Fact::Known(Ok(())),
            Fact::Known(Some(Ok(selector))) if selector.selects_all() || selector.matches(labels) => {
                return Fact::Known(Ok(()));
            }
            Fact::Known(Some(Ok(_))) => miss = Miss::NotSelected,
            Fact::Known(None | Some(Err(_))) if miss == Miss::NotSelected => {}
            Fact::Known(None | Some(Err(_))) => miss = Miss::NoSelector,
            Fact::Unknown(why) => unknown = Some(why.clone()),
        }
    }
    match unknown {
        Some(why) => Fact::Unknown(why),
        None => Fact::Known(Err(miss)),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::cases::evaluated;

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  namespace: home\n\
                           spec: {type: LoadBalancer}\n---\n";

    /// Who announces the one Service, and why that is not certain.
    fn announced(case: &str) -> (Vec<String>, Option<String>) {
        let report = evaluated(&format!("{SERVICE}{case}")).report;
        let request = &report.clusters[0].requests[0];
        (request.announced_by.iter().map(|by| by.name.clone()).collect(), request.announcement_unknown.clone())
    }

    fn by(names: &[&str]) -> (Vec<String>, Option<String>) {
        (names.iter().map(|name| (*name).to_owned()).collect(), None)
    }

    fn l2(spec: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumL2AnnouncementPolicy\nmetadata: {{name: l2}}\nspec: {spec}\n---\n"
        )
    }

    fn bgp(labels: &str, selector: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumBGPAdvertisement\nmetadata: {{name: bgp, labels: {{{labels}}}}}\n\
             spec: {{advertisements: [{{advertisementType: Service, service: {{addresses: [LoadBalancerIP]}}, {selector}}}]}}\n---\n"
        )
    }

    fn peers(afi: &str) -> String {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumBGPClusterConfig\nmetadata: {{name: c}}\nspec:\n  bgpInstances:\n  \
             - {{name: i, peers: [{{name: p, peerConfigRef: {{name: tor}}}}]}}\n---\n\
             apiVersion: cilium.io/v2\nkind: CiliumBGPPeerConfig\nmetadata: {{name: tor}}\nspec:\n  families:\n  \
             - {{afi: {afi}, safi: unicast, advertisements: {{matchLabels: {{advertise: bgp}}}}}}\n---\n"
        )
    }

    #[test]
    fn l2_policies() {
        assert_eq!(announced(&l2("{loadBalancerIPs: true}")), by(&["l2"]));
        assert_eq!(announced(&l2("{loadBalancerIPs: true, serviceSelector: {matchLabels: {a: b}}}")), by(&[]));
        assert_eq!(announced(&l2("{externalIPs: true}")), by(&[]));
        assert!(announced("").1.is_some_and(|why| why.contains("nothing that announces")));
    }

    #[test]
    fn the_chain_of_bgp() {
        let all = bgp("advertise: bgp", "selector: {}");
        assert_eq!(announced(&(all.clone() + &peers("ipv4"))), by(&["bgp"]));
        assert_eq!(announced(&(bgp("advertise: other", "selector: {}") + &peers("ipv4"))), by(&[]));
        assert_eq!(announced(&(all.clone() + &peers("ipv6"))), by(&[]), "the Service has an IPv4 address");
        assert_eq!(announced(&(bgp("advertise: bgp", "attributes: {}") + &peers("ipv4"))), by(&[]), "no selector");
        assert!(announced(&all).1.is_some_and(|why| why.contains("no CiliumBGPClusterConfig")));
        let missing = all.clone() + &peers("ipv4").replace("metadata: {name: tor}", "metadata: {name: other}");
        assert!(announced(&missing).1.is_some_and(|why| why.contains("not in the input")));
    }
}
