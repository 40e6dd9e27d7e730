//! Who gets which address: what [`crate::cilium::prediction`] says, as far as the input is known.
//!
//! A repository does not say in which order its objects will reach the cluster, and LB-IPAM keeps no place free
//! for pins. So an address is only promised when it comes out the same whatever happens first; otherwise the
//! answer is the set it comes from. Where a pool or a Service is not wholly known, neither is what hangs on it.

use super::ClusterView;
use super::pools::PoolView;
use super::requests::Request;
use super::serving::{Held, PoolIndex};
use crate::cilium::prediction::{self, Doubt, Prediction, Question, Wish, predict};
use crate::cilium::{Pool, Service};
use crate::flux::fact::Fact;
use crate::report::Outcome;

/// The prediction of each request of a view of which all is known, in their order.
pub fn predictions(view: &ClusterView<'_, '_>) -> Vec<Prediction> {
    let pools: Vec<Pool> = view.pools.iter().map(PoolView::model).collect();
    let services: Vec<Service> = view.requests.iter().filter_map(|request| request.service.known().cloned()).collect();
    predict(Question { pools: &pools, services: &services, profile: &view.profile, flags: &view.flags })
}

/// The outcomes of every request of a view, one a pinned address or wanted family.
pub fn outcomes(view: &ClusterView<'_, '_>) -> Vec<Vec<Outcome>> {
    let mut predictions = view.predictions().iter();
    // What an unrendered Service asks for is known, so it is a stranger to nothing else.
    let stranger =
        view.requests.iter().find(|r| r.service.known().is_none() && !r.is_unrendered() && r.responsible.is_ok());
    let unrendered: Vec<&Request<'_, '_>> = view.requests.iter().filter(|request| request.is_unrendered()).collect();
    let index = (!unrendered.is_empty()).then(|| PoolIndex::of(view));
    let told = Told { view, stranger, unrendered };
    view.requests
        .iter()
        .map(|request| match (&request.service, &index) {
            (Fact::Unknown(why), Some(index)) if request.is_unrendered() => of_unrendered(request, index, why),
            (Fact::Unknown(why), _) => vec![match &request.responsible {
                Ok(()) => Outcome::Unknown { because: why.clone() },
                Err(why) => Outcome::Pending { reason: "ignored".into(), because: why.to_string() },
            }],
            (Fact::Known(service), _) => predictions.next().map_or_else(Vec::new, |p| told.outcomes(service, p)),
        })
        .collect()
}

/// What comes of the pins of a Service that nobody has rendered.
fn of_unrendered(request: &Request<'_, '_>, index: &PoolIndex<'_, '_, '_>, why: &str) -> Vec<Outcome> {
    let asked = request.requested.addresses.iter();
    asked
        .map(|asked| match index.held(asked.address, None) {
            Held::Served(serving) => Outcome::OneOf {
                ranges: vec![asked.address.to_string()],
                pools: vec![serving.pool.label()],
                more: 0,
                or_none: true,
                because: format!("it asks for it; {why}, so whether it gets it is not known"),
            },
            Held::Nowhere => Outcome::Pending {
                reason: "no_pool".into(),
                because: format!("no enabled pool holds {}", asked.address),
            },
            Held::Disabled(_) => Outcome::Pending { reason: "no_pool".into(), because: "its pool is disabled".into() },
            Held::Reserved(_) => Outcome::Pending {
                reason: "already_allocated".into(),
                because: format!("{} is kept back", asked.address),
            },
            Held::NotSelected(_) | Held::Unknown => Outcome::Unknown { because: why.to_owned() },
        })
        .collect()
}

/// Predictions in the words of the report.
struct Told<'v, 'a, 't> {
    view: &'v ClusterView<'a, 't>,
    /// A request of which not all is known, if there is one: it may take any address.
    stranger: Option<&'v Request<'a, 't>>,
    /// Those of which only the pins are known.
    unrendered: Vec<&'v Request<'a, 't>>,
}

