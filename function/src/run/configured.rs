//! The config of a run: from `functionConfig`, from a file of its own, or from the only one in the input.

use crate::config::{self, ConfigProblem, LoadBalancerPools, closest};
use crate::krm::decode::{DecodeError, decode};
use crate::krm::document::Document;
use crate::krm::item::Item;
use crate::krm::node::Node;
use crate::report::{Failure, Place};
use crate::rules::RULES;

use super::Attempt;

/// The config, and where it comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Config {
    /// The config itself, or the default one.
    pub(super) pools: LoadBalancerPools,
    /// The file it comes from, so that what it asks for can be put beside it.
    pub(super) path: Option<String>,
    /// Whether there is a config at all; without one nothing is generated, and nothing removed.
    pub(super) given: bool,
}

/// Find and read the config.
pub(super) fn config(documents: &[Document<'_>], own: &[Document<'_>]) -> Attempt<Config> {
    if let Some(document) = documents.iter().find(|document| document.function_config.is_some())
        && let Some(node) = &document.function_config
    {
        let path = node.text_at(&["metadata", "annotations", crate::krm::annotations::PATH]);
        return read(document, node, path.map(str::to_owned));
    }
    let mut found = own.iter().flat_map(|document| document.items.iter().map(move |item| (document, item)));
    if let Some((document, item)) = found.next() {
        return read(document, item.tree(), Some(document.text.path.to_owned()));
    }
    if let Some(document) = own.first() {
        return Err(failure("the config file holds no object".into(), place(document, &(0..0)), None));
    }
    let in_input: Vec<(&Document<'_>, &Item<'_>)> = documents
        .iter()
        .flat_map(|document| document.items.iter().map(move |item| (document, item)))
        .filter(|(_, item)| item.is(config::GROUP, config::KIND))
        .collect();
    match in_input.as_slice() {
        [] => Ok(Config::default()),
        [(document, item)] => {
            let path = item.path.clone().or_else(|| Some(document.text.path.to_owned()).filter(|p| !p.is_empty()));
            read(document, item.tree(), path)
        }
        [(first, item), ..] if first.text.path.is_empty() => {
            // A list of a package with several: none of them was handed over as the config, so none is meant.
            let _ = item;
            Ok(Config::default())
        }
        [(document, item), (other, second), ..] => Err(failure(
            format!(
                "there are several {} in the input, in {} and {}",
                config::KIND,
                document.text.path,
                other.text.path
            ),
            place(document, &item.span),
            Some(format!(
                "name one with --config, or point at the directory of one; {} is another",
                second.resource.name
            )),
        )),
    }
}

fn read(document: &Document<'_>, node: &Node<'_>, path: Option<String>) -> Attempt<Config> {
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    let rules: Vec<&str> = RULES.iter().flat_map(|rule| [rule.name, rule.code]).collect();
    let pools = match kind {
        "ConfigMap" => {
            let flat = decode::<config::flat::ConfigMap>(node).map_err(|error| explained(document, node, error))?;
            if flat.data.is_empty() {
                // kpt sends this when there are no arguments: no config at all.
                return Ok(Config::default());
            }
            flat.config(&rules).map_err(|problems| refused(document, node, &problems))?
        }
        config::KIND => {
            let pools = decode::<LoadBalancerPools>(node).map_err(|error| explained(document, node, error))?;
            match config::problems(&pools, &rules) {
                problems if problems.is_empty() => pools,
                problems => return Err(refused(document, node, &problems)),
            }
        }
        other => {
            let span = node.get("kind").map_or(node.span.clone(), |kind| kind.span.clone());
            return Err(failure(
                format!(
                    "the config is a {} and must be a {} or a ConfigMap",
                    if other.is_empty() { "thing without kind" } else { other },
                    config::KIND
                ),
                place(document, &span),
                Some(format!("write apiVersion: {} and kind: {}", config::API_VERSION, config::KIND)),
            ));
        }
    };
    Ok(Config { pools, path, given: true })
}

fn place(document: &Document<'_>, span: &std::ops::Range<usize>) -> Place {
    document.text.place(span, None, None)
}

fn failure(message: String, at: Place, help: Option<String>) -> Box<Failure> {
    Box::new(Failure { message: format!("the config cannot be used: {message}"), at: Some(at), help })
}

/// What makes no sense: the first problem, and how many there are besides.
fn refused(document: &Document<'_>, node: &Node<'_>, problems: &[ConfigProblem]) -> Box<Failure> {
    let Some(first) = problems.first() else {
        return failure("it makes no sense".into(), place(document, &node.span), None);
    };
    let span = at_path(node, &first.path).map_or(node.span.clone(), |node| node.span.clone());
    let more = match problems.len() - 1 {
        0 => String::new(),
        1 => " (and one more mistake)".to_owned(),
        more => format!(" (and {more} more mistakes)"),
    };
    failure(format!("{}: {}{more}", first.path, first.message), place(document, &span), Some(first.help.clone()))
}

/// serde's own sentence about an unknown field or word, made kinder: the closest known one.
fn explained(document: &Document<'_>, node: &Node<'_>, error: DecodeError) -> Box<Failure> {
    let span = error.span.clone().unwrap_or_else(|| node.span.clone());
    let (message, help) = match unknown_name(&error.message) {
        Some((what, unknown, known)) => {
            let (message, help) = closest::unknown_name(what, unknown, &known);
            (message, Some(help))
        }
        None => (error.message.clone(), None),
    };
    let message = if error.path.is_empty() { message } else { format!("{}: {message}", error.path) };
    failure(message, place(document, &span), help)
}

/// What serde says of a name it does not know: "unknown field `x`, expected one of `a`, `b`".
fn unknown_name(message: &str) -> Option<(&'static str, &str, Vec<&str>)> {
    let (what, rest) = match (message.strip_prefix("unknown field "), message.strip_prefix("unknown variant ")) {
        (Some(rest), _) => ("field", rest),
        (_, Some(rest)) => ("word", rest),
        _ => return None,
    };
    let mut names = rest.split('`').skip(1).step_by(2);
    Some((what, names.next()?, names.collect()))
}

/// The node at a path such as `spec.pools[0].name`, or the deepest one on the way to it.
fn at_path<'n, 't>(node: &'n Node<'t>, path: &str) -> Option<&'n Node<'t>> {
    let mut at = node;
    for part in path.split('.') {
        let (key, indices) = part.split_once('[').map_or((part, ""), |(key, rest)| (key, rest));
        let Some(next) = at.get(key) else { return Some(at) };
        at = next;
        for index in indices.split('[').filter_map(|text| text.trim_end_matches(']').parse::<usize>().ok()) {
            let Some(next) = at.items().get(index) else { return Some(at) };
            at = next;
        }
    }
    Some(at)
}
