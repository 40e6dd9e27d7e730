//! The plan at a terminal.

use std::io::{self, Write};

use lbpools_function::report::{
    AddressChange, AddressFate, ClusterDifference, ClusterReport, Difference, Moment, Outcome, PoolReport, Presence,
    RequestReport, ResourceRef,
};

use super::{announcement, because, course, fate, pool, who};
use crate::report::text::cluster::heading;
use crate::report::text::table::{Lean, Table, wrapped};
use crate::report::text::{Dress, line, name};
use crate::report::words::amount;

/// How and how wide.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// Colours.
    pub dress: Dress,
    /// Columns of the terminal; without one, lines are as long as they are.
    pub columns: Option<usize>,
}

/// Every cluster's pools and who gets which address.
pub fn clusters(clusters: &[ClusterReport], page: Page, out: &mut dyn Write) -> io::Result<()> {
    for cluster in clusters {
        heading(cluster, page.columns, page.dress, out)?;
        if cluster.pools.is_empty() && cluster.requests.is_empty() {
            writeln!(out, "  no pools, and nobody asks for an address\n")?;
        }
        requests(&cluster.requests).write_within(page.columns, page.dress, out)?;
        pools(&cluster.pools).write_within(page.columns, page.dress, out)?;
    }
    Ok(())
}

fn requests(requests: &[RequestReport]) -> Table<6> {
    let left = Lean::Left;
    let mut table = Table::new([
        ("WHO", left),
        ("ADDRESS", left),
        ("POOL", left),
        ("HOW", left),
        ("SHARED WITH", left),
        ("ANNOUNCED BY", left),
    ]);
    for request in requests {
        let service = request.service.as_ref().map(|service| format!(" (Service {})", line(service)));
        let mut who = format!("{}{}", name(&request.resource), service.unwrap_or_default());
        let shared = line(&request.shares_with.join(", ")).into_owned();
        let announced = match (&request.announcement_unknown, names(&request.announced_by)) {
            (None, by) if by.is_empty() => "nothing".into(),
            (None, by) => by,
            (Some(_), by) if by.is_empty() => "?".into(),
            (Some(_), by) => format!("{by} ?"),
        };
        if request.outcomes.is_empty() {
            table.row([who, "-".into(), String::new(), "asks for none".into(), String::new(), String::new()]);
            continue;
        }
        for (at, outcome) in request.outcomes.iter().enumerate() {
            let [address, pool, how] = told(outcome, request.pinned.get(at).map(String::as_str));
            let gets = !matches!(outcome, Outcome::Pending { .. });
            let (shared, announced) = if gets { (shared.clone(), announced.clone()) } else { Default::default() };
            table.row([std::mem::take(&mut who), address, pool, how, shared, announced]);
        }
    }
    table
}

/// Address, pool, and whether that is pinned or predicted.
fn told(outcome: &Outcome, pin: Option<&str>) -> [String; 3] {
    let how = if pin.is_some() { "pinned" } else { "predicted" };
    let texts = match outcome {
        Outcome::Address { address, pool, .. } => [address.clone(), pool.clone(), how.into()],
        Outcome::OneOf { ranges, pools, more, or_none, .. } => {
            let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
            let none = if *or_none { " or none" } else { "" };
            let address = match (pin, ranges.as_slice()) {
                (Some(pin), _) => format!("{pin}{none}"),
                (None, ranges) => format!("one of {}{more}{none}", ranges.join(", ")),
            };
            let how = if pin.is_some() { "pinned, others may come first" } else { "predicted, by order" };
            [address, pools.join(", "), how.into()]
        }
        Outcome::Pending { reason, because } => {
            [format!("none ({reason})"), String::new(), format!("pending: {because}")]
        }
        Outcome::Unknown { because } => ["?".into(), String::new(), format!("unknown: {because}")],
    };
    texts.map(|text| line(&text).into_owned())
}