impl Told<'_, '_, '_> {
    fn outcomes(&self, service: &Service, prediction: &Prediction) -> Vec<Outcome> {
        match &prediction.wishes {
            Err(why) => vec![Outcome::Pending { reason: "ignored".into(), because: why.to_string() }],
            Ok(wishes) => wishes.iter().map(|(wish, outcome)| self.outcome(service, *wish, outcome)).collect(),
        }
    }

    fn outcome(&self, service: &Service, wish: Wish, outcome: &prediction::Outcome) -> Outcome {
        if let Some(because) = self.uncertain(service, outcome).or_else(|| self.contested(outcome)) {
            return Outcome::Unknown { because };
        }
        let asks = match wish {
            Wish::This(_) => "it asks for it",
            Wish::Any(_) => "it asks for none",
        };
        match outcome {
            prediction::Outcome::Address { address, pool } => match self.stranger {
                None => Outcome::Address {
                    address: address.to_string(),
                    pool: self.pool(*pool),
                    because: match wish {
                        Wish::This(_) => asks.into(),
                        Wish::Any(_) => format!("{asks}, and whatever the order this one is the first free"),
                    },
                },
                Some(stranger) => Outcome::OneOf {
                    ranges: vec![address.to_string()],
                    pools: vec![self.pool(*pool)],
                    more: 0,
                    or_none: true,
                    because: format!("{asks}, but {}, of which not all is known, may take it first", stranger.label()),
                },
            },
            prediction::Outcome::OneOf { addresses, pools, or_pending, doubts } => {
                let doubts: Vec<&str> = doubts.iter().map(|doubt| self.doubt(*doubt, wish)).collect();
                let none = if or_pending.is_empty() { "" } else { ", and it may get none" };
                Outcome::OneOf {
                    ranges: addresses.iter().map(ToString::to_string).collect(),
                    pools: pools.iter().map(|&pool| self.pool(pool)).collect(),
                    more: 0,
                    or_none: !or_pending.is_empty(),
                    because: format!("{asks}: {}{none}", doubts.join("; ")),
                }
            }
            prediction::Outcome::Pending(reason) => Outcome::Pending {
                reason: reason.word(&self.view.profile).into(),
                because: self.reason(wish, reason.word(&self.view.profile)),
            },
            prediction::Outcome::Fails { pool } => Outcome::Pending {
                reason: "event error".into(),
                because: format!(
                    "the selector of pool {} cannot be compiled: no address and no condition",
                    self.pool(*pool)
                ),
            },
            prediction::Outcome::EndsOperator { pool } => Outcome::Pending {
                reason: "operator panic".into(),
                because: format!(
                    "it asks, with a sharing key, for an address that pool {} keeps back: this Cilium's operator ends over it",
                    self.pool(*pool)
                ),
            },
        }
    }

    /// Why nothing can be said because of a pool that is not wholly known.
    fn uncertain(&self, service: &Service, outcome: &prediction::Outcome) -> Option<String> {
        let settled = matches!(outcome, prediction::Outcome::Address { .. });
        self.view.pools.iter().find_map(|pool| {
            let why = pool.uncertain()?;
            let disabled = pool.disabled.known() == Some(&true);
            let foreign = matches!(&pool.selector, Fact::Known(Some(Ok(selector))) if !selector.matches(&service.selectable_labels()));
            (!settled && !disabled && !foreign).then(|| format!("pool {}: {why}", pool.label()))
        })
    }

    /// Why nothing can be said because an unrendered Service asks for one of the addresses too.
    fn contested(&self, outcome: &prediction::Outcome) -> Option<String> {
        let (request, address) = self.unrendered.iter().find_map(|request| {
            let mut pins = request.requested.addresses.iter().map(|asked| asked.address);
            let contested = pins.find(|pin| match outcome {
                prediction::Outcome::Address { address, .. } => address == pin,
                prediction::Outcome::OneOf { addresses, .. } => addresses.contains(*pin),
                _ => false,
            });
            Some((request, contested?))
        })?;
        Some(format!("{} asks for {address} too, and not all is known of it", request.label()))
    }

    fn pool(&self, index: usize) -> String {
        self.view.pools.get(index).map(PoolView::label).unwrap_or_default()
    }

    fn doubt(&self, doubt: Doubt, wish: Wish) -> &'static str {
        match (doubt, wish) {
            (Doubt::Order, Wish::Any(_)) => "which one depends on who comes first",
            (Doubt::Order, Wish::This(_)) => "LB-IPAM keeps no place, and another Service may take it first",
            (Doubt::SeveralPools, _) => "several pools select it, and nothing says which one serves",
            (Doubt::Overlap, _) => "its pool overlaps another, and the younger one is out of force",
            (Doubt::Sharing, _) => "it may join a Service with its sharing key, or not",
            (Doubt::BadSelector, _) => "a pool's selector cannot be compiled",
        }
    }

    fn reason(&self, wish: Wish, reason: &str) -> String {
        let address = match wish {
            Wish::This(address) => address.to_string(),
            Wish::Any(family) => format!("an {family} address"),
        };
        match (reason, wish) {
            _ if self.view.pools.is_empty() => "the cluster has no pool at all, so LB-IPAM does nothing".into(),
            ("no_pool", Wish::This(_)) => format!("no enabled pool holds {address}"),
            ("no_pool", Wish::Any(family)) => format!("no enabled pool with {family} addresses selects it"),
            ("pool_selector_mismatch", _) => format!("the pool that holds {address} does not select it"),
            ("out_of_ips", _) => "every pool that selects it is full".into(),
            ("already_allocated", _) => format!("{address} is taken or kept back"),
            _ => format!("{address} cannot be shared with who holds it"),
        }
    }
}
