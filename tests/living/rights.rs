//! The rights that roles give, as RBAC decides: a rule fits when group, resource, verb and name do, and a Role only in
//! its own namespace.

use serde::Deserialize;

/// What the roles of a file allow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights {
    rules: Vec<(Option<String>, Rule)>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    #[serde(default)]
    resource_names: Vec<String>,
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Metadata {
    namespace: Option<String>,
}

impl Rights {
    /// Of the roles in this text.
    pub(crate) fn of(text: &str) -> Self {
        let documents = serde_yaml::Deserializer::from_str(text);
        let documents = documents.map(|document| Document::deserialize(document).unwrap());
        let roles = documents.filter(|document| matches!(document.kind.as_str(), "ClusterRole" | "Role"));
        let rules = roles.flat_map(|role| {
            assert_eq!(role.kind == "Role", role.metadata.namespace.is_some(), "a {} in a namespace", role.kind);
            let namespace = role.metadata.namespace;
            role.rules.into_iter().map(move |rule| (namespace.clone(), rule))
        });
        let rights = Self { rules: rules.collect() };
        assert!(!rights.rules.is_empty());
        rights
    }

    /// And those of another.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }

    /// Without this resource.
    pub(crate) fn without(mut self, resource: &str) -> Self {
        for (_, rule) in &mut self.rules {
            rule.resources.retain(|allowed| allowed != resource);
        }
        self
    }

    /// Every resource with its group that is named, once each.
    pub(crate) fn resources(&self) -> Vec<String> {
        let mut all: Vec<_> = self.rules.iter().flat_map(|(_, rule)| rule.resources.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Every verb that is named.
    pub(crate) fn verbs(&self) -> Vec<String> {
        let mut all: Vec<_> = self.rules.iter().flat_map(|(_, rule)| rule.verbs.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// May one do this?
    pub(crate) fn allow(
        &self,
        verb: &str,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|entry| entry == word);
        self.rules.iter().any(|(within, rule)| {
            within.as_deref().is_none_or(|within| namespace == Some(within))
                && has(&rule.verbs, verb)
                && has(&rule.api_groups, group)
                && has(&rule.resources, resource)
                && (rule.resource_names.is_empty() || name.is_some_and(|name| has(&rule.resource_names, name)))
        })
    }
}