fn names(resources: &[ResourceRef]) -> String {
    resources.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn pools(pools: &[PoolReport]) -> Table<8> {
    use Lean::{Left, Right};
    let mut table = Table::new([
        ("POOL", Left),
        ("ADDRESSES", Left),
        ("TOTAL", Right),
        ("USED", Right),
        ("RESERVED", Right),
        ("FREE", Right),
        ("HEADROOM", Right),
        ("SERVES", Left),
    ])
    .of("pool");
    for pool in pools {
        let number = |number: Option<&String>, none: &str| {
            number.map_or_else(|| none.to_owned(), |number| line(number).into_owned())
        };
        let mut ranges = pool.blocks.iter().map(|block| match (&block.range, &block.unknown) {
            (Some(range), _) => line(range).into_owned(),
            (None, Some(unknown)) => format!("{}: {}", line(&block.written), line(unknown)),
            (None, None) => format!("{}: not readable", line(&block.written)),
        });
        let disabled = if pool.disabled { " (disabled)" } else { "" };
        table.row([
            format!("{}{disabled}", line(&pool.name)),
            ranges.next().unwrap_or_else(|| "none".into()),
            number(pool.total.as_ref(), "?"),
            line(&amount(pool.used.as_ref(), pool.used_between.as_ref())).into_owned(),
            number(pool.reserved.as_ref(), "?"),
            line(&amount(pool.free.as_ref(), pool.free_between.as_ref())).into_owned(),
            number(pool.headroom.as_ref(), "-"),
            pool.selector.as_ref().map_or_else(|| "every Service".into(), |selector| line(selector).into_owned()),
        ]);
        for range in ranges {
            let mut row: [String; 8] = Default::default();
            row[1] = range;
            table.row(row);
        }
    }
    table
}

/// What changes, cluster by cluster; `from` is what the caller compared with.
pub fn difference(difference: &Difference, from: &str, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let mut title = match difference.baseline {
        true => format!("what changes from {}", line(from)),
        false => "what would change".to_owned(),
    };
    if !difference.supposed.is_empty() {
        title.push_str(&format!(" with {}", line(&difference.supposed.join(" and "))));
    }
    writeln!(out, "{}\n", page.dress.paint(Dress::HEADING, &title))?;
    if difference.is_empty() {
        return writeln!(out, "  nothing: every address, pool and announcement stays as it is\n");
    }
    for cluster in &difference.clusters {
        self::cluster(cluster, page, out)?;
    }
    Ok(())
}

fn cluster(cluster: &ClusterDifference, page: Page, out: &mut dyn Write) -> io::Result<()> {
    if !cluster.name.is_empty() {
        let presence = match cluster.presence {
            Presence::Both => "",
            Presence::New => " (new)",
            Presence::Gone => " (no longer judged)",
        };
        let cilium =
            cluster.cilium.as_ref().map(|was| format!("  Cilium {} -> {}", line(&was.before), line(&was.after)));
        let heading = page.dress.paint(Dress::HEADING, &format!("cluster {}{presence}", line(&cluster.name)));
        writeln!(out, "{heading}{}\n", cilium.unwrap_or_default())?;
    }
    let mut writer = Entries { page, out };
    for (moment, title) in
        [(Moment::AtOnce, "as soon as it is applied"), (Moment::AtRestart, "when the operator next restarts")]
    {
        let now: Vec<&AddressChange> = cluster.addresses.iter().filter(|change| change.moment == moment).collect();
        if now.is_empty() {
            continue;
        }
        writer.title(title)?;
        for change in now {
            let text = format!("{}  {}", who(change), course(change));
            writer.entry(fate(change), colour(change), &text, &because(change))?;
        }
        writer.end()?;
    }
    if !cluster.operator.is_empty() {
        writer.title("the operator")?;
        for text in &cluster.operator {
            writer.entry("danger", Dress::BAD, &line(text), "")?;
        }
        writer.end()?;
    }
    if !cluster.pools.is_empty() {
        writer.title("pools")?;
        for change in &cluster.pools {
            let (word, rest) = pool(change);
            writer.entry(word, Dress::HEADING, &format!("pool {}", line(&change.name)), &rest)?;
        }
        writer.end()?;
    }
    if !cluster.announcements.is_empty() {
        writer.title("announcements")?;
        for change in &cluster.announcements {
            let style = match (change.before.is_empty(), change.after.is_empty()) {
                (_, true) => Dress::BAD,
                (true, false) => Dress::GOOD,
                (false, false) => Dress::DOUBT,
            };
            let [before, after] = [&change.before, &change.after].map(|by| match by.as_slice() {
                [] => "nothing".to_owned(),
                by => names(by),
            });
            let told = match &change.unknown {
                None => format!("announced by {after}, before by {before}"),
                Some(why) => {
                    format!("was announced by {before}; whether anything else does is not known: {}", line(why))
                }
            };
            writer.entry(announcement(change), style, &name(&change.resource), &told)?;
        }
        writer.end()?;
    }
    if !cluster.unknown.is_empty() {
        writer.title("not compared")?;
        for text in &cluster.unknown {
            writer.entry("unknown", Dress::DOUBT, &line(text), "")?;
        }
        writer.end()?;
    }
    Ok(())
}

fn colour(change: &AddressChange) -> anstyle::Style {
    match (change.change, change.certain) {
        (AddressFate::Gained | AddressFate::Settled, _) => Dress::GOOD,
        (_, true) => Dress::BAD,
        (_, false) => Dress::DOUBT,
    }
}

/// A list of things that happen: a word, a line, and below it the reason.
struct Entries<'w> {
    page: Page,
    out: &'w mut dyn Write,
}

