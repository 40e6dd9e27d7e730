//! How what each Service has stands to what was predicted.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{PoolDrift, Stand, Verified, words};
use crate::cilium::address::parse_address;
use crate::cilium::history::{Account, Accounts};
use crate::cilium::{Range, Service};
use crate::cluster::requests::{Asker, Request};
use crate::flux::fact::Fact;
use crate::observed::{Lacks, LivingService};
use crate::report::{HeldAddress, OriginReport, Outcome, Standing};

/// Whose a Service is that is no request of the repository.
pub(super) fn origin(service: &LivingService) -> OriginReport {
    match &service.origin {
        origin if origin.helm_release.is_some() => OriginReport::Helm,
        origin if origin.owner.is_some() => OriginReport::Owned,
        _ => OriginReport::Foreign,
    }
}

/// The addresses of a status, with the pools that hold them.
pub(super) fn actual(verified: &Verified<'_, '_, '_>, living: &LivingService) -> Vec<HeldAddress> {
    let accounts = verified.living.accounts(&living.service.key);
    let pool_of = |text: &str| {
        let address = parse_address(text).ok()?.address;
        let (_, pool, _) = accounts?.held.iter().find(|(held, ..)| *held == address)?;
        Some(verified.living.pools.get((*pool)?)?.name.clone())
    };
    let addresses =
        living.service.ingress.iter().map(|text| HeldAddress { address: text.clone(), pool: pool_of(text) });
    let names = living.hostnames.iter().map(|name| HeldAddress { address: name.clone(), pool: None });
    addresses.chain(names).collect()
}

/// The reason of the operator, where it says that something is lacking.
pub(super) fn reason(living: &LivingService) -> Option<String> {
    let condition = living.condition.as_ref().filter(|condition| condition.status == "False")?;
    Some(match condition.message.as_str() {
        "" => condition.reason.clone(),
        message => format!("{}: {message}", condition.reason),
    })
}

pub(super) fn stands(verified: &Verified<'_, '_, '_>) -> Vec<Stand> {
    let outcomes = verified.view.outcomes();
    verified.view.requests.iter().zip(outcomes).map(|(request, outcomes)| stand(verified, request, outcomes)).collect()
}

fn stand(verified: &Verified<'_, '_, '_>, request: &Request<'_, '_>, outcomes: &[Outcome]) -> Stand {
    let nothing = |standing, because: String| Stand {
        key: request.service.known().map(|service| service.key.clone()),
        actual: Vec::new(),
        reason: None,
        standing,
        because,
    };
    let service = match &request.service {
        Fact::Known(service) => service,
        Fact::Unknown(why) => return nothing(Standing::NotKnown, why.clone()),
    };
    if let Some(by) = &request.object.suspended {
        return nothing(Standing::NotKnown, format!("Kustomization {by} is suspended"));
    }
    let observed = verified.living.observed;
    let Some(living) = observed.services.get(&service.key) else {
        if let Err(why) = &request.responsible {
            return nothing(Standing::AsPredicted, format!("LB-IPAM does not serve it: {why}"));
        }
        if observed.other_services.contains(&service.key) {
            return nothing(Standing::Drift, format!("Service {} is not of type LoadBalancer", service.key));
        }
        return match observed.lacks("Service", Some(&service.key.namespace)) {
            Lacks::Surely if request.asker == Asker::Service => {
                nothing(Standing::Drift, format!("the cluster has no Service {}", service.key))
            }
            Lacks::Surely => {
                let kind = &request.object.item.resource.kind;
                nothing(Standing::Drift, format!("Cilium has made no Service {} of the {kind}", service.key))
            }
            Lacks::NotKnown(why) => nothing(Standing::NotKnown, why),
        };
    };
    let accounts = verified.living.accounts(&service.key).cloned().unwrap_or_default();
    let (standing, because) = judged(verified, request, service, living, &accounts, outcomes);
    Stand {
        key: Some(service.key.clone()),
        actual: actual(verified, living),
        reason: reason(living),
        standing,
        because,
    }
}

