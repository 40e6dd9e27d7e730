//! Building a finding: what a rule says, with everything that follows from where it says it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Rule;
use crate::cluster::ClusterView;
use crate::flux::object::{Object, Text};
use crate::krm::annotations;
use crate::report::{Finding, Link, NotChecked, Place, ResourceRef, Severity};

/// What a rule found, before severity and acceptance.
#[derive(Debug, Clone, Default)]
pub struct Found {
    resource: Option<ResourceRef>,
    accepted: Option<String>,
    field: Option<String>,
    current: Option<String>,
    proposed: Option<String>,
    at: Option<Place>,
    chain: Vec<Link>,
    message: String,
    help: String,
    at_most: Option<Severity>,
}

impl Found {
    /// On an object, at its name until a field is given.
    pub fn on(object: &Object<'_, '_>) -> Self {
        Self {
            resource: Some(object.resource()),
            accepted: object.annotation(annotations::ACCEPT).map(|text| text.written),
            at: Some(object.place_of_name()),
            ..Self::default()
        }
    }

    /// On an object that is not one cluster's, or not there.
    pub fn of(resource: ResourceRef) -> Self {
        Self { resource: Some(resource), ..Self::default() }
    }

    /// On no object of the input.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// At a field, with the value it has and the way it got there. Where all of it hangs on one setting, a person edits
    /// that: it is the place then, and the field the first step of the way.
    #[must_use]
    pub fn field(self, object: &Object<'_, '_>, path: impl Into<String>, text: &Text) -> Self {
        let mut found = self.expression(object, path, text);
        if let ([Link { at: Some(setting), .. }], true) = (found.chain.as_slice(), text.undefined.is_empty()) {
            let written = found.at.replace(setting.clone());
            let path = found.field.as_deref().unwrap_or_default();
            let resource = object.resource();
            let namespace = resource.namespace.map(|namespace| namespace + "/").unwrap_or_default();
            let what = format!("{path} of {} {namespace}{}", resource.kind, resource.name);
            found.chain.insert(0, Link { what, at: written });
        }
        found
    }

    /// As [`Self::field`], where what is written there is at fault, wherever its value comes from.
    #[must_use]
    pub fn expression(mut self, object: &Object<'_, '_>, path: impl Into<String>, text: &Text) -> Self {
        self.field = Some(path.into());
        self.current = Some(text.known().unwrap_or(&text.written).to_owned());
        self.at = Some(object.place(&text.span));
        self.chain = object.chain(text);
        self
    }

    /// At a field that is no single text.
    #[must_use]
    pub fn span(mut self, object: &Object<'_, '_>, path: impl Into<String>, span: &Range<usize>) -> Self {
        self.field = Some(path.into());
        self.at = Some(object.place(span));
        self
    }

    /// The path of the field, where neither a text nor a span gives it.
    #[must_use]
    pub fn key(mut self, path: impl Into<String>) -> Self {
        self.field = Some(path.into());
        self
    }

    /// At a place outside objects.
    #[must_use]
    pub fn place(mut self, place: Option<Place>) -> Self {
        self.at = place;
        self
    }

    /// The value in question, where no field gives it.
    #[must_use]
    pub fn current(mut self, value: impl Into<String>) -> Self {
        self.current = Some(value.into());
        self
    }

    /// The value to write instead, at the end of the chain when there is one.
    #[must_use]
    pub fn proposed(mut self, value: impl Into<String>) -> Self {
        self.proposed = Some(value.into());
        self
    }

    /// Another place that the finding speaks of, or a further step on a value's way.
    #[must_use]
    pub fn link(mut self, what: impl Into<String>, at: Option<Place>) -> Self {
        self.chain.push(Link { what: what.into(), at });
        self
    }

    /// Not worse than this, whatever the rule's severity: a case of it that is likely meant.
    #[must_use]
    pub fn at_most(mut self, severity: Severity) -> Self {
        self.at_most = Some(severity);
        self
    }

    /// One sentence: what is wrong and why it matters.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// One sentence: what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// What the config says of a rule's severity; `None` is off.
pub type Overrides = BTreeMap<String, Option<Severity>>;

/// Collects the findings of one rule after the other.
#[derive(Debug)]
pub struct Findings<'r> {
    overrides: &'r Overrides,
    rule: Option<&'static Rule>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What a rule could not judge.
    pub not_checked: Vec<NotChecked>,
}

impl<'r> Findings<'r> {
    /// Nothing yet.
    pub fn new(overrides: &'r Overrides) -> Self {
        Self { overrides, rule: None, findings: Vec::new(), not_checked: Vec::new() }
    }

    /// The rule that speaks from here on. Says whether the config lets it.
    pub fn begin(&mut self, rule: &'static Rule) -> bool {
        self.rule = Some(rule);
        self.severity(rule).is_some()
    }

    fn severity(&self, rule: &Rule) -> Option<Severity> {
        let said = self.overrides.get(rule.name).or_else(|| self.overrides.get(rule.code));
        said.copied().unwrap_or(Some(rule.severity))
    }

    /// Add a finding for a cluster. What no cluster applies is worth knowing at most.
    pub fn add(&mut self, view: &ClusterView<'_, '_>, found: Found) {
        let latent = !view.live;
        self.push(view.name(), latent, found);
    }

    /// Add a finding that is the same for every cluster.
    pub fn add_everywhere(&mut self, found: Found) {
        self.push(None, false, found);
    }

    fn push(&mut self, cluster: Option<&str>, latent: bool, found: Found) {
        let Some(rule) = self.rule else { return };
        let Some(severity) = self.severity(rule) else { return };
        // Severities are in order, the worst first.
        let severity = found.at_most.map_or(severity, |most| severity.max(most));
        if accepts(found.accepted.as_deref(), rule.code) {
            return;
        }
        let message = if latent { format!("{} (no cluster applies this)", found.message) } else { found.message };
        self.findings.push(Finding {
            code: rule.code.into(),
            rule: rule.name.into(),
            severity: if latent { Severity::Info } else { severity },
            category: rule.category,
            latent,
            cluster: cluster.map(str::to_owned),
            resource: found.resource,
            field: found.field,
            current: found.current,
            proposed: found.proposed,
            fix: None,
            at: found.at,
            chain: found.chain,
            message,
            help: found.help,
        });
    }

    /// Say that something could not be judged.
    pub fn not_checked(
        &mut self,
        view: &ClusterView<'_, '_>,
        what: impl Into<String>,
        because: impl Into<String>,
        at: Option<Place>,
    ) {
        self.not_checked.push(NotChecked {
            cluster: view.name().map(str::to_owned),
            what: what.into(),
            because: because.into(),
            at,
        });
    }
}

/// Whether an object's owner has accepted findings of this code: `CODE: reason`, several separated by `;`. A code
/// without a reason accepts nothing.
fn accepts(annotation: Option<&str>, code: &str) -> bool {
    annotation.unwrap_or_default().split(';').any(|entry| {
        entry.split_once(':').is_some_and(|(accepted, reason)| accepted.trim() == code && !reason.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn only_a_reason_accepts() {
        assert!(accepts(Some("LBP101: moved next week; LBP102: known"), "LBP102"));
        assert!(!accepts(Some("LBP101:"), "LBP101"));
        assert!(!accepts(Some("LBP101"), "LBP101"));
        assert!(!accepts(None, "LBP101"));
    }
}
