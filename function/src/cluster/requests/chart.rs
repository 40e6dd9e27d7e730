//! The values of Cilium's own chart, where the input holds its HelmRelease.

use crate::flux::fact::Fact;
use crate::flux::object::Object;
use crate::krm::node::Node;

/// Cilium's chart as a cluster installs it.
pub(super) struct Chart<'a, 't> {
    release: Option<&'a Object<'a, 't>>,
}

impl<'a, 't> Chart<'a, 't> {
    /// The one release of Cilium's chart among a cluster's objects, if there is exactly one.
    pub(super) fn of(objects: &'a [Object<'a, 't>]) -> Self {
        let mut releases = objects
            .iter()
            .filter(|object| object.item.is("helm.toolkit.fluxcd.io", "HelmRelease") && is_cilium(object, objects));
        let release = releases.next();
        Self { release: release.filter(|_| releases.next().is_none()) }
    }

    /// Whether this object is the release.
    pub(super) fn is_release(&self, object: &Object<'_, '_>) -> bool {
        self.release.is_some_and(|release| std::ptr::eq(release.item, object.item))
    }

    /// A value of the chart: `None` where it is left at its default.
    pub(super) fn text(&self, path: &[&str]) -> Fact<Option<String>> {
        let Some(release) = self.release else {
            return Fact::Unknown("Cilium's chart is not in the input".into());
        };
        if let Some(why) = &release.altered {
            return Fact::Unknown(why.to_string());
        }
        match self.node(path).and_then(|node| release.text(node)) {
            Some(text) => text.value.map(Some),
            None if self.has_other_values() => {
                Fact::Unknown("values of Cilium's chart come from outside its HelmRelease".into())
            }
            None => Fact::Known(None),
        }
    }

    /// Whether a value is known to be true.
    pub(super) fn is_true(&self, path: &[&str]) -> bool {
        self.text(path).known().is_some_and(|value| value.as_deref() == Some("true"))
    }

    /// A value that is written in the release.
    pub(super) fn node(&self, path: &[&str]) -> Option<&'a Node<'t>> {
        self.release?.tree().at(&["spec", "values"])?.at(path)
    }

    /// Inline values win over these, and these over the chart's own.
    fn has_other_values(&self) -> bool {
        let from = self.release.and_then(|release| release.tree().at(&["spec", "valuesFrom"]));
        from.is_some_and(|node| !node.items().is_empty())
    }
}

fn is_cilium(release: &Object<'_, '_>, objects: &[Object<'_, '_>]) -> bool {
    let tree = release.tree();
    if let Some(chart) = tree.text_at(&["spec", "chart", "spec", "chart"]) {
        return chart == "cilium";
    }
    let Some(name) = tree.text_at(&["spec", "chartRef", "name"]) else { return false };
    let named = |group: &str, kind: &str| {
        objects.iter().find(|o| o.item.is(group, kind) && o.name().known().is_some_and(|own| own == name))
    };
    const SOURCES: &str = "source.toolkit.fluxcd.io";
    match tree.text_at(&["spec", "chartRef", "kind"]) {
        Some("OCIRepository") => named(SOURCES, "OCIRepository")
            .and_then(|object| object.tree().text_at(&["spec", "url"]))
            .is_some_and(|url| url.ends_with("/cilium")),
        Some("HelmChart") => named(SOURCES, "HelmChart")
            .is_some_and(|object| object.tree().text_at(&["spec", "chart"]) == Some("cilium")),
        _ => false,
    }
}
