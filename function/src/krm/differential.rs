//! Outlines held against the parser: wherever both accept a text, they see the same document.
//!
//! Texts are put together from pieces that are awkward for a line scanner and then mutated, by a generator that
//! gives the same texts everywhere. The short run is part of the tests; the long one is
//! `cargo test --release -p lbpools-function differential -- --ignored --nocapture`.

use super::document::Document;
use super::parse::ParseError;
use super::place::Text;
use super::scan;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const KINDS: &[&str] =
    &["Deployment", "Service", "ConfigMap", "'Deployment'", "CiliumLoadBalancerIPPool", "HelmRelease # c", "x/y"];

/// Entries of an item, as lines at the left margin.
const ENTRIES: &[&str] = &[
    "a: 1",
    "a: plain text # comment",
    "a: plain\n  over lines\n  - 'and more",
    "a: it's",
    "a: 'it''s'",
    "a: 'over\n\n  lines'",
    "a: \"over \\\n  lines \\\" #\"",
    "a: \"x\" # c",
    "\"a\": b",
    "a: {b: [1, 2], \"c\":d, e: it's} # c",
    "a: [x,\n  \"y ]\", # c ]\n  {z: 1}\n  ]",
    "a: {}",
    "a: |\n  text\n    deeper\n\n  - kind: no\n # foot",
    "a: >-\n  folded # text\n  'open",
    "a: |2\n    two\n   one",
    "a: |+\n  kept\n\n",
    "a: |",
    "a:\n- b\n- c: d\n  e: |\n    f\n- - g\n  - h",
    "a:\n  b:\n    c: d\n  # foot",
    "a:",
    "a: # c",
    "a: ~",
    "a: b:c#d",
    "a b: c",
    "a: http://x.y/z?a=b&c=*",
    "a:\n  - |\n    text\n  - >\n   text",
    "a:\n  -   b: |-\n        text\n      c: d",
    "a: \u{e4}\u{20ac}",
    "a: b\u{a0}",
    "metadata:\n  name: n\n  namespace: 'ns'\n  annotations:\n    internal.config.kubernetes.io/path: a/b.yaml\n    internal.config.kubernetes.io/index: \"3\"",
    "metadata: {name: n, annotations: {config.kubernetes.io/path: \"p\"}}",
    "metadata:\n  name: |\n    n\n  annotations:\n    lbpools.dev/generated-by: c",
    "metadata:\n  name: n\n  annotations: {config.kubernetes.io/local-config: \"true\"}",
    "spec: {type: LoadBalancer, ports: [{port: 80}]}",
    "spec:\n  type: LoadBalancer\n  ports:\n  - port: 80",
    "spec:\n  values:\n    service: {loadBalancerIP: 10.0.0.1}",
    "spec: {chart: {spec: {chart: \"cil\\x69um\"}}}",
    "# comment",
    "",
    "<<: {kind: Service}",
    "a: &x 1",
    "b: *x",
    "a: !t 1",
    "? a\n: b",
    "a:\tb",
    "a: \"tab\there\"",
    "? ",
    "- b",
    "%x: 1",
    "a: - b",
    "a: b: c",
];

const TAILS: &[&str] = &[
    "functionConfig:\n  apiVersion: v1\n  kind: ConfigMap\n  data: {a: b}\n",
    "results:\n- message: m\n  severity: info\n",
    "results:\n  - message: m\n",
    "functionConfig: {kind: X}\n",
    "items: []\n",
    "other: 'open\n  text'\n",
    "other: |\n  - kind: no\n",
    "# the end\n",
    "---\na: 1\n",
    "...\n",
    "functionConfig:\n",
];

/// What mutations put in.
const BITS: &[&str] = &[
    "\n",
    " ",
    "  ",
    "- ",
    "-",
    ": ",
    ":",
    "#",
    " #",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "|",
    ">",
    "&a ",
    "*a",
    "!",
    "\t",
    "\r\n",
    "\r",
    "\\",
    "?",
    "? ",
    "---\n",
    "...\n",
    "%",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "\u{0}",
    "kind: Service",
    "items:\n",
    "\n\n",
    "x",
    "\n- ",
    "\n  ",
    "|2\n",
    ">+\n",
    "|-",
    "@",
    "`",
    "~",
];

