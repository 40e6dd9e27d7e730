//! Pass and fail cases of rules, run through the whole function.
//!
//! A case is a text of one or several files. A line `#> PATH` begins a file, `#< PATH` one of the baseline;
//! `#@ PATH` one of what was read of a living cluster, `#? ID` what was said of a build; without any the whole text is
//! a stream on standard input. A `LoadBalancerPools` document anywhere is the config.

use super::Rule;
use crate::report::Finding;
use crate::{Evaluation, Options, Source};

/// Cases of one rule.
#[derive(Debug)]
pub struct Cases(&'static Rule);

/// Cases of `rule`.
pub fn rule(rule: &'static Rule) -> Cases {
    Cases(rule)
}

/// The findings of a rule in a case that fails.
#[derive(Debug)]
pub struct Failed {
    text: String,
    /// What the rule found.
    pub findings: Vec<Finding>,
}

/// The input texts of a case.
pub fn sources(case: &str) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for line in case.lines() {
        if let Some(path) = line.strip_prefix("#> ") {
            sources.push(Source::file(path.trim(), Vec::new()));
            continue;
        }
        if let Some(path) = line.strip_prefix("#< ") {
            sources.push(Source { role: crate::Role::Baseline, ..Source::file(path.trim(), Vec::new()) });
            continue;
        }
        if let Some(id) = line.strip_prefix("#? ") {
            sources.push(Source { role: crate::Role::Unbuilt, ..Source::file(id.trim(), Vec::new()) });
            continue;
        }
        if let Some(path) = line.strip_prefix("#@ ") {
            sources.push(Source { role: crate::Role::Observed, ..Source::file(path.trim(), Vec::new()) });
            continue;
        }
        if sources.is_empty() {
            return vec![Source::stdin(case)];
        }
        if let Some(source) = sources.last_mut() {
            source.text.extend_from_slice(line.as_bytes());
            source.text.push(b'\n');
        }
    }
    sources
}

/// Run a case.
pub fn evaluated(case: &str) -> Evaluation {
    let evaluation = crate::evaluate(&sources(case), Options::default());
    assert_eq!(evaluation.report.failure, None, "{case}");
    evaluation
}

impl Cases {
    fn findings(&self, case: &str) -> Vec<Finding> {
        evaluated(case).report.findings.into_iter().filter(|finding| finding.code == self.0.code).collect()
    }

    /// The rule is silent.
    pub fn passes(&self, case: &str) {
        let findings = self.findings(case);
        assert!(findings.is_empty(), "{case}\nfound {findings:#?}");
    }

    /// The rule speaks.
    pub fn fails(&self, case: &str) -> Failed {
        let findings = self.findings(case);
        assert!(!findings.is_empty(), "{} is silent on\n{case}", self.0.code);
        for finding in &findings {
            assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{finding:#?}");
        }
        Failed { text: case.to_owned(), findings }
    }
}

impl Failed {
    /// The first finding points at exactly this text.
    pub fn at(self, text: &str) -> Self {
        assert_eq!(self.slice(self.findings[0].at.as_ref()), text, "{:#?}", self.findings[0]);
        self
    }

    /// The first finding points at a setting, and the first step of its chain is this text, which reads it.
    pub fn read_at(self, text: &str) -> Self {
        let finding = &self.findings[0];
        let setting = finding.chain.iter().find(|link| link.what.starts_with("setting "));
        assert!(finding.at.is_some() && setting.is_some_and(|link| link.at == finding.at), "{finding:#?}");
        assert_eq!(self.slice(finding.chain[0].at.as_ref()), text, "{finding:#?}");
        self
    }

    fn slice(&self, place: Option<&crate::report::Place>) -> String {
        let sources = sources(&self.text);
        let place = place.expect("the finding has a place");
        let subject = |source: &&Source| source.role != crate::Role::Baseline;
        let source =
            sources.iter().filter(subject).find(|source| source.path == place.source).expect("a source of the case");
        String::from_utf8_lossy(&source.text[place.start..place.end]).into_owned()
    }

    /// The first finding says this.
    pub fn says(self, text: &str) -> Self {
        let message = &self.findings[0].message;
        assert!(message.contains(text), "{message:?} does not say {text:?}");
        self
    }

    /// The first finding proposes this value.
    pub fn proposes(self, value: &str) -> Self {
        assert_eq!(self.findings[0].proposed.as_deref(), Some(value), "{:#?}", self.findings[0]);
        self
    }

