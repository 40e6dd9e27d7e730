//! What was verified, for a person at a terminal: who has which address and what was predicted, then the pools, the
//! Gateways and the way of delivery, then the findings, then what was not checked, then the verdict.

use std::io::{self, Write};

use lbpools_function::report::{
    DeliveryVerified, GatewayVerified, OriginReport, Outcome, PoolCounts, PoolVerified, Presences, Report,
    RequestVerified, Standing, Verdict, Verification,
};

use crate::report::Texts;
use crate::report::plan::text::Page;
use crate::report::text::table::{Lean, Table};
use crate::report::text::{self, Dress, line, name};

/// Services of nobody's manifest that are shown; the others are counted.
const MOST_OTHERS: usize = 20;

/// Everything.
pub fn page(report: &Report, texts: &Texts, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let dress = page.dress;
    let Some(verification) = &report.verification else { return text::findings(report, texts, dress, out) };
    if !dress.quiet {
        tables(verification, page, out)?;
    }
    text::findings(report, texts, dress, out)?;
    if dress.quiet {
        return Ok(());
    }
    scenarios(verification, dress, out)?;
    text::not_checked(report, texts, dress, out)?;
    writeln!(out, "{}", verdict(report, verification, dress))
}

fn tables(verification: &Verification, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let dress = page.dress;
    let cilium = verification.cilium.as_ref().map(|cilium| format!("  Cilium {}", line(cilium))).unwrap_or_default();
    let heading = dress.paint(Dress::HEADING, &format!("cluster {}", line(&verification.cluster)));
    let by = dress.paint(Dress::FAINT, &format!("  ({})", line(&verification.known_by)));
    writeln!(out, "{heading}{cilium}{by}\n")?;
    let others: Vec<&RequestVerified> =
        verification.requests.iter().filter(|request| request.origin != OriginReport::Repository).collect();
    let own = verification.requests.iter().filter(|request| request.origin == OriginReport::Repository);
    requests(own.chain(others.iter().copied().take(MOST_OTHERS)), page, out)?;
    if others.len() > MOST_OTHERS {
        let more = others.len() - MOST_OTHERS;
        let services = if more == 1 { "Service" } else { "Services" };
        writeln!(out, "  and {more} more {services} that no manifest makes\n")?;
    }
    pools(&verification.pools, page, out)?;
    gateways(&verification.gateways, page, out)?;
    kustomizations(&verification.kustomizations, page, out)
}

fn requests<'r>(
    requests: impl Iterator<Item = &'r RequestVerified>,
    page: Page,
    out: &mut dyn Write,
) -> io::Result<()> {
    use Lean::Left;
    let mut table =
        Table::new([("WHO", Left), ("HAS", Left), ("POOL", Left), ("PREDICTED", Left), ("THAT IS", Left), ("", Left)]);
    for request in requests {
        let addresses: Vec<&str> = request.actual.iter().map(|held| held.address.as_str()).collect();
        let mut pools: Vec<&str> = request.actual.iter().filter_map(|held| held.pool.as_deref()).collect();
        pools.dedup();
        let has = match (addresses.as_slice(), &request.reason) {
            ([], Some(reason)) => format!("none ({})", reason.split(':').next().unwrap_or_default()),
            ([], None) => "none".to_owned(),
            (addresses, _) => addresses.join(", "),
        };
        // What is as predicted needs no reason.
        let because = match request.standing {
            Standing::AsPredicted | Standing::Possible => String::new(),
            _ => line(&request.because).into_owned(),
        };
        table.row([
            name(&request.resource),
            line(&has).into_owned(),
            line(&pools.join(", ")).into_owned(),
            request.predicted.iter().map(predicted).collect::<Vec<_>>().join(", "),
            standing(request.standing).to_owned(),
            because,
        ]);
    }
    table.write_within(page.columns, page.dress, out)
}

fn predicted(outcome: &Outcome) -> String {
    let text = match outcome {
        Outcome::Address { address, .. } => address.clone(),
        Outcome::OneOf { ranges, more, .. } => {
            let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
            format!("one of {}{more}", ranges.join(", "))
        }
        Outcome::Pending { reason, .. } => format!("none ({reason})"),
        Outcome::Unknown { .. } => "?".to_owned(),
    };
    line(&text).into_owned()
}

