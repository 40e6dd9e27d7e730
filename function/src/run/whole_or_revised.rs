//! A large list revised in place, held against the same list written out and read again: every finding, every
//! place and every byte must be the same.

use super::{Changed, attempt};
use crate::krm::scan::LARGE;
use crate::report::Action;
use crate::{Options, Source};

const SETTINGS: &str = "\
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: cluster-settings, namespace: flux-system}
  data:
    CLUSTER: infra
    POOL_START: 10.0.0.10
    POOL_END: 10.0.0.20
";

/// As an earlier run left them: one out of date, one that nobody asks for any more, and a mistake on a later line.
const OLD: &str = "\
- apiVersion: cilium.io/v2
  kind: CiliumLoadBalancerIPPool
  metadata:
    name: services
    annotations:
      lbpools.dev/generated-by: lb-pools
  spec:
    blocks:
    - cidr: 10.0.1.0/24 # of old
  # foot
- apiVersion: cilium.io/v2
  kind: CiliumLoadBalancerIPPool
  metadata:
    name: forgotten
    annotations:
      lbpools.dev/generated-by: lb-pools
  spec: {blocks: [{cidr: 10.0.2.0/24}]}
- apiVersion: cilium.io/v2
  kind: CiliumLoadBalancerIPPool
  metadata:
    name: by-hand
  spec:
    blocks:
    - cidr: 10.0.3.1/24
    - start: 10.0.0.15
      stop: \u{e4}10.0.0.30
";

const SERVICE: &str = "\
- apiVersion: v1
  kind: Service
  metadata:
    name: web
    namespace: web
    annotations: {lbipam.cilium.io/ips: 10.9.9.9}
  spec: {type: LoadBalancer, ports: [{port: 80}]}
";

const CONFIG: &str = "\
functionConfig:
  apiVersion: lbpools.dev/v1alpha1
  kind: LoadBalancerPools
  metadata: {name: lb-pools}
  spec:
    cilium: {version: \"1.18\"}
    pools:
    - name: services
      blocks: [{start: \"${POOL_START}\", stop: \"${POOL_END}\"}]
    - name: more
      blocks: [{cidr: 10.0.4.0/28}]
";

const RESULTS: &str = "results:\n- message: of before\n  severity: info\n";

/// An object that makes the list large enough for an outline.
fn ballast() -> String {
    let line = "      some text that fills a line, and then another one of the same kind\n";
    format!(
        "- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {{name: ballast}}\n  spec:\n    text: |\n{}",
        line.repeat(LARGE / line.len() + 1)
    )
}

fn lists() -> Vec<String> {
    let ballast = ballast();
    let head = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";
    let mut lists = Vec::new();
    for items in [
        format!("{SETTINGS}{ballast}{SERVICE}"),
        format!("{OLD}{ballast}{SETTINGS}{SERVICE}"),
        format!("{ballast}{SETTINGS}# of the old\n{OLD}"),
        format!(
            "{ballast}{SERVICE}{SETTINGS}{}",
            OLD.split("- apiVersion").take(2).collect::<Vec<_>>().join("- apiVersion")
        ),
    ] {
        let indented: String = items.lines().map(|line| format!("    {line}\n")).collect();
        for items in [&items, &indented] {
            let list = format!("{head}items:\n{items}");
            lists.push(format!("{list}{CONFIG}"));
            lists.push(format!("{list}{RESULTS}{CONFIG}"));
            lists.push(format!("{head}{CONFIG}items:\n{items}"));
            lists.push(format!("{head}{CONFIG}items:\n{}", items.trim_end()));
            lists.push(format!("{head}{CONFIG}items:\n{items}# the end\n"));
        }
    }
    let windows: Vec<String> = lists.iter().map(|list| list.replace('\n', "\r\n")).collect();
    lists.extend(windows);
    lists
}

#[test]
fn a_revised_list_is_seen_as_the_written_one() {
    let mut done = std::collections::BTreeSet::new();
    for list in lists() {
        let sources = [Source::stdin(list.as_bytes())];
        let shown = list.replace(&ballast(), "(ballast)\n");
        let revised = attempt(&sources, Options::default(), Changed::InPlace).expect("runs");
        let whole = attempt(&sources, Options::default(), Changed::WrittenOut).expect("runs");
        assert_eq!(revised.report, whole.report, "{shown}");
        let text = |evaluation: &crate::Evaluation| {
            let text = evaluation.changes[0].text.as_ref().map(|text| text.over(list.as_bytes()));
            String::from_utf8(text.expect("a text")).expect("UTF-8")
        };
        assert!(
            text(&revised) == text(&whole),
            "{shown}\nbecomes\n{}",
            text(&revised).replace(&ballast(), "(ballast)\n")
        );
        assert!(matches!(revised.changes[0].text, Some(crate::NewText::Edits(_))));
        assert!(matches!(whole.changes[0].text, Some(crate::NewText::Whole(_))));
        assert!(!revised.report.findings.is_empty(), "nothing whose place could be wrong");
        done.extend(revised.report.changes.iter().map(|change| format!("{:?}", change.action)));
    }
    for action in [Action::Created, Action::Updated, Action::Removed] {
        assert!(done.contains(&format!("{action:?}")), "no object was {action:?}");
    }
}
