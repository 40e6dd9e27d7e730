//! An annotation about sharing that the cluster's Cilium does not read.
//!
//! ## What it does
//!
//! Compares the annotations about sharing with what the cluster's version reads: `lbipam.cilium.io/sharing-key` and
//! sharing across namespaces from 1.16, `sharing-permit-different-pods` from 1.21; and an older spelling that the newer
//! one hides, because both are there and say different things. (Requested addresses are LBP307's.)
//!
//! ## Why is this bad?
//!
//! Nothing says that the annotation is not read. The Service simply does not share: it gets an address of its own.
//!
//! ## Example
//!
//! ```yaml
//! # the config: cilium: {version: "1.15"}
//! metadata:
//!   annotations: {lbipam.cilium.io/sharing-key: dns}
//! ```
//!
//! ## What to do
//!
//! Use the spelling that the version reads: `io.cilium/lb-ipam-sharing-key` for 1.15, `lbipam.cilium.io/sharing-key` from
//! 1.16 on.

use super::asked_annotations::KEYS;
use super::finding::{Findings, Found};
use super::{Check, Rule};
use crate::cilium::Profile;
use crate::cluster::ClusterView;
use crate::cluster::requests::Asker;
use crate::report::{Category, Severity};

/// The rule.
pub const RULE: Rule = Rule {
    code: "LBP316",
    name: "sharing-annotation-not-read",
    category: Category::Correctness,
    severity: Severity::Warning,
    source: include_str!("sharing_annotation_not_read.rs"),
    check: Check::Cluster(check),
};

fn check(view: &ClusterView<'_, '_>, findings: &mut Findings<'_>) {
    // Which spellings are read hangs on the version, and a newer one than any known may read more.
    if !view.version_known || view.profile.version.is_beyond_known() {
        return;
    }
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let path: &[&str] = match request.asker {
            Asker::Service => &["metadata", "annotations"],
            Asker::Gateway => &["spec", "infrastructure", "annotations"],
            _ => continue,
        };
        let written = |key: &str| request.object.tree().at(path).and_then(|map| request.object.text(map.get(key)?));
        for [newer, older] in KEYS.into_iter().skip(1) {
            for key in [newer, older] {
                let Some(text) = written(key) else { continue };
                // Said in the other spelling too, which is read.
                let other = if key == newer { older } else { newer };
                let heard = read(&view.profile, other).is_ok() && written(other).is_some_and(|t| t.known() == text.known());
                if heard {
                    continue;
                }
                let hidden = key == older && written(newer).is_some_and(|t| t.known() != text.known());
                let (why, help) = match read(&view.profile, key) {
                    Err(help) => (format!("Cilium {} does not read", view.profile.version), help),
                    Ok(()) if hidden => {
                        (format!("Cilium does not read because {newer} is there too"), format!("keep {newer} only"))
                    }
                    Ok(()) => continue,
                };
                let message = format!("{} says something about sharing in {key}, which {why}", request.label());
                let field = format!("{}[{key}]", path.join("."));
                let found = Found::on(request.object).field(request.object, field, &text);
                findings.add(view, found.message(message).help(help));
            }
        }
    }
}

/// Whether a version reads the key, and if not what to do.
fn read(profile: &Profile, key: &str) -> Result<(), String> {
    let keys = [Some(profile.sharing_key), profile.cross_namespace_key];
    if keys.into_iter().flatten().any(|known| known.primary == key || known.alias == Some(key)) {
        return Ok(());
    }
    Err(if key.ends_with("different-pods") {
        "with externalTrafficPolicy Local let both Services select the same pods, or use Cluster: 1.21 is the first that \
         reads this"
            .to_owned()
    } else if key.ends_with("cross-namespace") {
        "put both Services into one namespace: 1.16 is the first that shares across namespaces".to_owned()
    } else {
        format!("use {} until the cluster runs Cilium 1.16", profile.sharing_key.primary)
    })
}

#[cfg(test)]
mod tests {
    use super::super::cases::{CONFIG, rule};
    use super::*;

    fn case(version: &str, annotations: &str) -> String {
        format!(
            "{CONFIG}  cilium: {version}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: mqtt\n  namespace: home\n  \
             annotations: {{{annotations}}}\nspec: {{type: LoadBalancer}}\n"
        )
    }

    const OLD: &str = "{version: \"1.15\"}";
    const NEW: &str = "{version: \"1.20\"}";

    #[test]
    fn pass() {
        rule(&RULE).passes(&case(OLD, "io.cilium/lb-ipam-sharing-key: k"));
        rule(&RULE).passes(&case(NEW, "lbipam.cilium.io/sharing-key: k, lbipam.cilium.io/sharing-cross-namespace: '*'"));
        rule(&RULE).passes(&case(NEW, "io.cilium/lb-ipam-sharing-key: k"));
        rule(&RULE).passes(&case(NEW, "lbipam.cilium.io/sharing-key: k, io.cilium/lb-ipam-sharing-key: k"));
        rule(&RULE).passes(&case("{}", "lbipam.cilium.io/sharing-key: k"));
        rule(&RULE).passes(&case(OLD, "lbipam.cilium.io/sharing-key: k, io.cilium/lb-ipam-sharing-key: k"));
        rule(&RULE).passes(&case("{version: \"1.21\"}", "lbipam.cilium.io/sharing-permit-different-pods: 'true'"));
    }

    #[test]
    fn fail() {
        rule(&RULE).fails(&case(OLD, "lbipam.cilium.io/sharing-key: k")).at("k").says("1.15").times(1);
        let across = "io.cilium/lb-ipam-sharing-key: k, io.cilium/lb-ipam-sharing-cross-namespace: '*'";
        rule(&RULE).fails(&case(OLD, across)).at("'*'").times(1);
        let pods = "lbipam.cilium.io/sharing-permit-different-pods: 'true'";
        rule(&RULE).fails(&case(NEW, pods)).at("'true'").says("1.20").times(1);
        let both = "lbipam.cilium.io/sharing-key: k, io.cilium/lb-ipam-sharing-key: other";
        rule(&RULE).fails(&case(NEW, both)).at("other").says("is there too").times(1);
    }
}