/// One word for how it stands.
fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::AsPredicted => "as predicted",
        Standing::Possible => "possible",
        Standing::Order => "order",
        Standing::Drift => "drift",
        Standing::WrongPrediction => "inexplicable",
        Standing::NotPredicted => "not predicted",
        Standing::NotKnown => "not known",
    }
}

fn presence(presence: Presences) -> &'static str {
    match presence {
        Presences::Both => "",
        Presences::Repository => "not in the cluster",
        Presences::Cluster => "not in the repository",
        Presences::NotKnown => "not read",
    }
}

fn pools(pools: &[PoolVerified], page: Page, out: &mut dyn Write) -> io::Result<()> {
    use Lean::{Left, Right};
    let mut table = Table::new([
        ("POOL", Left),
        ("TOTAL", Right),
        ("AVAILABLE", Right),
        ("USED", Right),
        ("BY ITS SERVICES", Right),
        ("", Left),
    ]);
    for pool in pools {
        let of = |counts: &Option<PoolCounts>, which: fn(&PoolCounts) -> Option<&String>| {
            counts.as_ref().and_then(which).map_or_else(|| "?".to_owned(), |count| line(count).into_owned())
        };
        let mut notes = vec![presence(pool.presence).to_owned()];
        notes.extend(pool.conflict.filter(|conflict| *conflict).map(|_| "in conflict".to_owned()));
        notes.extend(pool.differs.iter().map(|edit| line(edit).into_owned()));
        notes.retain(|note| !note.is_empty());
        table.row([
            line(&pool.name).into_owned(),
            of(&pool.counts, |counts| Some(&counts.total)),
            of(&pool.counts, |counts| Some(&counts.available)),
            of(&pool.counts, |counts| counts.used.as_ref()),
            of(&pool.counted, |counts| counts.used.as_ref()),
            notes.join("; "),
        ]);
    }
    table.write_within(page.columns, page.dress, out)
}

fn gateways(gateways: &[GatewayVerified], page: Page, out: &mut dyn Write) -> io::Result<()> {
    use Lean::Left;
    let mut table =
        Table::new([("GATEWAY", Left), ("ADDRESSES", Left), ("ACCEPTED", Left), ("PROGRAMMED", Left), ("", Left)]);
    for gateway in gateways {
        let told = |text: &Option<String>| text.as_deref().map_or_else(|| "?".into(), |text| line(text).into_owned());
        table.row([
            line(&gateway.name).into_owned(),
            if gateway.addresses.is_empty() { "none".into() } else { line(&gateway.addresses.join(", ")).into_owned() },
            told(&gateway.accepted),
            told(&gateway.programmed),
            presence(gateway.presence).to_owned(),
        ]);
    }
    table.write_within(page.columns, page.dress, out)
}

fn kustomizations(kustomizations: &[DeliveryVerified], page: Page, out: &mut dyn Write) -> io::Result<()> {
    use Lean::Left;
    let mut table =
        Table::new([("KUSTOMIZATION", Left), ("READY", Left), ("HOLDS", Left), ("OFFERED", Left), ("", Left)]);
    for each in kustomizations {
        let told = |text: &Option<String>| text.as_deref().map_or_else(|| "?".into(), |text| line(text).into_owned());
        let offered = each.offered.as_ref().filter(|offered| Some(*offered) != each.revision.as_ref());
        let suspended = if each.suspended { "suspended" } else { presence(each.presence) };
        table.row([
            line(&each.name).into_owned(),
            told(&each.ready),
            each.revision.as_deref().map_or_else(|| "?".into(), revision),
            offered.map(|offered| revision(offered)).unwrap_or_default(),
            suspended.to_owned(),
        ]);
    }
    table.write_within(page.columns, page.dress, out)
}

/// `main@sha1:5b1c7f0e` of a longer one.
fn revision(text: &str) -> String {
    let short = match text.rsplit_once(':') {
        Some((front, hash)) if hash.len() > 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{front}:{}", &hash[..8])
        }
        _ => text.to_owned(),
    };
    line(&short).into_owned()
}

/// What to report where a prediction is wrong.
fn scenarios(verification: &Verification, dress: Dress, out: &mut dyn Write) -> io::Result<()> {
    let scenarios = verification.requests.iter().filter_map(|request| Some((request, request.scenario.as_ref()?)));
    for (request, scenario) in scenarios {
        let title = format!("scenario for a report on {}", name(&request.resource));
        writeln!(out, "{}\n  {}\n", dress.paint(Dress::HEADING, &title), line(scenario))?;
    }
    Ok(())
}

