//! From read documents to the report.

use super::beside::Beside;
use super::configured::Config;
use super::read::Input;
use super::{Attempt, Generation, compared, fixed, planned, verified};
use crate::cluster::explained;
use crate::cluster::plan::{NeededSetting, Plan};
use crate::cluster::{ClusterView, facts, space};
use crate::config::SeverityOverride;
use crate::flux::clusters::{Cluster, clusters, find_unread};
use crate::flux::files::Files;
use crate::flux::variables::Variables;
use crate::generate;
use crate::report::{BuildNeeded, LeftOut, Report, Severity, VERSION, Verdict};
use crate::rules::finding::{Findings, Overrides};
use crate::rules::{find, judge as judge_by_rules};
use crate::{FUNCTION_VERSION, Options};

/// Judge the input under a config. Fails where the report is to be limited to a cluster that is not there.
pub(super) fn judge(
    input: &Input<'_>,
    config: &Config,
    options: Options,
    generated: &Generation,
    beside: &Beside<'_>,
) -> Attempt<Report> {
    let files = input.files();
    let telling = planned::telling(config);
    let (mut clusters, notes) = clusters(&files, &telling);
    // A config that is not among the input reads settings too.
    let asked = serde_json::to_string(&config.pools).unwrap_or_default();
    let mut more: Vec<&str> = input.unreadable.iter().map(|unreadable| unreadable.text).collect();
    more.push(&asked);
    find_unread(&mut clusters, &files, &more, &telling);
    let latent = latent(&files, &clusters, &telling);
    let mut views: Vec<ClusterView<'_, '_>> = clusters
        .iter()
        .map(|cluster| {
            let name = &cluster.name;
            let plan = planned::plan(config, name);
            ClusterView::new(cluster, plan, planned::profile(config, name), planned::flags(config, name), true)
        })
        .collect();
    if config.given {
        let outcome = generate::outcome(&config.pools, &clusters);
        for (view, cluster) in views.iter_mut().zip(&clusters) {
            let settings = generate::proposals::missing(&config.pools, cluster, &outcome.settings);
            view.asked.settings = settings
                .into_iter()
                .map(|setting| NeededSetting { key: setting.key, value: setting.value, pool: setting.pool })
                .collect();
            view.asked.taken.clone_from(&generated.taken);
            view.asked.outdated.clone_from(&generated.outdated);
            if options.expect_generated {
                view.asked.missing = generate::expected::missing(&config.pools, cluster);
            }
        }
    }
    views.push(ClusterView::new(
        &latent,
        Plan::default(),
        planned::profile(config, ""),
        planned::flags(config, ""),
        false,
    ));
    let overrides = overrides(config);
    let mut findings = Findings::new(&overrides);
    judge_by_rules(&views, &mut findings);
    let live: Vec<&ClusterView<'_, '_>> = views.iter().filter(|view| view.live).collect();
    let tree = compared::Tree { files: &files, telling: &telling };
    let mut builds: Vec<BuildNeeded> = builds_needed(&clusters, &files).collect();
    let difference = compared::difference(&live, &tree, beside, &mut findings, &mut builds);
    let (verification, applied) = verified::verification(&live, beside, (config, &telling), &mut findings)?.unzip();
    let difference = applied.flatten().or(difference);
    let mut report = Report {
        version: VERSION.into(),
        function: FUNCTION_VERSION.into(),
        verdict: Verdict::Clean,
        failure: None,
        clusters: views.iter().filter(|view| view.live).map(facts::facts).collect(),
        segments: space::segments(&live),
        findings: findings.findings,
        not_checked: findings.not_checked,
        changes: generated.objects.clone(),
        builds,
        difference,
        explanation: None,
        verification,
        left_out: LeftOut::default(),
    };
    report.explanation = beside.explain.map(|subject| explained::explanation(subject, &live, &report));
    report.not_checked.extend(notes);
    report.not_checked.extend(generated.withheld.iter().cloned());
    report.not_checked.extend(views.iter().filter(|view| view.live).flat_map(|view| view.not_checked.iter().cloned()));
    report.not_checked.extend(input.unreadable.iter().map(super::read::Unreadable::note));
    report.not_checked.sort();
    report.not_checked.dedup();
    report.findings.sort_by(|a, b| key(a).cmp(&key(b)));
    report.findings.dedup();
    let text = |path: &str| input.documents.iter().map(|document| document.text).find(|text| text.path == path);
    for finding in report.findings.iter_mut().filter(|finding| finding.proposed.is_some()) {
        finding.fix = fixed::fix(|path| text(path).map(|text| text.text), finding);
    }
    beside.scope.known(&report)?;
    beside.scope.limit(&mut report, &input.documents, beside);
    let wrong = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    report.verdict = if wrong { Verdict::Findings } else { Verdict::Clean };
    Ok(report)
}

