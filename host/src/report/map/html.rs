//! The map as a page: every segment drawn, every pool a part that opens, everything found by name or address.
//!
//! What a reader sees first is in the page as it is: drawings, pools, numbers. Who has which address may be a hundred
//! thousand rows; they lie in the page compressed and become rows when a pool is opened.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use lbpools_function::report::{ClusterReport, Outcome, PoolReport, Severity};
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use serde_json::json;

use super::svg::{self, Figure};
use super::{Side, rows, title};
use crate::report::html::STYLE;
use crate::report::words::{addresses, amount};

const PAGE: &str = include_str!("map.html");
const LOOK: &str = include_str!("map.css");
const SCRIPT: &str = include_str!("map.js");

/// Write the page of one state, or of two beside each other.
pub fn emit(sides: &[Side<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_template("map", PAGE).map_err(io::Error::other)?;
    let safe = |text: String| Value::from_safe_string(text);
    let shown: Vec<Shown> = sides.iter().enumerate().map(|(number, side)| Shown::of(number, side)).collect();
    let page = environment.get_template("map").and_then(|template| {
        template.render(context! {
            style => safe([STYLE, svg::STYLE, LOOK].join("")),
            script => safe(SCRIPT.to_owned()),
            patterns => safe(svg::PATTERNS.to_owned()),
            legend => svg::LEGEND,
            data => safe(packed(sides)?),
            segments => segments(sides),
            sides => shown,
        })
    });
    out.write_all(page.map_err(io::Error::other)?.as_bytes())?;
    out.write_all(b"\n")
}

/// A segment with a drawing for each side; empty where a side does not have it.
#[derive(Serialize)]
struct Shelf {
    title: String,
    planned: bool,
    drawings: Vec<Option<Drawn>>,
}

#[derive(Serialize)]
struct Drawn {
    label: String,
    facts: String,
    svg: Value,
    contests: Vec<String>,
}

fn segments(sides: &[Side<'_>]) -> Vec<Shelf> {
    let shelf = |row: super::Row<'_>| {
        let mut drawings: Vec<Option<Drawn>> = sides.iter().map(|_| None).collect();
        for (number, side, segment) in row.drawn(sides) {
            let contests = segment.contests.iter().map(|contest| {
                let more = contest.rivals.saturating_sub(contest.between.len());
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                format!("{}: {}{more}", contest.range, contest.between.join(", "))
            });
            let figure = Figure::new(svg::PAGE, side.report, segment, number, row.scale.as_ref());
            let drawn = Drawn {
                label: side.label.to_owned(),
                facts: format!("{}, {} unclaimed", addresses(&segment.total), segment.unclaimed),
                contests: contests.collect(),
                svg: Value::from_safe_string(figure.element()),
            };
            if let Some(place) = drawings.get_mut(number) {
                *place = Some(drawn);
            }
        }
        if row.unchanged {
            drawings.retain(Option::is_some);
        }
        Shelf { title: row.title.to_owned(), planned: row.planned, drawings }
    };
    rows(sides).into_iter().map(shelf).collect()
}

/// One side as the page shows it before anything is opened.
#[derive(Serialize)]
struct Shown {
    number: usize,
    label: String,
    verdict: String,
    clusters: Vec<ShownCluster>,
    findings: Vec<ShownFinding>,
}

#[derive(Serialize)]
struct ShownCluster {
    name: String,
    facts: String,
    pools: Vec<ShownPool>,
    /// How many requests get no address of a pool, or nobody knows.
    without: usize,
}

#[derive(Serialize)]
struct ShownPool {
    name: String,
    ranges: String,
    numbers: String,
    /// Used and assignable addresses and the headroom, where they are known: for the bar.
    meter: Option<(f64, f64, f64)>,
    facts: Vec<(&'static str, String)>,
    disabled: bool,
}

#[derive(Serialize)]
struct ShownFinding {
    severity: &'static str,
    code: String,
    message: String,
    cluster: Option<String>,
}

impl Shown {
    fn of(number: usize, side: &Side<'_>) -> Self {
        let findings = side.report.findings.iter().map(|finding| ShownFinding {
            severity: match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            },
            code: finding.code.clone(),
            message: finding.message.clone(),
            cluster: finding.cluster.clone(),
        });
        Self {
            number,
            label: side.label.to_owned(),
            verdict: crate::report::text::verdict(side.report, crate::report::text::Dress::default()),
            clusters: side.report.clusters.iter().map(ShownCluster::of).collect(),
            findings: findings.collect(),
        }
    }
}

impl ShownCluster {
    fn of(cluster: &ClusterReport) -> Self {
        let mut facts = vec![format!("Cilium {}", cluster.cilium)];
        facts.extend(cluster.entrypoint.iter().map(|path| format!("from {path}")));
        if !cluster.ranges.is_empty() {
            facts.push(format!("plan {}", cluster.ranges.join(", ")));
        }
        let served = |outcome: &Outcome| matches!(outcome, Outcome::Address { .. } | Outcome::OneOf { .. });
        let without = cluster.requests.iter().filter(|request| !request.outcomes.iter().all(served)).count();
        Self {
            name: cluster.name.clone(),
            facts: facts.join("; "),
            pools: cluster.pools.iter().map(ShownPool::of).collect(),
            without,
        }
    }
}

impl ShownPool {
    fn of(pool: &PoolReport) -> Self {
        let ranges = pool.blocks.iter().map(|block| match (&block.range, &block.unknown) {
            (Some(range), _) => range.clone(),
            (None, Some(unknown)) => format!("{}: {unknown}", block.written),
            (None, None) => block.written.clone(),
        });
        let ranges: Vec<String> = ranges.collect();
        let mut shown: Vec<String> = ranges.iter().take(4).cloned().collect();
        if ranges.len() > shown.len() {
            shown.push(format!("and {} more", ranges.len() - shown.len()));
        }
        let float = |number: &Option<String>| number.as_ref().and_then(|number| number.parse::<f64>().ok());
        let (used, free) = (float(&pool.used), float(&pool.free));
        let facts = [
            ("kept back", pool.reserved.clone().filter(|number| number != "0")),
            ("serves", Some(pool.selector.clone().unwrap_or("every Service".to_owned()))),
            ("owner", pool.owner.clone()),
            ("purpose", pool.purpose.clone()),
            ("all ranges", (ranges.len() > 4).then(|| ranges.join(", "))),
        ];
        Self {
            name: pool.name.clone(),
            ranges: shown.join(", "),
            numbers: format!(
                "{} of {} used, {} free{}",
                amount(pool.used.as_ref(), pool.used_between.as_ref()),
                amount(pool.total.as_ref(), None),
                amount(pool.free.as_ref(), pool.free_between.as_ref()),
                pool.headroom.as_ref().map(|headroom| format!(", {headroom} to stay free")).unwrap_or_default(),
            ),
            meter: used
                .zip(free)
                .map(|(used, free)| (used, used + free, float(&pool.headroom).unwrap_or(0.0).min(used + free)))
                .filter(|(_, most, _)| *most > 0.0),
            facts: facts.into_iter().filter_map(|(what, value)| Some((what, value?))).collect(),
            disabled: pool.disabled,
        }
    }
}

/// Texts that many rows share, each once.
#[derive(Default)]
struct Words<'a> {
    known: BTreeMap<&'a str, usize>,
    list: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn number(&mut self, word: &'a str) -> usize {
        *self.known.entry(word).or_insert_with(|| {
            self.list.push(word);
            self.list.len() - 1
        })
    }
}