    /// So many findings.
    pub fn times(self, count: usize) -> Self {
        assert_eq!(self.findings.len(), count, "{:#?}", self.findings);
        self
    }
}

/// A pool with these blocks (flow YAML), alone in the input.
pub fn pool(blocks: &str) -> String {
    pool_named("pool", blocks)
}

/// A cluster `infra` with the ranges 10.25.11.100-10.25.11.119 on 10.25.11.0/24, the settings `START` and `END`,
/// and a pool with one block of these fields (`start: ${START}, stop: ${END}`).
pub fn planned(block: &str, start: &str, end: &str) -> String {
    format!(
        "{}#> lbpools.yaml\n{CONFIG}  clusters:\n{}",
        cluster("infra", block, start, end),
        plan("infra", "10.25.11.100-10.25.11.119", "10.25.11.0/24")
    )
}

/// [`planned`], and a second cluster `apps` with the ranges 10.25.11.120-10.25.11.139, on 10.25.11.0/24 unless the
/// plan names no networks.
pub fn two_planned(block: &str, infra: [&str; 2], apps: [&str; 2]) -> String {
    format!(
        "{}{}#> lbpools.yaml\n{CONFIG}  clusters:\n{}{}",
        cluster("infra", block, infra[0], infra[1]),
        cluster("apps", block, apps[0], apps[1]),
        plan("infra", "10.25.11.100-10.25.11.119", "10.25.11.0/24"),
        plan("apps", "10.25.11.120-10.25.11.139", "10.25.11.0/24")
    )
}

/// The head of a config, up to what is in its `spec`.
pub const CONFIG: &str = "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata:\n  name: c\nspec:\n";

/// An entry of `spec.clusters`; an empty range or network is left out.
pub fn plan(name: &str, ranges: &str, network: &str) -> String {
    let mut entry = format!("  - name: {name}\n    entrypoint: clusters/{name}\n");
    for (field, value) in [("ranges", ranges), ("network", network)] {
        if !value.is_empty() {
            entry.push_str(&format!("    {field}: [{value}]\n"));
        }
    }
    entry
}

/// The files of a cluster with two settings and a pool of one block; each cluster has its own manifest.
pub fn cluster(name: &str, block: &str, start: &str, end: &str) -> String {
    let fields = block.replace(", ", "\n    ");
    format!(
        "#> clusters/{name}/ks.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: pools
  namespace: flux-system
spec:
  interval: 1h
  prune: true
  path: ./pools/{name}
  sourceRef:
    kind: GitRepository
    name: flux-system
  postBuild:
    substituteFrom:
    - kind: ConfigMap
      name: cluster-settings
#> clusters/{name}/cluster-settings.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: cluster-settings
  namespace: flux-system
data:
  CLUSTER: {name}
  START: {start}
  END: {end}
#> pools/{name}/pool.yaml
apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata:
  name: pool
spec:
  blocks:
  - {fields}
"
    )
}

/// A pool of this name with these blocks.
pub fn pool_named(name: &str, blocks: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: {name}\nspec:\n  blocks: {blocks}\n"
    )
}

/// A cluster that starts from `clusters/one`: the Kustomization of its bootstrap, the source, settings (`CLUSTER`,
/// `START`), and these files besides. `KS NAME PATH` at the start of a line stands for a Kustomization that fills in
/// the settings; what follows in the line is added to its `spec`, in flow style.
pub fn wired(files: &str) -> String {
    let mut text = String::from(
        "#> clusters/one/flux-system/sync.yaml
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: 'https://git.example.org/fleet'}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, prune: true, path: ./clusters/one, sourceRef: {kind: GitRepository, name: flux-system}}
#> clusters/one/cluster-settings.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings, namespace: flux-system}
data:
  CLUSTER: one
  START: 10.0.0.1
",
    );
    for line in files.lines() {
        let Some(rest) = line.strip_prefix("KS ") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let mut words = rest.splitn(3, ' ');
        let (name, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let more = words.next().map(|more| format!(", {more}")).unwrap_or_default();
        text.push_str(&format!(
            "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  \
             namespace: flux-system\nspec: {{interval: 1h, prune: true, path: {path}, sourceRef: {{kind: \
             GitRepository, name: flux-system}}, postBuild: {{substituteFrom: [{{kind: ConfigMap, name: \
             cluster-settings}}]}}{more}}}\n"
        ));
    }
    text
}