fn judged(
    verified: &Verified<'_, '_, '_>,
    request: &Request<'_, '_>,
    service: &Service,
    living: &LivingService,
    accounts: &Accounts,
    outcomes: &[Outcome],
) -> (Standing, String) {
    if request.responsible.is_err() && living.service.ingress.is_empty() && living.hostnames.is_empty() {
        return (Standing::AsPredicted, "LB-IPAM does not serve it".into());
    }
    if let Some(name) = living.hostnames.first() {
        return (Standing::NotKnown, format!("another controller writes its status: it holds the name {name}"));
    }
    if let Some((address, why)) = accounts.contradiction() {
        return (Standing::WrongPrediction, words::contradiction(verified, address, why));
    }
    let has: BTreeSet<IpAddr> = living.service.ingress.iter().filter_map(|text| parse(text)).collect();
    let fits: Vec<Fit> = outcomes.iter().map(|outcome| fit(outcome, &has)).collect();
    let unasked = has.iter().find(|address| !outcomes.iter().any(|outcome| covers(outcome, **address)));
    let unknown = outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Unknown { because } => Some(because.clone()),
        _ => None,
    });
    if let Some(why) = unknown {
        return (Standing::NotKnown, why);
    }
    if unasked.is_none() && fits.iter().all(|fit| *fit == Fit::Exact) {
        return (Standing::AsPredicted, "it has what was predicted".into());
    }
    if unasked.is_none() && fits.iter().all(|fit| matches!(fit, Fit::Exact | Fit::Possible)) {
        return (Standing::Possible, "it has one of what is possible".into());
    }
    if let Some(why) = drift(verified, request, service, living, outcomes) {
        return (Standing::Drift, why);
    }
    let open = accounts.held.iter().map(|(.., account)| account).chain(accounts.lacked.iter().map(|(_, a)| a));
    if let Some(open) = open.clone().find(|account| matches!(account, Account::Open(_))) {
        return (Standing::NotKnown, words::account(verified, open));
    }
    let past = open.into_iter().find(|account| matches!(account, Account::Past(_)));
    let because = match past {
        Some(past) => words::account(verified, past),
        None if accounts.lacked.is_empty() => {
            "the pools and Services are as the repository says: what came first, or what was there before, decided"
                .into()
        }
        None => "the pools and Services are as the repository says, and others came first".into(),
    };
    (Standing::Order, because)
}

/// How an outcome stands to what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It was predicted, and is so.
    Exact,
    /// It is one of those that were possible.
    Possible,
    /// It is otherwise.
    Not,
}

fn fit(outcome: &Outcome, has: &BTreeSet<IpAddr>) -> Fit {
    match outcome {
        Outcome::Address { address, .. } => match parse(address).is_some_and(|address| has.contains(&address)) {
            true => Fit::Exact,
            false => Fit::Not,
        },
        Outcome::OneOf { .. } => match has.iter().any(|address| covers(outcome, *address)) {
            true => Fit::Possible,
            false => Fit::Not,
        },
        Outcome::Pending { .. } => Fit::Exact,
        Outcome::Unknown { .. } => Fit::Possible,
    }
}

/// Whether an outcome lets the Service have this address.
fn covers(outcome: &Outcome, address: IpAddr) -> bool {
    match outcome {
        Outcome::Address { address: predicted, .. } => parse(predicted) == Some(address),
        Outcome::OneOf { ranges, more, .. } => {
            *more > 0 || ranges.iter().any(|range| Range::parse(range).is_ok_and(|range| range.contains(address)))
        }
        Outcome::Pending { .. } => false,
        Outcome::Unknown { .. } => true,
    }
}

fn parse(text: &str) -> Option<IpAddr> {
    parse_address(text).ok().map(|written| written.address)
}

/// What of the cluster is not as the repository says and has to do with this Service.
fn drift(
    verified: &Verified<'_, '_, '_>,
    request: &Request<'_, '_>,
    service: &Service,
    living: &LivingService,
    outcomes: &[Outcome],
) -> Option<String> {
    if let Some(super::Kept::There(edits)) = verified.held(request.object).map(|held| &held.kept)
        && let Some(edit) = edits.first()
    {
        return Some(format!("its {} is {}, and the repository says {}", edit.path, edit.living, edit.written));
    }
    let predicted: Vec<IpAddr> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Address { address, .. } => parse(address),
            _ => None,
        })
        .collect();
    // The predicted address is somebody's whom the repository does not know.
    if let Some(key) = predicted.iter().find_map(|address| verified.holders.get(address)) {
        return Some(format!("Service {key}, which the repository does not know, has its address"));
    }
    let has: Vec<IpAddr> = living.service.ingress.iter().filter_map(|text| parse(text)).collect();
    let (ours, theirs) = (service.selectable_labels(), living.service.selectable_labels());
    for (name, drift) in &verified.pools {
        let before = verified.view.pools.iter().find(|pool| pool.label() == *name).map(|pool| pool.model());
        let now = verified.living.observed.pools.get(name).map(|pool| &pool.pool);
        let concerned = before.iter().chain(now).any(|pool| {
            let holds = predicted.iter().chain(&has).any(|address| pool.ranges().contains(*address));
            holds || pool.selects(&ours) != Ok(false) || pool.selects(&theirs) != Ok(false)
        });
        if concerned {
            return Some(match drift {
                PoolDrift::Edited => format!("pool {name} is not as the repository says"),
                PoolDrift::Missing => format!("the cluster has no pool {name}"),
                PoolDrift::Foreign => format!("the cluster has a pool {name} that the repository does not know"),
            });
        }
    }
    None
}