/// Everything that is opened or searched: JSON, deflated, in letters. `map.js` says what stands where.
fn packed(sides: &[Side<'_>]) -> Result<String, minijinja::Error> {
    let mut words = Words::default();
    let mut all = Vec::new();
    for side in sides {
        let mut clusters = Vec::new();
        for cluster in &side.report.clusters {
            let mut pools: BTreeMap<&str, usize> = BTreeMap::new();
            for (number, pool) in cluster.pools.iter().enumerate() {
                pools.entry(&pool.name).or_insert(number);
            }
            let requests: Vec<serde_json::Value> = cluster
                .requests
                .iter()
                .map(|request| {
                    let name = &request.resource.name;
                    let namespace = request.resource.namespace.as_deref().unwrap_or_default();
                    let outcomes =
                        request.outcomes.iter().map(|each| outcome(each, &request.pinned, &pools, &mut words));
                    let outcomes: Vec<serde_json::Value> = outcomes.collect();
                    let kind = words.number(&request.resource.kind);
                    json!([kind, words.number(namespace), name, request.service, outcomes])
                })
                .collect();
            let blocks = cluster.pools.iter().map(|pool| {
                let ranges: Vec<&str> = pool.blocks.iter().filter_map(|block| block.range.as_deref()).collect();
                json!({"name": pool.name, "blocks": ranges})
            });
            clusters.push(json!({
                "name": cluster.name, "pools": blocks.collect::<Vec<_>>(), "requests": requests,
            }));
        }
        let segments = side.report.segments.iter().map(|segment| {
            // Pools are found through their clusters.
            let claims = segment.claims.iter().filter(|claim| claim.kind != lbpools_function::report::ClaimKind::Pool);
            let claims = claims.map(|claim| json!([claim.name, claim.cluster, claim.range]));
            json!({"title": title(segment), "range": segment.range, "claims": claims.collect::<Vec<_>>()})
        });
        all.push(json!({
            "label": side.label, "clusters": clusters, "segments": segments.collect::<Vec<_>>(),
        }));
    }
    let document = json!({"words": words.list, "sides": all}).to_string();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(document.as_bytes()).and_then(|()| encoder.finish());
    let failed = |error: io::Error| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string());
    Ok(STANDARD.encode(packed.map_err(failed)?))
}

