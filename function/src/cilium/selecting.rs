//! Who may select a Service, without asking all of them.
//!
//! Most selectors ask for one value of one label. Those are found by the labels that a Service has; only the others,
//! and those that cannot be compiled, have to be asked each time.

use super::selector::{LabelSelector, SelectorError};
use std::collections::BTreeMap;

/// A selector as a pool has it: none selects all, and one that cannot be compiled is an error whoever asks.
pub(in crate::cilium) type PoolSelector = Option<Result<LabelSelector, SelectorError>>;

/// Things that have a selector each.
#[derive(Debug, Clone)]
pub(in crate::cilium) struct Selecting<T> {
    by_label: BTreeMap<String, BTreeMap<String, Vec<T>>>,
    others: Vec<T>,
}

impl<T> Default for Selecting<T> {
    fn default() -> Self {
        Selecting { by_label: BTreeMap::new(), others: Vec::new() }
    }
}

/// The label, and the values of which a Service must have one to be selected, where the selector asks for such.
pub(in crate::cilium) fn required_values(selector: &PoolSelector) -> Option<(String, Vec<String>)> {
    selector.as_ref()?.as_ref().ok()?.required_values()
}

impl<T: Copy + Ord> Selecting<T> {
    /// Put one in.
    pub(in crate::cilium) fn insert(&mut self, selector: &PoolSelector, of: T) {
        match required_values(selector) {
            Some((key, values)) => {
                let by_value = self.by_label.entry(key).or_default();
                values.into_iter().for_each(|value| by_value.entry(value).or_default().push(of));
            }
            None => self.others.push(of),
        }
    }

    /// Take one out that was put in with this selector.
    pub(in crate::cilium) fn remove(&mut self, selector: &PoolSelector, of: T) {
        match required_values(selector) {
            Some((key, values)) => {
                let Some(by_value) = self.by_label.get_mut(&key) else { return };
                for value in values {
                    if let Some(here) = by_value.get_mut(&value) {
                        here.retain(|one| *one != of);
                        if here.is_empty() {
                            by_value.remove(&value);
                        }
                    }
                }
                if by_value.is_empty() {
                    self.by_label.remove(&key);
                }
            }
            None => self.others.retain(|one| *one != of),
        }
    }

    /// Those that may select a Service with these labels, in order; each is still to be asked.
    pub(in crate::cilium) fn near(&self, labels: &BTreeMap<String, String>) -> Vec<T> {
        let mut near = self.others.clone();
        for (key, value) in labels {
            let here = self.by_label.get(key).and_then(|by_value| by_value.get(value));
            near.extend(here.into_iter().flatten());
        }
        near.sort_unstable();
        near.dedup();
        near
    }

    /// Those among which one with an equal selector would be.
    pub(in crate::cilium) fn beside(&self, selector: &PoolSelector) -> &[T] {
        match required_values(selector) {
            Some((key, values)) => {
                let by_value = self.by_label.get(&key);
                by_value.and_then(|by_value| by_value.get(values.first()?)).map(Vec::as_slice).unwrap_or_default()
            }
            None => &self.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cilium::selector::Requirement;

    fn compiled(labels: &[(&str, &str)], operator: &str, values: &[&str]) -> PoolSelector {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let requirement = Requirement {
            key: "tier".into(),
            operator: operator.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let requirements = if operator.is_empty() { vec![] } else { vec![requirement] };
        Some(LabelSelector::compile(&labels, &requirements))
    }

    #[test]
    fn found_by_a_label_or_always() {
        let all = [
            None,
            compiled(&[("color", "red")], "", &[]),
            compiled(&[], "In", &["web", "db"]),
            compiled(&[], "NotIn", &["web"]),
            compiled(&[], "In", &[]),
        ];
        let mut selecting = Selecting::default();
        all.iter().enumerate().for_each(|(at, selector)| selecting.insert(selector, at));
        let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(selecting.near(&labels(&[])), [0, 3, 4], "one that cannot be compiled fails whoever asks");
        assert_eq!(selecting.near(&labels(&[("color", "red"), ("tier", "db")])), [0, 1, 2, 3, 4]);
        assert_eq!(selecting.beside(&all[2]), [2]);
        assert_eq!(selecting.beside(&None), [0, 3, 4]);
        selecting.remove(&all[2], 2);
        selecting.remove(&all[0], 0);
        assert_eq!(selecting.near(&labels(&[("color", "blue"), ("tier", "db")])), [3, 4]);
    }
}
