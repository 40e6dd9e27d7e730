//! What changes, as a comment on a pull request: what moves first, the plan itself folded away.

use std::fmt::Write as _;

use lbpools_function::report::{
    AddressChange, ClusterDifference, ClusterReport, Difference, Moment, Outcome, Presence,
};

use super::{announcement, because, course, fate, pool, who};
use crate::report::text::{line, name};

/// As many bytes as a comment takes on the common hosts, with room for what the caller adds.
const LIMIT: usize = 60_000;

/// The page.
pub fn page(difference: &Difference, from: &str) -> String {
    let mut out = String::new();
    let title = match difference.baseline {
        true => format!("Addresses: what changes from {}", code(from)),
        false => "Addresses: what would change".to_owned(),
    };
    let _ = writeln!(out, "### {title}\n");
    if !difference.supposed.is_empty() {
        let _ = writeln!(out, "Supposed: {}.\n", escaped(&difference.supposed.join("; ")));
    }
    if difference.is_empty() {
        out.push_str("Nothing: every address, pool and announcement stays as it is.\n");
        return out;
    }
    let _ = writeln!(out, "**{}**\n", super::text::verdict(difference, crate::report::text::Dress::default()));
    let mut left_out = 0;
    for cluster in &difference.clusters {
        self::cluster(cluster, &mut out, &mut left_out);
    }
    if left_out > 0 {
        let _ = writeln!(
            out,
            "\n{left_out} more lines were left out to keep this comment short; `lbpools plan --from` shows all."
        );
    }
    out
}

/// The plan of each cluster, where there is nothing to compare with.
pub fn clusters(clusters: &[ClusterReport]) -> String {
    let (mut out, mut left_out) = (String::from("### Addresses\n\n"), 0);
    for cluster in clusters {
        let _ = writeln!(out, "#### Cluster {}\n", code(&cluster.name));
        let rows = cluster.requests.iter().flat_map(|request| {
            let told = request.outcomes.iter().map(move |outcome| match outcome {
                Outcome::Address { address, pool, because } => [address.clone(), pool.clone(), because.clone()],
                Outcome::OneOf { ranges, pools, because, .. } => {
                    [format!("one of {}", ranges.join(", ")), pools.join(", "), because.clone()]
                }
                Outcome::Pending { reason, because } => [format!("none ({reason})"), String::new(), because.clone()],
                Outcome::Unknown { because } => ["unknown".into(), String::new(), because.clone()],
            });
            told.map(move |[address, pool, because]| [name(&request.resource), address, pool, because])
        });
        table("Who gets which address", ["Who", "Address", "Pool", "Because"], rows.collect(), &mut out, &mut left_out);
    }
    if left_out > 0 {
        let _ = writeln!(out, "{left_out} more lines were left out; `lbpools plan` shows all.");
    }
    out
}

fn cluster(cluster: &ClusterDifference, out: &mut String, left_out: &mut usize) {
    if !cluster.name.is_empty() {
        let presence = match cluster.presence {
            Presence::Both => "",
            Presence::New => " (new)",
            Presence::Gone => " (gone)",
        };
        let cilium = cluster.cilium.as_ref().map(|was| format!(", Cilium {} → {}", was.before, was.after));
        let _ = writeln!(out, "#### Cluster {}{presence}{}\n", code(&cluster.name), cilium.unwrap_or_default());
    }
    for (moment, title) in
        [(Moment::AtOnce, "As soon as it is applied"), (Moment::AtRestart, "When the operator next restarts")]
    {
        let now: Vec<&AddressChange> = cluster.addresses.iter().filter(|change| change.moment == moment).collect();
        let rows = now.iter().map(|change| [fate(change).into(), who(change), course(change), because(change)]);
        table(title, ["", "Who", "Address", "Because"], rows.collect(), out, left_out);
    }
    for text in &cluster.operator {
        let _ = writeln!(out, "> **Danger:** {}\n", escaped(text));
    }
    let pools = cluster.pools.iter().map(|change| {
        let (word, rest) = pool(change);
        [word.into(), line(&change.name).into_owned(), rest]
    });
    folded("Pools", table_text(["", "Pool", "What"], pools.collect()), out, left_out);
    let announcements = cluster.announcements.iter().map(|change| {
        let names = |by: &[_]| match by {
            [] => "nothing".to_owned(),
            by => by.iter().map(name).collect::<Vec<_>>().join(", "),
        };
        let now = match &change.unknown {
            None => names(&change.after),
            Some(why) => format!("not known: {}", line(why)),
        };
        [announcement(change).into(), name(&change.resource), format!("{} → {now}", names(&change.before))]
    });
    table("Announcements", ["", "Who", "By"], announcements.collect(), out, left_out);
    let unknown: Vec<[String; 1]> = cluster.unknown.iter().map(|text| [line(text).into_owned()]).collect();
    folded("Not compared", table_text([""], unknown), out, left_out);
}

fn table<const N: usize>(
    title: &str,
    heading: [&str; N],
    rows: Vec<[String; N]>,
    out: &mut String,
    left_out: &mut usize,
) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}:\n");
    for (at, line) in table_text(heading, rows).into_iter().enumerate() {
        if at > 1 && out.len() + line.len() > LIMIT {
            *left_out += 1;
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
    out.push('\n');
}

fn folded(title: &str, lines: Vec<String>, out: &mut String, left_out: &mut usize) {
    let size: usize = lines.iter().map(String::len).sum();
    if lines.len() <= 2 {
        return;
    }
    if out.len() + size > LIMIT {
        *left_out += lines.len() - 2;
        return;
    }
    let _ = writeln!(
        out,
        "<details><summary>{title}: {}</summary>\n\n{}\n\n</details>\n",
        lines.len() - 2,
        lines.join("\n")
    );
}

fn table_text<const N: usize>(heading: [&str; N], rows: Vec<[String; N]>) -> Vec<String> {
    let mut lines = vec![format!("| {} |", heading.join(" | ")), format!("|{}", "---|".repeat(N))];
    lines.extend(rows.into_iter().map(|row| format!("| {} |", row.map(|cell| escaped(&cell)).join(" | "))));
    lines
}

/// A text in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in line(text).chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' => out.extend(['\\', char]),
            // A name with an `@` in it must call nobody.
            '@' => out.push_str("&#64;"),
            char => out.push(char),
        }
    }
    out
}

/// A name in a monospaced font.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}
