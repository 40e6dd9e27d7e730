//! What to write so that a field gets a certain value.
//!
//! A field may be made of a setting (`${CILIUM_GATEWAY_LB_IP}/32`); what is to be edited then is the setting, and
//! a proposal is the value for the end of that chain.

use crate::cluster::ClusterView;
use crate::flux::object::{Object, Text};

/// The text to write at the end of a field's chain so that the field reads `wanted`; `None` when no single place
/// decides it.
pub fn written_for(text: &Text, wanted: &str) -> Option<String> {
    match text.variables.as_slice() {
        [] => Some(wanted.to_owned()),
        [name] => {
            let (prefix, suffix) = text.written.split_once(&format!("${{{name}}}"))?;
            let value = wanted.strip_prefix(prefix)?.strip_suffix(suffix)?;
            Some(value.to_owned())
        }
        _ => None,
    }
}

/// Whether another cluster reads the same place, so that a change would move its addresses too.
pub fn is_shared(views: &[ClusterView<'_, '_>], me: usize, object: &Object<'_, '_>, text: &Text) -> bool {
    let others = views.iter().enumerate().filter(|(at, view)| *at != me && view.live).map(|(_, view)| view);
    let place = |object: &Object<'_, '_>, name: &str| object.variables.by_name.get(name).and_then(|v| v.at.clone());
    match text.variables.first() {
        None => others.flat_map(|view| &view.cluster.objects).any(|other| std::ptr::eq(other.item, object.item)),
        Some(name) => {
            let mine = place(object, name);
            others.flat_map(|view| &view.pools).any(|pool| mine.is_some() && place(pool.object, name) == mine)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::fact::Fact;

    fn text(written: &str, variables: &[&str]) -> Text {
        Text {
            written: written.into(),
            value: Fact::Known(String::new()),
            span: 0..0,
            variables: variables.iter().map(|&name| name.to_owned()).collect(),
            undefined: Vec::new(),
        }
    }

    #[test]
    fn the_setting_holds_what_the_field_does_not() {
        assert_eq!(written_for(&text("10.0.0.1/32", &[]), "10.0.0.2/32").as_deref(), Some("10.0.0.2/32"));
        assert_eq!(written_for(&text("${IP}/32", &["IP"]), "10.0.0.2/32").as_deref(), Some("10.0.0.2"));
        assert_eq!(written_for(&text("10.0.0.${N}", &["N"]), "10.0.1.2"), None);
        assert_eq!(written_for(&text("${IP:-10.0.0.1}", &["IP"]), "10.0.0.2"), None);
        assert_eq!(written_for(&text("${A}.${B}", &["A", "B"]), "10.0.0.2"), None);
    }
}
