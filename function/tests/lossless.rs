//! What nobody asked to change leaves byte for byte as it came, whatever it looks like.

use lbpools_function::report::Verdict;
use lbpools_function::{Evaluation, Options, Source, evaluate};

fn stdin(text: &[u8]) -> Evaluation {
    evaluate(&[Source::stdin(text)], Options::default())
}

fn output(text: &[u8]) -> String {
    let evaluation = stdin(text);
    assert_eq!(evaluation.report.failure, None);
    let change = evaluation.changes.into_iter().find(|change| change.path.is_empty()).expect("an output text");
    String::from_utf8(change.text.expect("some text").over(text)).expect("UTF-8")
}

const LIST: &str = "apiVersion: config.kubernetes.io/v1
kind: ResourceList
items: # what there is
# of the first
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: 'odd', annotations: {internal.config.kubernetes.io/index: \"0\", config.k8s.io/id: '1'}}
  data:
      a:   \"x\"   # deep
      script: |
        #!/bin/sh
         echo

  # foot
- # comment behind the dash
  kind: \"Deployment\"
  apiVersion: apps/v1
  metadata:
    name: d

functionConfig:
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: function-input}
  data: {}
";

#[test]
fn block_lists_come_back_as_they_are() {
    assert_eq!(output(LIST.as_bytes()), LIST);
    let windows = LIST.replace('\n', "\r\n");
    assert_eq!(output(windows.as_bytes()), windows);
    let marked = format!("\u{feff}{LIST}");
    assert_eq!(output(marked.as_bytes()), marked);
    let indented = "kind: ResourceList\napiVersion: config.kubernetes.io/v1beta1\nitems:\n    - kind: A\n      b:\n      - c\n    -\n      kind: B\n";
    let moved = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n    - kind: A\n      b:\n      - c\n    -\n      kind: B\n";
    assert_eq!(output(indented.as_bytes()), moved);
}

#[test]
fn streams_come_back_as_they_are() {
    for text in [
        "",
        "\n",
        "# nothing\n",
        "---\n",
        "a: 1\n",
        "a: 1\n---\n---\nb: {c: [1,\n 2]}\n...\n",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}}",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n",
    ] {
        assert_eq!(output(text.as_bytes()), text);
    }
}

#[test]
fn json_lists_become_block_lists_around_the_same_objects() {
    let json = "{\"apiVersion\": \"config.kubernetes.io/v1\", \"kind\": \"ResourceList\", \"items\": [\n{\"apiVersion\": \"v1\",\n\"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}, {\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"b\"}}]}";
    assert_eq!(
        output(json.as_bytes()),
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- {\"apiVersion\": \"v1\",\n  \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}\n- {\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"b\"}}\n"
    );
    let again = output(json.as_bytes());
    assert_eq!(output(again.as_bytes()), again);
}

#[test]
fn the_header_comes_first() {
    let text = "items: []\nkind: ResourceList\napiVersion: config.kubernetes.io/v1\n";
    assert_eq!(output(text.as_bytes()), "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n");
    let older = "apiVersion: config.kubernetes.io/v1alpha1\nkind: ResourceList\nitems: []\n";
    assert_eq!(output(older.as_bytes()), older);
}

#[test]
fn results_of_others_stay_and_ours_are_renewed() {
    let pool = "- apiVersion: cilium.io/v2\n  kind: CiliumLoadBalancerIPPool\n  metadata:\n    name: p\n  spec:\n    blocks:\n    - cidr: nonsense\n";
    let head = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n";
    let foreign = "results:\n- message: seen\n  severity: info\n";
    let text = format!("{head}{pool}{foreign}");
    let once = output(text.as_bytes());
    assert!(
        once.starts_with(&format!("{head}{pool}results:\n- message: seen\n  severity: info\n- message: ")),
        "{once}"
    );
    assert!(once.contains("code: LBP101"), "{once}");
    assert_eq!(output(once.as_bytes()), once, "a second run changes nothing");
    let mended = once.replace("nonsense", "10.0.0.0/24");
    assert_eq!(output(mended.as_bytes()), text.replace("nonsense", "10.0.0.0/24"));
}

#[test]
fn unreadable_input_is_a_failure_with_its_place() {
    let brackets = "[".repeat(100_000);
    for (text, line) in [
        (b"a: 1\nb: [\n".as_slice(), 2),
        (b"a: \xff\n", 1),
        (b"\xff\xfea\0:\0", 1),
        (b"a: 1\nb: \0\n", 2),
        (b"just words\n", 1),
        (b"- 1\n", 1),
        (brackets.as_bytes(), 1),
        (b"apiVersion: v1\nkind: ResourceList\nitems:\n- 1\n", 4),
        (b"apiVersion: v1\nkind: ResourceList\nitems: []\n---\na: 1\n", 4),
    ] {
        let evaluation = stdin(text);
        assert_eq!(
            evaluation.report.verdict,
            Verdict::Failed,
            "{:?}",
            String::from_utf8_lossy(&text[..text.len().min(40)])
        );
        assert!(evaluation.changes.is_empty());
        let at = evaluation.report.failure.expect("a reason").at.expect("a place");
        assert_eq!(at.line, line, "{:?}", String::from_utf8_lossy(&text[..text.len().min(40)]));
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(stdin(LIST.as_bytes()), stdin(LIST.as_bytes()));
}

#[test]
fn a_validator_hands_no_items_back_unless_they_have_files() {
    let config = "functionConfig:\n  apiVersion: lbpools.dev/v1alpha1\n  kind: LoadBalancerPools\n  metadata:\n    name: p\n  spec:\n    validateOnly: true\n";
    let nameless = format!(
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: s\n{config}"
    );
    assert_eq!(output(nameless.as_bytes()), "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n");
    let of_kpt = nameless
        .replace("    name: s\n", "    name: s\n    annotations:\n      internal.config.kubernetes.io/path: s.yaml\n");
    assert_eq!(output(of_kpt.as_bytes()), of_kpt);
}