/// The closing line.
fn verdict(report: &Report, verification: &Verification, dress: Dress) -> String {
    let (style, word) = match report.verdict {
        Verdict::Clean => (Dress::GOOD, "holds"),
        Verdict::Findings => (Dress::BAD, "does not hold"),
        Verdict::Failed => return dress.paint(Dress::DOUBT, "the run failed, nothing was judged"),
    };
    let parts: Vec<String> = [
        (Standing::AsPredicted, "as predicted"),
        (Standing::Possible, "possible"),
        (Standing::Order, "by order"),
        (Standing::Drift, "drift"),
        (Standing::WrongPrediction, "inexplicable"),
        (Standing::NotPredicted, "not predicted"),
        (Standing::NotKnown, "not known"),
    ]
    .into_iter()
    .map(|(standing, word)| (verification.count(standing), word))
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    let requests = if parts.is_empty() { "nobody asks for an address".into() } else { parts.join(", ") };
    let findings = text::counts(report).join(", ");
    format!("{}: {requests}; {findings}{}", dress.paint(style, word), text::left_out(report))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    /// Every standing, and strings that somebody chose.
    fn sample(others: usize) -> Report {
        let request = |name: &str, standing: &str, actual: &[&str]| {
            json!({
                "resource": { "apiVersion": "v1", "kind": "Service", "namespace": "media", "name": name },
                "origin": if standing == "notPredicted" { "foreign" } else { "repository" },
                "predicted": [{ "kind": "address", "address": "10.0.0.1", "pool": "p", "because": "it asks for it" }],
                "actual": actual.iter().map(|held| json!({ "address": held, "pool": "p" })).collect::<Vec<_>>(),
                "reason": if actual.is_empty() { json!("out_of_ips: all ran out") } else { json!(null) },
                "standing": standing,
                "because": format!("because of {name}"),
                "scenario": if standing == "wrongPrediction" { json!("{\"events\":[]}") } else { json!(null) },
            })
        };
        let standings = ["asPredicted", "possible", "order", "wrongPrediction", "notKnown", "notPredicted"];
        let mut requests: Vec<_> =
            standings.iter().map(|standing| request(standing, standing, &["10.0.0.1"])).collect();
        requests.push(request("drift\u{1b}[2J", "drift", &[]));
        requests.extend((0..others).map(|at| request(&format!("other-{at:02}"), "notPredicted", &["10.0.0.9"])));
        serde_json::from_value(json!({
            "version": "v", "function": "0", "verdict": "findings", "clusters": [], "findings": [], "notChecked": [],
            "changes": [],
            "verification": {
                "cluster": "infra", "knownBy": "it was named", "cilium": "1.18.3",
                "requests": requests,
                "pools": [
                    { "name": "p", "presence": "both", "differs": ["spec.disabled is true, in the repository false"],
                      "counts": { "total": "9", "available": "8", "used": "1" },
                      "counted": { "total": "9", "available": "7", "used": "2" }, "conflict": true },
                    { "name": "q", "presence": "repository", "differs": [] },
                ],
                "gateways": [
                    { "name": "web/public", "presence": "both", "addresses": [], "programmed": "False (AddressNotAssigned)" },
                    { "name": "web/own", "presence": "cluster", "addresses": ["10.0.0.2"], "programmed": "True", "accepted": "True" },
                ],
                "kustomizations": [
                    { "name": "flux-system/a", "presence": "both", "ready": "True", "suspended": true,
                      "revision": "main@sha1:5b1c7f0e6a9d4c3b2a19", "offered": "main@sha1:9f0e1d2c3b4a59687706" },
                    { "name": "flux-system/b", "presence": "notKnown", "suspended": false },
                ],
            },
        }))
        .unwrap()
    }

    fn shown(others: usize, columns: Option<usize>, quiet: bool) -> String {
        let mut out = Vec::new();
        let dress = Dress { quiet, ..Dress::default() };
        page(&sample(others), &Texts::default(), Page { dress, columns }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_standing() {
        assert_snapshot!(shown(MOST_OTHERS + 1, None, false));
    }

    #[test]
    fn a_narrow_terminal() {
        assert_snapshot!(shown(0, Some(60), false));
    }

    #[test]
    fn quiet_is_quiet() {
        assert_eq!(shown(0, None, true), "");
    }
}