impl Entries<'_> {
    const WORD: usize = 14;

    fn title(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "  {}", self.page.dress.paint(Dress::FAINT, title))
    }

    fn entry(&mut self, word: &str, style: anstyle::Style, text: &str, because: &str) -> io::Result<()> {
        let room = self.page.columns.map_or(usize::MAX, |columns| columns.saturating_sub(Self::WORD + 6).max(20));
        let padding = " ".repeat(Self::WORD.saturating_sub(word.len()));
        for (at, line) in wrapped(text, room).into_iter().enumerate() {
            match at {
                0 => writeln!(self.out, "    {}{padding}  {line}", self.page.dress.paint(style, word))?,
                _ => writeln!(self.out, "    {:1$}  {line}", "", Self::WORD)?,
            }
        }
        for line in wrapped(because, room).into_iter().filter(|_| !because.is_empty()) {
            let line = self.page.dress.paint(Dress::FAINT, &line);
            writeln!(self.out, "    {:1$}  {line}", "", Self::WORD)?;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }
}

/// The closing line.
pub fn verdict(difference: &Difference, dress: Dress) -> String {
    let changes: Vec<&AddressChange> = difference.clusters.iter().flat_map(|cluster| &cluster.addresses).collect();
    let count = |wanted: &dyn Fn(&AddressChange) -> bool| changes.iter().filter(|change| wanted(change)).count();
    let gone = difference.clusters.iter().filter(|cluster| cluster.presence == Presence::Gone).count();
    let parts: Vec<String> = [
        (
            count(&|change| change.takes_away() && change.certain),
            "address is lost or moves",
            "addresses are lost or move",
        ),
        (count(&|change| change.takes_away() && !change.certain), "may be", "may be"),
        (
            count(&|change| change.change == AddressFate::Pending && !change.takes_away()),
            "Service waits",
            "Services wait",
        ),
        (count(&|change| change.change == AddressFate::Gained && change.certain), "gains one", "gain one"),
        (count(&|change| change.change == AddressFate::Gained && !change.certain), "may gain one", "may gain one"),
        (count(&|change| change.change == AddressFate::Settled), "has one for certain", "have one for certain"),
        (gone, "cluster is no longer judged", "clusters are no longer judged"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
    .collect();
    match (parts.is_empty(), difference.takes_away()) {
        (true, _) => dress.paint(Dress::GOOD, "no address moves"),
        (false, true) => format!("{}: {}", dress.paint(Dress::BAD, "addresses move"), parts.join(", ")),
        (false, false) => format!("{}: {}", dress.paint(Dress::GOOD, "no address moves"), parts.join(", ")),
    }
}
