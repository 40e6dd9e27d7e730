//! What the config asks for is not in the rendered stream.
//!
//! ## What it does
//!
//! Holds the stream that a pipeline rendered (`kustomize build … | lbpools check - --config FILE`) against the
//! objects that the config asks for: each must be there and say the same, variables filled in or not.
//!
//! ## Why is this bad?
//!
//! kustomize skips an exec function without a word, and with exit code 0, when `--enable-exec` is forgotten
//! (kustomize issue 4399). The pipeline is green and the cluster gets no pools.
//!
//! ## Example
//!
//! ```sh
//! kustomize build --enable-alpha-plugins . | lbpools check - --config lbpools.yaml   # --enable-exec is missing
//! ```
//!
//! ## What to do
//!
//! Run the function in the pipeline: add `--enable-exec`, or commit what `lbpools render` writes.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP405",
    name: "generated-object-missing",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("generated_object_missing.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    for missing in &view.asked.missing {
        let (kind, name) = (&missing.resource.kind, &missing.resource.name);
        let message = if missing.differs {
            format!("{kind} {name} is not as the config asks for: the stream was rendered from an older one, or changed since")
        } else {
            format!("{kind} {name}, which the config asks for, is not in the stream: did the pipeline run the function?")
        };
        let help = "kustomize needs --enable-alpha-plugins and --enable-exec, and says nothing without the second";
        findings.add(view, Found::of(missing.resource.clone()).message(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::report::Verdict;
    use crate::{Options, Source, evaluate};

    const CONFIG: &str = "apiVersion: lbpools.dev/v1alpha1
kind: LoadBalancerPools
metadata: {name: p}
spec:
  cilium: {version: \"1.18\"}
  pools:
  - {name: gw, blocks: [{cidr: \"${GW}/32\"}]}
";

    fn codes(stream: &str) -> Vec<String> {
        let sources = [Source::stdin(stream), Source::config("lbpools.yaml", CONFIG)];
        let report = evaluate(&sources, Options { expect_generated: true, ..Options::default() }).report;
        assert_ne!(report.verdict, Verdict::Failed, "{:?}", report.failure);
        report.findings.into_iter().map(|finding| finding.code).filter(|code| code == RULE.code).collect()
    }

    fn pool(block: &str) -> String {
        format!("apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: gw}}\nspec:\n  blocks:\n  - cidr: {block}\n")
    }

    #[test]
    fn pass() {
        let settings = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cluster-settings, namespace: flux-system}\ndata: {GW: 10.0.0.1}\n";
        assert_eq!(codes(&pool("${GW}/32")).len(), 0);
        assert_eq!(codes(&format!("{}{settings}", pool("10.0.0.1/32"))).len(), 0);
    }

    #[test]
    fn fail() {
        assert_eq!(codes("").len(), 1);
        assert_eq!(codes(&pool("10.0.0.9/32")).len(), 1);
    }
}