/// The builds without which something is not known, and which were not handed in.
pub(super) fn builds_needed(clusters: &[Cluster<'_, '_>], files: &Files<'_, '_>) -> impl Iterator<Item = BuildNeeded> {
    let all = clusters.iter().flat_map(|cluster| cluster.wiring.builds.iter().map(move |build| (cluster, build)));
    all.filter(|(_, build)| files.built(&build.id).is_none()).filter_map(|(cluster, build)| {
        let written = build.kustomization.as_ref().ok()?;
        Some(BuildNeeded {
            id: build.id.to_string(),
            baseline: false,
            cluster: cluster.name.clone(),
            directory: build.directory.clone(),
            because: build.because.as_ref()?.to_string(),
            file: written.path.clone(),
            kustomization: written.text.clone(),
        })
    })
}

/// Severity, file, line, column, code, cluster: the order of the KRM framework, made total.
fn key(finding: &crate::report::Finding) -> (Severity, Option<&crate::report::Place>, &str, Option<&str>) {
    (finding.severity, finding.at.as_ref(), &finding.code, finding.cluster.as_deref())
}

/// What no cluster applies, as if one did that sets no variables.
fn latent<'a, 't>(
    files: &Files<'a, 't>,
    clusters: &[Cluster<'a, 't>],
    telling: &crate::flux::clusters::Telling,
) -> Cluster<'a, 't> {
    let applied: std::collections::BTreeSet<*const crate::krm::item::Item<'t>> = clusters
        .iter()
        .flat_map(|c| &c.objects)
        .filter(|object| object.suspended.is_none())
        .map(|object| std::ptr::from_ref(object.item))
        .collect();
    let mut variables = Variables::none(telling.dialect());
    variables.runs = true;
    variables.open = Some("no cluster applies it".into());
    let variables = std::rc::Rc::new(variables);
    let rooted = clusters.iter().any(|cluster| cluster.entrypoint.is_some());
    let objects = files
        .all()
        .filter(|(_, (_, item))| rooted && !applied.contains(&std::ptr::from_ref(*item)))
        .filter(|(_, (_, item))| item.resource.api_version.starts_with("cilium.io/"))
        .map(|(_, located)| crate::flux::object::Object::with_variables(located, variables.clone()))
        .collect();
    Cluster {
        name: String::new(),
        entrypoint: None,
        objects,
        settings: variables,
        settings_object: None,
        dialect: None,
        wiring: crate::flux::clusters::Wiring::default(),
        not_checked: Vec::new(),
    }
}

fn overrides(config: &Config) -> Overrides {
    config
        .pools
        .spec
        .severity
        .iter()
        .filter_map(|(name, said)| {
            let severity = match said {
                SeverityOverride::Error => Some(Severity::Error),
                SeverityOverride::Warning => Some(Severity::Warning),
                SeverityOverride::Info => Some(Severity::Info),
                SeverityOverride::Off => None,
            };
            find(name).map(|rule| (rule.name.to_owned(), severity))
        })
        .collect()
}