/// A pool file of [`wired`]: one block from `${START}`.
pub const POOL_FILE: &str = "#> pools/pool.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: pool\nspec:\n  blocks:\n  - start: ${START}\n    stop: 10.0.0.9\n";

/// A pool `web` of 10.0.0.8/29 with `allowFirstLastIPs`, in the baseline (`<`) or the subject (`>`).
pub fn pool_file(side: &str, ends: &str) -> String {
    format!(
        "#{side} pool.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: web\nspec:\n  \
         allowFirstLastIPs: '{ends}'\n  blocks: [{{cidr: 10.0.0.8/29}}]\n"
    )
}

/// The pool `web` with these blocks, in the baseline or the subject.
pub fn pool_blocks(side: &str, blocks: &str) -> String {
    format!("#{side} pool.yaml\n{}", pool_named("web", blocks))
}

/// A Service `n/a` that pins an address, with a sharing key unless it is empty, on each of these sides.
pub fn pinned(sides: &str, address: &str, key: &str) -> String {
    let key = if key.is_empty() { String::new() } else { format!("    lbipam.cilium.io/sharing-key: {key}\n") };
    let file = |side| {
        format!(
            "#{side} service.yaml\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: n\n  annotations:\n    \
             lbipam.cilium.io/ips: {address}\n{key}spec: {{type: LoadBalancer}}\n"
        )
    };
    sides.chars().map(file).collect()
}

/// A cluster with one pool and one Service, and the living one that is just so; what is added stands in the repository.
/// What follows the text stands in the dump of the cluster.
pub fn living(more: &str) -> String {
    let pool = "#> pools/pool.yaml\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: pool\nspec:\n  \
                blocks:\n  - start: ${START}\n    stop: 10.0.0.9\n#> web/service.yaml\napiVersion: v1\nkind: Service\nmetadata: \
                {name: web, namespace: web}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n";
    let repository = wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\nKS web ./web\n{pool}{more}"));
    let service = living_service("web", "10.0.0.1");
    format!(
        "{repository}#> config.yaml\n{CONFIG}  cilium: {{version: '1.18'}}\n#@ cluster.yaml\n\
         apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\n\
         metadata: {{name: pool, generation: 1, creationTimestamp: '2026-01-01T10:00:00Z'}}\n\
         spec: {{blocks: [{{start: 10.0.0.1, stop: 10.0.0.9}}]}}\n\
         status:\n  conditions:\n  \
         - {{type: cilium.io/PoolConflict, status: 'False', reason: resolved, observedGeneration: 1}}\n  \
         - {{type: cilium.io/IPsTotal, status: Unknown, reason: noreason, message: '9', observedGeneration: 1}}\n  \
         - {{type: cilium.io/IPsAvailable, status: Unknown, reason: noreason, message: '8', observedGeneration: 1}}\n  \
         - {{type: cilium.io/IPsUsed, status: Unknown, reason: noreason, message: '1', observedGeneration: 1}}\n---\n{service}"
    )
}

/// A Service of the living cluster, in the namespace `web`, that has this address.
pub fn living_service(name: &str, address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: web}}\nspec:\n  type: LoadBalancer\n  \
         ports: [{{port: 80, protocol: TCP}}]\n  externalTrafficPolicy: Cluster\n  ipFamilies: [IPv4]\n  \
         ipFamilyPolicy: SingleStack\nstatus:\n  loadBalancer: {{ingress: [{{ip: {address}}}]}}\n  conditions:\n  \
         - {{type: cilium.io/IPAMRequestSatisfied, status: 'True', reason: satisfied}}\n"
    )
}

/// A Flux Kustomization of the living cluster, ready; what is added stands in its `spec`, in flow style.
pub fn living_kustomization(name: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {{name: {name}, namespace: flux-system, generation: 1}}\n\
         spec: {{{more}interval: 1h, prune: true, path: ./{name}, sourceRef: {{kind: GitRepository, name: flux-system}}, \
         postBuild: {{substituteFrom: [{{kind: ConfigMap, name: cluster-settings}}]}}}}\n\
         status:\n  observedGeneration: 1\n  lastAppliedRevision: 'main@sha1:1'\n  lastAttemptedRevision: 'main@sha1:1'\n  \
         conditions:\n  - {{type: Ready, status: 'True', reason: ReconciliationSucceeded}}\n"
    )
}