/// `[0, address, pool, pinned, because]`, `[1, ranges, pools, because]`, `[2, reason, because]`, `[3, because]`.
fn outcome<'a>(
    outcome: &'a Outcome,
    pinned: &[String],
    pools: &BTreeMap<&str, usize>,
    words: &mut Words<'a>,
) -> serde_json::Value {
    let number = |pool: &String| pools.get(pool.as_str()).copied();
    match outcome {
        Outcome::Address { address, pool, because } => {
            json!([0, address, number(pool), u8::from(pinned.contains(address)), words.number(because)])
        }
        Outcome::OneOf { ranges, pools: from, because, .. } => {
            let from: Vec<usize> = from.iter().filter_map(number).collect();
            // Many Services share one set, so a set is a word.
            let ranges: Vec<usize> = ranges.iter().map(|range| words.number(range)).collect();
            json!([1, ranges, from, words.number(because)])
        }
        Outcome::Pending { reason, because } => json!([2, words.number(reason), words.number(because)]),
        Outcome::Unknown { because } => json!([3, words.number(because)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn page(sides: &[Side<'_>]) -> String {
        let mut out = Vec::new();
        emit(sides, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let report = sample::fleet().report;
        let page = page(&[Side { label: "", report: &report }]);
        for needs in ["<link", "@import", "src=", "http:", "https:", "fetch(", "XMLHttpRequest"] {
            assert!(!page.contains(needs), "{needs}");
        }
    }

    #[test]
    fn two_sides_have_places_of_their_own() {
        let report = sample::fleet().report;
        let page = page(&[Side { label: "before", report: &report }, Side { label: "after", report: &report }]);
        for id in ["id=\"pool-0-0-0\"", "id=\"pool-1-0-0\""] {
            assert_eq!(page.matches(id).count(), 1, "{id}");
        }
    }

    #[test]
    fn no_name_becomes_markup() {
        let mut report = sample::fleet().report;
        report.clusters[0].pools[0].name = "</script><img src=x>".into();
        report.segments[0].claims[0].name = Some("</script><img src=x>".into());
        let page = page(&[Side { label: "", report: &report }]);
        assert!(!page.contains("<img"));
    }
}