fn list(random: &mut Random) -> String {
    let mut text =
        String::from(random.pick(&["", "", "", "\u{feff}", "# head\n", "---\n", "--- # c\n", "\n", " # x\n"]));
    text.push_str(random.pick(&[
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n",
        "kind: ResourceList\napiVersion: 'config.kubernetes.io/v1'\n",
    ]));
    if random.below(6) == 0 {
        text.push_str(random.pick(TAILS));
    }
    text.push_str(random.pick(&["items:\n", "items:\n", "items: # c\n", "items:\n# c\n", "items:\n\n  # c\n"]));
    let margin = " ".repeat(random.below(8).saturating_sub(5));
    for _ in 0..=random.below(4) {
        let dash = random.pick(&["- ", "- ", "- ", "-   ", "- # c\n  ", "-\n  "]);
        let width = dash.rsplit('\n').next().map_or(0, str::len);
        let mut lines = vec![format!("kind: {}", random.pick(KINDS))];
        if random.below(5) > 0 {
            lines.push(format!("apiVersion: {}", random.pick(&["v1", "apps/v1", "cilium.io/v2", "1", "null"])));
        }
        for _ in 0..random.below(4) {
            // Sound pieces most of the time.
            let most = if random.below(4) == 0 { ENTRIES.len() } else { 36 };
            let entry = random.pick(&ENTRIES[..most]);
            // A key of its own, most of the time.
            let own = entry.strip_prefix("a:").filter(|_| random.below(20) > 0);
            lines.push(own.map_or_else(|| entry.to_owned(), |rest| format!("k{}:{rest}", lines.len())));
        }
        if random.below(3) == 0 {
            let (a, b) = (random.below(lines.len()), random.below(lines.len()));
            lines.swap(a, b);
        }
        let indent = format!("\n{margin}{}", " ".repeat(width));
        let body = lines.join("\n").replace('\n', &indent);
        text.push_str(&format!("{margin}{}{body}\n", dash.replace('\n', &format!("\n{margin}"))));
        if random.below(6) == 0 {
            text.push_str(random.pick(&["\n", "# between\n", "  # between\n", "\n\n"]));
        }
    }
    for _ in 0..random.below(4).saturating_sub(2) {
        text.push_str(random.pick(TAILS));
    }
    if random.below(8) == 0 {
        text = text.replace('\n', "\r\n");
    }
    if random.below(8) == 0 {
        text.truncate(text.trim_end().len());
    }
    text
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutated(mut text: String, random: &mut Random) -> String {
    for _ in 0..random.below(5).saturating_sub(2) {
        let at = boundary(&text, random.below(text.len() + 1));
        let end = boundary(&text, (at + random.below(6)).min(text.len())).max(at);
        match random.below(4) {
            0 => text.replace_range(at..end, ""),
            1 => {
                let line = text[at..].find('\n').map_or(text.len(), |n| at + n + 1);
                let end = text[line..].find('\n').map_or(text.len(), |n| line + n + 1);
                let copy = text[line..end].to_owned();
                let to = boundary(&text, random.below(text.len() + 1));
                let to = text[..to].rfind('\n').map_or(0, |n| n + 1);
                text.insert_str(to, &copy);
            }
            2 => text.replace_range(at..end, random.pick(BITS)),
            _ => text.insert_str(at, random.pick(BITS)),
        }
        if text.is_empty() {
            text.push('x');
        }
    }
    text
}

/// What came of one text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    both: usize,
    only_parser: usize,
    only_outline: usize,
    neither: usize,
}

