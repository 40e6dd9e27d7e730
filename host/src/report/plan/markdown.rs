//! The plan as a comment on a pull request: what moves first, and who gets which address then folded away.
//!
//! The first line is a mark by which a bot finds its own comment and writes it anew.

use lbpools_function::report::{AddressChange, ClusterDifference, ClusterReport, Difference, Moment, Presence, Report};

use super::text::verdict;
use super::{announcement, because, course, fate, pool, who};
use crate::report::markdown::{COMMENT, Page, cluster as settled, code, escaped};
use crate::report::text::{Dress, name};

/// The mark of a comment of ours. That of `check` is another, so that both can stand under one pull request.
pub const MARK: &str = "<!-- lbpools plan -->\n";

/// The comment; `from` is what the caller compared with.
pub fn page(report: &Report, from: &str) -> String {
    let mut page = Page::new(COMMENT);
    match &report.difference {
        Some(difference) => changes(difference, &report.clusters, from, &mut page),
        None => {
            page.offer("heading", &format!("{MARK}### lbpools: who gets which address\n\n"));
            report.clusters.iter().for_each(|cluster| settled(cluster, &mut page));
        }
    }
    page.finish()
}

fn changes(difference: &Difference, clusters: &[ClusterReport], from: &str, page: &mut Page) {
    let verdict = escaped(&verdict(difference, Dress::default()));
    page.offer("heading", &format!("{MARK}### lbpools: {verdict}\n\n"));
    let mut compared = match difference.baseline {
        true => format!("What changes from {}", code(from)),
        false => "What would change".to_owned(),
    };
    if !difference.supposed.is_empty() {
        compared.push_str(&format!(" with {}", escaped(&difference.supposed.join(" and "))));
    }
    if difference.is_empty() {
        page.offer(
            "sentence",
            &format!("{compared}: nothing; every address, pool and announcement stays as it is.\n\n"),
        );
        return;
    }
    page.offer("sentence", &format!("{compared}:\n\n"));
    for each in &difference.clusters {
        cluster(each, page);
    }
    let touched = |cluster: &&ClusterReport| difference.clusters.iter().any(|each| each.name == cluster.name);
    clusters.iter().filter(touched).for_each(|cluster| settled(cluster, page));
}

fn cluster(cluster: &ClusterDifference, page: &mut Page) {
    if !cluster.name.is_empty() {
        let presence = match cluster.presence {
            Presence::Both => "",
            Presence::New => " (new)",
            Presence::Gone => " (no longer judged)",
        };
        let cilium = cluster.cilium.as_ref().map(|was| format!(", Cilium {} → {}", was.before, was.after));
        let cilium = escaped(&cilium.unwrap_or_default());
        page.offer("heading", &format!("#### Cluster {}{presence}{cilium}\n\n", code(&cluster.name)));
    }
    for (moment, title) in
        [(Moment::AtOnce, "As soon as it is applied"), (Moment::AtRestart, "When the operator next restarts")]
    {
        let now: Vec<&AddressChange> = cluster.addresses.iter().filter(|change| change.moment == moment).collect();
        let rows = now.iter().map(|change| row([fate(change), &who(change), &course(change), &because(change)]));
        page.list(title, &head(["what", "who", "address", "because"]), "change of an address", rows);
    }
    let operator = cluster.operator.iter().map(|text| format!("- {}\n", escaped(text)));
    page.list("**Danger for the operator**", "", "danger", operator);
    let announcements = cluster.announcements.iter().map(|change| {
        let names = |by: &[_]| match by {
            [] => "nothing".to_owned(),
            by => by.iter().map(name).collect::<Vec<_>>().join(", "),
        };
        let now = match &change.unknown {
            None => names(&change.after),
            Some(why) => format!("not known: {why}"),
        };
        row([announcement(change), &name(&change.resource), &format!("{} → {now}", names(&change.before))])
    });
    page.list("Announcements", &head(["what", "who", "by"]), "announcement", announcements);
    let unknown = cluster.unknown.iter().map(|text| format!("- {}\n", escaped(text)));
    page.list("Not compared", "", "thing not compared", unknown);
    let pools = cluster.pools.iter().map(|change| {
        let (word, rest) = pool(change);
        row([&change.name, word, &rest])
    });
    let title = format!("Pools that change in cluster <b>{}</b>", escaped(&cluster.name));
    page.fold(&title, &head(["pool", "what", "how"]), "pool", pools);
}

fn head<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |\n|{}\n", cells.join(" | "), "---|".repeat(N))
}

fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |\n", cells.map(escaped).join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn who_gets_which_address() {
        let report = sample::fleet().report;
        let page = page(&report, "");
        assert!(page.starts_with("<!-- lbpools plan -->\n### lbpools: who gets which address\n"), "{page}");
        let mut names = report.clusters.iter().flat_map(|cluster| &cluster.requests).map(|request| &request.resource);
        assert!(names.all(|resource| page.contains(&name(resource))), "{page}");
    }

    #[test]
    fn a_long_difference_stays_a_comment_and_says_what_it_left_out() {
        let mut report = sample::fleet().report;
        let change = AddressChange {
            resource: report.clusters[0].requests[0].resource.clone(),
            service: None,
            at: None,
            change: lbpools_function::report::AddressFate::Lost,
            certain: true,
            moment: Moment::AtOnce,
            before: Default::default(),
            after: Default::default(),
            because: "it is gone | with a bar".into(),
            taken_by: Vec::new(),
        };
        let cluster =
            ClusterDifference { name: "a".into(), addresses: vec![change; 2000], ..ClusterDifference::default() };
        report.difference = Some(Difference { baseline: true, supposed: Vec::new(), clusters: vec![cluster] });
        let page = page(&report, "main");
        assert!(page.encode_utf16().count() < 65_536);
        let shown = page.matches("it is gone").count();
        assert!(shown > 500, "{shown}");
        assert!(page.contains(&format!(
            "Left out, because a comment has no room for more: {} changes of an address",
            2000 - shown
        )));
    }
}
