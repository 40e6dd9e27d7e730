//! The plan: who gets which address, and what a change would move.
//!
//! [`text`] is for a terminal, [`markdown`] for the comment on a pull request, [`story`] for one address or Service
//! alone. All of it stands in the report; nothing here computes.

use lbpools_function::report::{AddressChange, AddressFate, AnnouncementChange, HeldReport, PoolChange, PoolFate};

use super::text::{line, name};

pub mod markdown;
pub mod story;
pub mod text;

/// What a Service has: ranges, and how many were left out.
fn held(held: &HeldReport) -> String {
    let mut text = line(&held.ranges.join(", ")).into_owned();
    if held.more > 0 {
        text.push_str(&format!(" and {} more ranges", held.more));
    }
    match (held.ranges.is_empty(), held.or_none) {
        (true, _) => "none".into(),
        (false, true) => format!("{text} or none"),
        (false, false) => text,
    }
}

/// One word for what happens.
fn fate(change: &AddressChange) -> &'static str {
    match (change.change, change.certain) {
        (AddressFate::Pending, true) => "pending",
        (AddressFate::Pending, false) => "may be pending",
        (AddressFate::Moved, true) => "moves",
        (AddressFate::Moved, false) => "may move",
        (AddressFate::Lost, true) => "lost",
        (AddressFate::Lost, false) => "may be lost",
        (AddressFate::Gained, true) => "gains",
        (AddressFate::Gained, false) => "may gain",
        (AddressFate::Settled, _) => "settled",
    }
}

/// Before and after in one line.
fn course(change: &AddressChange) -> String {
    match (change.before.ranges.is_empty(), change.after.ranges.is_empty()) {
        (true, true) => "no address".into(),
        (true, false) => held(&change.after),
        (false, true) => format!("{} -> none", held(&change.before)),
        (false, false) => format!("{} -> {}", held(&change.before), held(&change.after)),
    }
}

/// Why, and who has the address then.
fn because(change: &AddressChange) -> String {
    let taken = match change.taken_by.as_slice() {
        [] => String::new(),
        who => {
            format!("; {} goes to {}", held(&HeldReport { or_none: false, ..change.before.clone() }), who.join(" or "))
        }
    };
    let order = if change.certain { "" } else { "; it depends on an order that nobody knows" };
    line(&format!("{}{taken}{order}", change.because)).into_owned()
}

/// Whom it concerns.
fn who(change: &AddressChange) -> String {
    let service = change.service.as_ref().map(|service| format!(" (Service {})", line(service)));
    format!("{}{}", name(&change.resource), service.unwrap_or_default())
}

/// What happens to a pool: the word, and the rest.
fn pool(change: &PoolChange) -> (&'static str, String) {
    let word = match change.change {
        PoolFate::Removed => "removed",
        PoolFate::Shrunk => "shrinks",
        PoolFate::Moved => "moves",
        PoolFate::Grown => "grows",
        PoolFate::Added => "new",
        PoolFate::Changed => "changes",
    };
    let mut parts = Vec::new();
    if change.total_before != change.total_after {
        parts.push(format!("{} -> {} addresses", change.total_before, change.total_after));
    }
    if !change.gained.is_empty() {
        parts.push(format!("gains {}", change.gained.join(", ")));
    }
    if !change.lost.is_empty() {
        parts.push(format!("loses {}", change.lost.join(", ")));
    }
    parts.extend(change.notes.iter().cloned());
    (word, line(&parts.join("; ")).into_owned())
}

/// What happens to an announcement, in a word or two.
fn announcement(change: &AnnouncementChange) -> &'static str {
    match (change.before.is_empty(), change.after.is_empty(), &change.unknown) {
        (_, true, None) => "ends",
        (_, true, Some(_)) => "may end",
        (true, false, _) => "begins",
        (false, false, _) => "changes",
    }
}
