//! One cluster: its pools, who gets which address, what announces it.

use std::io::{self, Write};

use lbpools_function::report::{ClusterReport, Outcome, PoolReport, RequestReport};
use unicode_width::UnicodeWidthStr;

use super::table::{Lean, Table, wrapped};
use super::{Dress, line, name};
use crate::report::words::amount;

/// Heading and tables.
pub(super) fn cluster(cluster: &ClusterReport, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    heading(cluster, dress.columns, dress, out)?;
    if cluster.pools.is_empty() && cluster.requests.is_empty() {
        return writeln!(out, "  no pools, and nobody asks for an address\n");
    }
    pools(&cluster.pools).write_within(dress.columns, dress, out)?;
    requests(&cluster.requests).write_within(dress.columns, dress, out)?;
    announcements(cluster).write_within(dress.columns, dress, out)
}

/// The name of a cluster and what is known of it as a whole: on one line, or below the name where that is too long.
pub(crate) fn heading(
    cluster: &ClusterReport,
    columns: Option<usize>,
    dress: Dress,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut facts = vec![format!("Cilium {}", line(&cluster.cilium))];
    facts.extend(cluster.entrypoint.iter().map(|path| format!("from {}", line(path))));
    if !cluster.ranges.is_empty() {
        facts.push(format!("plan {}", line(&cluster.ranges.join(", "))));
    }
    let (name, facts) = (format!("cluster {}", line(&cluster.name)), format!("({})", facts.join("; ")));
    let heading = dress.paint(Dress::HEADING, &name);
    match columns.filter(|columns| name.width() + 2 + facts.width() > *columns) {
        None => writeln!(out, "{heading}  {}\n", dress.paint(Dress::FAINT, &facts)),
        Some(columns) => {
            writeln!(out, "{heading}")?;
            for part in wrapped(&facts, columns.saturating_sub(2)) {
                writeln!(out, "  {}", dress.paint(Dress::FAINT, &part))?;
            }
            writeln!(out)
        }
    }
}

fn pools(pools: &[PoolReport]) -> Table<6> {
    use Lean::{Left, Right};
    let mut table = Table::new([
        ("POOL", Left),
        ("ADDRESSES", Left),
        ("TOTAL", Right),
        ("USED", Right),
        ("FREE", Right),
        ("SERVES", Left),
    ])
    .of("pool");
    for pool in pools {
        let or_unknown = |number: Option<&String>| number.map_or("?".to_owned(), |number| line(number).into_owned());
        let selector = pool.selector.as_ref().map_or("every Service".into(), |selector| line(selector).into_owned());
        let disabled = if pool.disabled { " (disabled)" } else { "" };
        let mut ranges = pool.blocks.iter().map(|block| match (&block.range, &block.unknown) {
            (Some(range), _) => line(range).into_owned(),
            (None, Some(unknown)) => format!("{}: {}", line(&block.written), line(unknown)),
            (None, None) => format!("{}: not readable", line(&block.written)),
        });
        table.row([
            format!("{}{disabled}", line(&pool.name)),
            ranges.next().unwrap_or("none".into()),
            or_unknown(pool.total.as_ref()),
            line(&amount(pool.used.as_ref(), pool.used_between.as_ref())).into_owned(),
            line(&amount(pool.free.as_ref(), pool.free_between.as_ref())).into_owned(),
            selector,
        ]);
        for range in ranges {
            table.row([String::new(), range, String::new(), String::new(), String::new(), String::new()]);
        }
    }
    table
}

fn requests(requests: &[RequestReport]) -> Table<4> {
    let left = Lean::Left;
    let mut table = Table::new([("WHO", left), ("ADDRESS", left), ("POOL", left), ("BECAUSE", left)]);
    for request in requests {
        let service = request.service.as_ref().map(|service| format!(" (Service {})", line(service)));
        let mut who = format!("{}{}", name(&request.resource), service.unwrap_or_default());
        if request.outcomes.is_empty() {
            table.row([who, "-".into(), String::new(), String::new()]);
            continue;
        }
        for outcome in &request.outcomes {
            let [address, pool, because] = told(outcome);
            table.row([std::mem::take(&mut who), address, pool, because]);
        }
    }
    table
}

/// Address, pool and reason in words.
fn told(outcome: &Outcome) -> [String; 3] {
    let texts = match outcome {
        Outcome::Address { address, pool, because } => [address.clone(), pool.clone(), because.clone()],
        Outcome::OneOf { ranges, pools, because, .. } => {
            [format!("one of {}", ranges.join(", ")), pools.join(", "), because.clone()]
        }
        Outcome::Pending { reason, because } => [format!("pending ({reason})"), String::new(), because.clone()],
        Outcome::Unknown { because } => ["unknown".into(), String::new(), because.clone()],
    };
    texts.map(|text| line(&text).into_owned())
}

fn announcements(cluster: &ClusterReport) -> Table<2> {
    let mut table = Table::new([("ANNOUNCED BY", Lean::Left), ("WHAT", Lean::Left)]);
    for each in &cluster.announcements {
        table.row([name(&each.resource), line(&each.announces).into_owned()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn pools_requests_and_announcements() {
        let mut out = Vec::new();
        for each in &sample::fleet().report.clusters {
            cluster(each, Dress::default(), &mut out).unwrap();
        }
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
