//! Accounts in words.

use std::net::IpAddr;

use super::Verified;
use crate::cilium::history::{Account, Contradiction, Open, Past};

/// How a state is accounted for.
pub fn account(verified: &Verified<'_, '_, '_>, account: &Account) -> String {
    match account {
        Account::Stands => "it follows from the pools and Services as they are".into(),
        Account::Past(past) => self::past(verified, past),
        Account::Never(why) => contradiction(verified, None, why),
        Account::Open(open) => self::open(verified, open),
    }
}

/// What must have been before.
pub fn past(verified: &Verified<'_, '_, '_>, past: &Past) -> String {
    let pool = |at: &usize| name(verified, *at);
    match past {
        Past::PoolInForce(at) => {
            let why = match verified.living.pools.get(*at) {
                Some(pool) if pool.disabled => "is disabled",
                _ => "is in conflict with another",
            };
            format!("it got it before pool {} {why}, and loses it when the operator restarts", pool(at))
        }
        Past::EndHandedOut(at) => {
            format!("it got it before pool {} kept back its first and last addresses", pool(at))
        }
        Past::Shared => "it shares it, or shared it, with a Service of the same key".into(),
        Past::EndFreed(at) => {
            format!("it was freed under its holder when pool {} kept back its ends and freed them again", pool(at))
        }
        Past::NoPool => "the cluster has no pool any more, so LB-IPAM does nothing".into(),
    }
}

/// A rule that is broken.
pub fn contradiction(verified: &Verified<'_, '_, '_>, address: Option<IpAddr>, why: &Contradiction) -> String {
    let it = address.map_or_else(|| "an address".to_owned(), |address| address.to_string());
    let pool = |at: &usize| name(verified, *at);
    let broken = match why {
        Contradiction::NotAsked => format!("it has {it} and asks for another address"),
        Contradiction::Family => format!("it has {it} and asks for none of this family"),
        Contradiction::InNoPool => format!("it has {it}, which no pool of the cluster holds"),
        Contradiction::NotSelected(at) => format!("it has {it} of pool {}, which does not select it", pool(at)),
        Contradiction::Twice(other) => {
            let other = verified.living.services.get(*other).map(|other| other.key.to_string()).unwrap_or_default();
            format!("it has {it}, and so has Service {other}, with which it cannot share")
        }
        Contradiction::Free(at) => {
            format!("it waits for {it}, and pool {} has a free one for it", pool(at))
        }
    };
    format!(
        "{broken}: no history of LB-IPAM ends like this, unless the operator has not caught up or was stopped by a broken pool"
    )
}

fn open(verified: &Verified<'_, '_, '_>, open: &Open) -> String {
    match open {
        Open::Broken(at) => format!("pool {} has a block or a selector that stops the operator", name(verified, *at)),
        Open::Unseen(at) => {
            format!("the operator has not looked at pool {} as it is now", name(verified, *at))
        }
        Open::Unsaid => "the operator has said nothing of it: is it running?".into(),
        Open::NotServed(why) => format!("LB-IPAM does not serve it: {why}"),
    }
}

fn name(verified: &Verified<'_, '_, '_>, pool: usize) -> String {
    verified.living.pools.get(pool).map(|pool| pool.name.clone()).unwrap_or_default()
}