fn same(text: &str, one: &Document<'_>, two: &Document<'_>) {
    assert_eq!(one.shape, two.shape, "shape of\n{text}\n{text:?}");
    assert_eq!(one.function_config, two.function_config, "functionConfig of\n{text}");
    assert_eq!(one.results, two.results, "results of\n{text}");
    assert_eq!(one.items.len(), two.items.len(), "items of\n{text}");
    for (a, b) in one.items.iter().zip(&two.items) {
        assert_eq!(a.resource, b.resource, "in\n{text}");
        assert_eq!((&a.path, a.index), (&b.path, b.index), "in\n{text}");
        assert_eq!((&a.span, &a.whole), (&b.span, &b.whole), "{:?} in\n{text}\n{text:?}", a.resource);
        assert_eq!(a.marks, b.marks, "in\n{text}");
        if a.resource.kind == "HelmRelease" && a.tree.get().is_none() {
            let own = two.text.text.get(b.span.clone()).unwrap_or_default();
            let speaks = ["cilium", "loadBalancerIP", "\\"].iter().any(|word| own.contains(word));
            assert!(!speaks, "a HelmRelease that matters is not read in\n{text}");
            continue;
        }
        assert_eq!(a.tree.get(), b.tree.get(), "{:?} in\n{text}", a.resource);
    }
}

fn compare(text: &str, tally: &mut Tally) {
    let placed = Text::new("", text);
    let parsed: Result<Document<'_>, ParseError> = Document::parsed(&placed);
    match (parsed, Document::outlined(&placed)) {
        (Ok(parsed), Some(outlined)) => {
            same(text, &outlined, &parsed);
            tally.both += 1;
        }
        (Ok(_), None) => tally.only_parser += 1,
        (Err(error), Some(outlined)) => {
            // It passes through unvalidated, and only where nobody reads.
            let unread = outlined
                .items
                .iter()
                .any(|item| matches!(item.tree, super::tree::Tree::Dropped) && item.whole.start <= error.offset);
            assert!(unread, "{error} at {} of\n{text}\n{text:?}", error.offset);
            tally.only_outline += 1;
        }
        (Err(_), None) => tally.neither += 1,
    }
}

fn run(seed: u64, cases: usize) -> Tally {
    let mut random = Random(seed);
    let mut tally = Tally::default();
    for _ in 0..cases {
        let text = list(&mut random);
        let text = mutated(text, &mut random);
        compare(&text, &mut tally);
    }
    tally
}

#[test]
fn outlines_agree_with_the_parser() {
    let tally = run(20_261_122, 6_000);
    assert!(tally.both > 1_000, "hardly anything was compared: {tally:?}");
}

#[test]
#[ignore = "minutes: two million texts"]
fn outlines_agree_with_the_parser_for_long() {
    for seed in 1..=20 {
        let tally = run(seed, 100_000);
        assert!(tally.both > 10_000, "seed {seed}: {tally:?}");
    }
}

#[test]
fn large_lists_are_read_by_their_outline() {
    let mut text = String::from("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n");
    let mut number = 0;
    while text.len() < scan::LARGE {
        let board = "      \"panel\": [1, 2, 3],\n".repeat(number % 400);
        text.push_str(&format!(
            "- apiVersion: v1\n  kind: {}\n  metadata:\n    name: n{number}\n  data:\n    a: |\n      {{\n{board}      }}\n",
            if number % 3 == 0 { "ConfigMap" } else { "Deployment" }
        ));
        number += 1;
    }
    let placed = Text::new("", &text);
    let read = Document::read(&placed).expect("it is a list");
    same(&text[..200], &read, &Document::parsed(&placed).expect("it is a list"));
    assert!(read.items.iter().any(|item| matches!(item.tree, super::tree::Tree::OnDemand(..))));
    assert!(read.items.iter().any(|item| matches!(item.tree, super::tree::Tree::Dropped)));

    // What is wrong with an object that is read is found, and where it is in the whole text.
    let broken = format!("{text}- apiVersion: v1\n  kind: Service\n  metadata: {{name: [}}\n");
    let placed = Text::new("", &broken);
    let error = Document::read(&placed).expect_err("a bracket is missing");
    assert_eq!(error, Document::parsed(&placed).expect_err("a bracket is missing"));
    assert!(error.offset > text.len());
}
