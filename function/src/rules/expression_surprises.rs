//! An expression that does not do in Flux what it does in a shell.
//!
//! ## What it does
//!
//! Looks at pools, Services, Gateways and announcements that Flux substitutes in: `${NAME:+text}` and `${NAME:?text}`, which
//! Flux reads as `${NAME:-text}`, and `$$` that no brace follows, of which Flux leaves one `$`.
//!
//! ## Why is this bad?
//!
//! In a shell `:+` puts the text in when the name *is* set, and `:?` fails when it is not. In Flux both are a default.
//!
//! ## Example
//!
//! ```yaml
//! annotations:
//!   lbipam.cilium.io/ips: ${EXTRA_IP:?must be set}
//! ```
//!
//! ## What to do
//!
//! Write `${NAME:-text}` for a default, `${NAME}` for what must be set, `$$$$` for two dollar signs.

use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::report::{Category, Severity};

use super::setting_undefined::decides_about_addresses;
use crate::flux::mentions::{mentions, with};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP424",
    name: "expression-surprises",
    category: Category::Wiring,
    severity: Severity::Warning,
    source: include_str!("expression_surprises.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    let objects = view.cluster.objects.iter().filter(|object| view.live && decides_about_addresses(object.item));
    for object in objects.filter(|object| object.altered.is_none() && object.substitutes()) {
        for mention in mentions(object).iter().filter(|mention| mention.error.is_none()) {
            let Some(form) = alternative(&mention.text.written) else { continue };
            let meaning = if form == ":+" { "the text when the name is set" } else { "an error when it is not set" };
            let found = Found::on(object)
                .expression(object, mention.path.clone(), &mention.text)
                .message(format!("{form} is a default in Flux, not, as in a shell, {meaning}"))
                .help("write :- for a default");
            findings.add(view, found);
        }
        for (path, text) in with(object, "$$") {
            if lone_dollars(&text.written) {
                let found = Found::on(object)
                    .expression(object, path, &text)
                    .message("of $$ Flux leaves one $, wherever it stands")
                    .help("write $$$$ for two");
                findings.add(view, found);
            }
        }
    }
}

/// `:+` or `:?` behind a name, at the top of an expression.
fn alternative(text: &str) -> Option<&'static str> {
    text.match_indices("${").filter(|(at, _)| !text[..*at].ends_with('$')).find_map(|(at, _)| {
        let rest = text[at + 2..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        [":+", ":?"].into_iter().find(|form| rest.starts_with(form))
    })
}

/// `$$` that is not the escape of an expression.
fn lone_dollars(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("$$") {
        rest = &rest[at + 2..];
        if !rest.starts_with('{') {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::cases::{rule, wired};
    use super::*;

    use super::super::cases::POOL_FILE;

    fn case(value: &str) -> String {
        let pool = POOL_FILE.replace("name: pool\n", &format!("name: pool\n  annotations: {{a: '{value}'}}\n"));
        wired(&format!("#> clusters/one/ks.yaml\nKS pools ./pools\n{pool}"))
    }

    #[test]
    fn pass() {
        for value in ["${START}", "${START:-x}", "$${START:+x}", "a$b", "${START:-a:+b}"] {
            rule(&RULE).passes(&case(value));
        }
        // Nothing is substituted here.
        rule(&RULE).passes(&case("a$$b").replace("substituteFrom: [{kind: ConfigMap, name: cluster-settings}]", ""));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("${START:+x}")).at("'${START:+x}'").says(":+ is a default").times(1);
        rule(&RULE).fails(&case("${START:?x}")).says("an error").times(1);
        rule(&RULE).fails(&case("pa$$word")).at("'pa$$word'").says("leaves one $").times(1);
    }
}
