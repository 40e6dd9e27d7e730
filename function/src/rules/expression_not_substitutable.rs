//! A `${…}` that Flux cannot read.
//!
//! ## What it does
//!
//! Reads every expression in pools, Services, Gateways and announcements with Flux's own language, which looks like
//! that of a shell and is not: `${NAME-x}`, `${NAME?x}`, `${NAME.x}` and `${ NAME }` are errors.
//!
//! ## Why is this bad?
//!
//! Flux fails the whole Kustomization: nothing of it is applied. Some lengths of a substring even crash the
//! reconciliation.
//!
//! ## Example
//!
//! ```yaml
//! blocks:
//! - start: ${CILIUM_LB_POOL_START-10.25.11.100}     # a default is written with :-
//! ```
//!
//! ## What to do
//!
//! Write `${NAME}` or `${NAME:-default}`; to keep an expression as it is write `$${NAME}`.

use super::finding::{Findings, Found};
use super::setting_undefined::decides_about_addresses;
use super::{Check, Rule};
use crate::cluster::ClusterView;
use crate::flux::expression::ErrorKind;
use crate::flux::mentions::mentions;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP402",
    name: "expression-not-substitutable",
    category: Category::Wiring,
    severity: Severity::Error,
    source: include_str!("expression_not_substitutable.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    if !view.live {
        return;
    }
    // A patch may put something else there.
    for object in view.cluster.objects.iter().filter(|o| decides_about_addresses(o.item) && o.altered.is_none()) {
        for mention in mentions(object) {
            let Some(error) = &mention.error else { continue };
            let effect = match error.kind {
                // An undefined setting has a rule of its own; a limit of lbpools is none of Flux.
                ErrorKind::NotSet(_) | ErrorKind::BeyondLimit(_) => continue,
                ErrorKind::WouldCrash => "",
                _ => "Flux fails the whole Kustomization: ",
            };
            let found = Found::on(object)
                .field(object, mention.path.clone(), &mention.text)
                .current(mention.text.written.clone())
                .message(format!("{effect}{error}"));
            let help = "write ${NAME} or ${NAME:-default}; to keep an expression as it is write $${NAME}";
            findings.add(view, found.help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pool, rule};
    use super::*;

    fn case(expression: &str) -> String {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-settings\n  namespace: flux-system\n\
             data: {{A: 10.0.0.1}}\n---\n{}",
            pool(&format!("[{{start: '{expression}'}}]"))
        )
    }

    #[test]
    fn pass() {
        for expression in ["${A}", "${A:-x}", "${B:-10.0.0.2}", "$${A-x}", "${UNDEFINED}"] {
            rule(&RULE).passes(&case(expression));
        }
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case("${A-10.0.0.2}")).at("'${A-10.0.0.2}'").says("missing closing brace").times(1);
        rule(&RULE).fails(&case("${}")).says("unable to parse variable name").times(1);
        rule(&RULE).fails(&case("${A")).says("missing closing brace").times(1);
        rule(&RULE).fails(&case("${A:1:-1}")).says("would crash Flux").times(1);
    }
}
