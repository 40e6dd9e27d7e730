//! One page of a list as the API server sends it, and the text that it becomes.
//!
//! The text is what `kubectl get -o json` would print, less what nobody reads and what takes most of the room: who
//! manages which field, the copy of the object in kubectl's annotation, and a node's container images.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::kinds::Kind;

/// What `kubectl apply` last sent: the whole object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A page, with its objects made lean.
#[derive(Debug)]
pub(super) struct Page {
    /// With `apiVersion` and `kind`, which the API leaves out in lists of its own kinds.
    pub(super) items: Vec<Value>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    metadata: ListMeta,
    /// `null` is how Go writes an empty one.
    items: Option<Vec<Map<String, Value>>>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

impl Page {
    /// Read a page.
    pub(super) fn read(bytes: &[u8], kind: &Kind, api_version: &str) -> Result<Self, serde_json::Error> {
        let listed: Listed = serde_json::from_slice(bytes)?;
        let items = listed.items.unwrap_or_default().into_iter();
        let items = items.map(|object| lean(object, kind.kind, api_version)).collect();
        Ok(Self { items, next: Some(listed.metadata.next).filter(|next| !next.is_empty()) })
    }

    /// The text of a list of these objects; one a line, so that a place in it means something.
    pub(super) fn text(items: &[Value], kind: &Kind, api_version: &str) -> Vec<u8> {
        let mut text = format!("{{\"apiVersion\":\"{api_version}\",\"kind\":\"{}List\",\"items\":[", kind.kind);
        for (index, item) in items.iter().enumerate() {
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            text.push_str(&item.to_string());
        }
        text.push_str("]}\n");
        text.into_bytes()
    }
}

/// An object without what is not read.
pub(super) fn lean(mut object: Map<String, Value>, kind: &str, api_version: &str) -> Value {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.shift_remove("managedFields");
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.shift_remove(LAST_APPLIED);
        }
    }
    if let ("Node", Some(Value::Object(status))) = (kind, object.get_mut("status")) {
        status.retain(|field, _| !matches!(field.as_str(), "images" | "volumesInUse" | "volumesAttached"));
    }
    let mut whole = Map::new();
    for (field, value) in [("apiVersion", api_version), ("kind", kind)] {
        let said = object.shift_remove(field);
        whole.insert(field.into(), said.unwrap_or_else(|| value.into()));
    }
    whole.extend(object);
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::super::kinds::{LISTED, SERVICE};
    use super::*;

    #[test]
    fn a_page_becomes_what_kubectl_would_print() {
        let page = br#"{"kind":"ServiceList","apiVersion":"v1","metadata":{"continue":"abc"},"items":[
            {"metadata":{"name":"a","managedFields":[{"manager":"x"}],"annotations":{
              "kubectl.kubernetes.io/last-applied-configuration":"{}","keep":"me"}},"spec":{"type":"LoadBalancer"}}]}"#;
        let page = Page::read(page, &SERVICE, "v1").unwrap();
        assert_eq!(page.next.as_deref(), Some("abc"));
        let text = String::from_utf8(Page::text(&page.items, &SERVICE, "v1")).unwrap();
        assert_eq!(
            text,
            "{\"apiVersion\":\"v1\",\"kind\":\"ServiceList\",\"items\":[\n\
             {\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\",\"annotations\":{\"keep\":\"me\"}},\
             \"spec\":{\"type\":\"LoadBalancer\"}}]}\n"
        );
    }

    #[test]
    fn an_empty_list_says_that_there_is_none() {
        let page = Page::read(br#"{"metadata":{},"items":null}"#, &LISTED[0], "cilium.io/v2").unwrap();
        assert!(page.next.is_none() && page.items.is_empty());
        let text = Page::text(&page.items, &LISTED[0], "cilium.io/v2");
        assert_eq!(text, b"{\"apiVersion\":\"cilium.io/v2\",\"kind\":\"CiliumLoadBalancerIPPoolList\",\"items\":[]}\n");
    }

    #[test]
    fn a_node_comes_without_its_images() {
        let node =
            br#"{"items":[{"metadata":{"name":"n"},"status":{"images":[1],"addresses":[{"address":"10.0.0.1"}]}}]}"#;
        let kind = LISTED.iter().find(|kind| kind.kind == "Node").unwrap();
        let page = Page::read(node, kind, "v1").unwrap();
        assert_eq!(page.items[0]["status"].to_string(), r#"{"addresses":[{"address":"10.0.0.1"}]}"#);
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        assert!(Page::read(b"[]", &SERVICE, "v1").is_err());
        assert!(Page::read(br#"{"items":[1]}"#, &SERVICE, "v1").is_err());
        assert!(Page::read(br#"{"items":[{"a":"#, &SERVICE, "v1").is_err());
    }
}
