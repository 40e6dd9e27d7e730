//! Patches of a kustomization on objects whose merge needs no schema, as kustomize 5 applies them.
//!
//! kustomize merges a strategic merge patch by the schema of the patched kind. It knows none of Flux's kinds, and
//! without a schema the rules are short: maps merge, everything else is replaced, null takes away. JSON patches need
//! no schema at all. What is not certain (a directive such as `$patch`, a regular expression with more than
//! alternatives, a path that is not there) says so, and the object's fields are unknown then. Held against the real
//! kustomize in `tests/flux_patches.rs`.

mod json6902;
mod strategic;
mod target;

use std::rc::Rc;

use super::files::{Files, Located, join};
use super::object::Object;
use crate::krm::document::Document;
use crate::krm::item::Item;
use crate::krm::node::{Node, Value};
use crate::krm::parse::Reader;
use crate::report::Place;
pub(in crate::flux) use strategic::{entry_mut, remove};
use target::{Match, Target};

/// One patch: what it is for, and what it does.
#[derive(Debug, Clone)]
pub struct Patch<'a, 't> {
    target: Target,
    body: Body<'a, 't>,
    /// Where it is written, for the reason that a field is unknown.
    holder: Rc<str>,
}

/// What a patch does.
#[derive(Debug, Clone)]
enum Body<'a, 't> {
    /// A strategic merge patch, with the place it comes from.
    Strategic(Rc<Node<'static>>, Origin<'a, 't>),
    /// A list of JSON patch operations.
    Json(Rc<Vec<json6902::Operation>>, Origin<'a, 't>),
    /// It cannot be told.
    Unknown(Rc<str>),
}

/// Where the text of a patch stands, so that its spans lead to a place.
#[derive(Debug, Clone)]
pub enum Origin<'a, 't> {
    /// A document of its own: spans are those of its text.
    Document(&'a Document<'t>, &'a Item<'t>),
    /// A literal block in another document: start of each line in the patch and in the document.
    Block(&'a Document<'t>, &'a Item<'t>, Rc<Vec<(usize, usize)>>),
    /// Somewhere in this text.
    Within(Rc<Place>),
}

impl Origin<'_, '_> {
    /// The place of a span of the patch.
    pub fn place(&self, span: &std::ops::Range<usize>) -> Place {
        match self {
            Origin::Document(document, item) => document.place(item, span),
            Origin::Block(document, item, lines) => {
                let raw = |offset: usize| match lines.partition_point(|(start, _)| *start <= offset).checked_sub(1) {
                    Some(at) => lines[at].1 + (offset - lines[at].0),
                    None => lines.first().map_or(0, |(_, raw)| *raw),
                };
                document.place(item, &(raw(span.start)..raw(span.end)))
            }
            Origin::Within(place) => (**place).clone(),
        }
    }

    /// How many bytes its spans may reach over.
    fn extent(&self, tree: &Node<'_>) -> usize {
        match self {
            Origin::Document(document, _) => document.text.text.len(),
            Origin::Block(..) | Origin::Within(_) => tree.span.end,
        }
    }
}

/// The tree of an object with its patches applied. Spans behind the end of the object's own text are those of its
/// patches, one after the other.
#[derive(Debug, Clone)]
pub struct Patched<'a, 't> {
    /// The tree.
    pub tree: Node<'t>,
    pieces: Vec<(usize, Origin<'a, 't>)>,
    end: usize,
}

impl<'a, 't> Patched<'a, 't> {
    /// Begin with the object as it is written.
    pub fn new((document, item): Located<'a, 't>) -> Self {
        Self { tree: item.tree().clone(), pieces: Vec::new(), end: document.text.text.len() + 1 }
    }

    /// Begin with an object that is written nowhere: all of it has this place.
    pub fn elsewhere(located: Located<'a, 't>, place: Place) -> Self {
        let mut patched = Self::new(located);
        patched.pieces.push((0, Origin::Within(Rc::new(place))));
        patched
    }

    /// The place of a span that comes from a patch.
    pub fn place(&self, span: &std::ops::Range<usize>) -> Option<Place> {
        let at = self.pieces.partition_point(|(base, _)| *base <= span.start).checked_sub(1)?;
        let (base, origin) = &self.pieces[at];
        Some(origin.place(&(span.start - base..span.end - base)))
    }

    /// Begin a piece that comes from elsewhere; says where its spans begin.
    pub(in crate::flux) fn piece(&mut self, origin: &Origin<'a, 't>, extent: usize) -> usize {
        let base = self.end;
        self.pieces.push((base, origin.clone()));
        self.end = base + extent + 1;
        base
    }
}

/// What a patch means for an object.
#[derive(Debug)]
pub enum Effect {
    /// It is for others.
    None,
    /// It was applied.
    Applied,
    /// What it does to the object cannot be told.
    Unknown(Rc<str>),
}

impl<'a, 't> Patch<'a, 't> {
    /// Whether it may be for an object that kustomize sees like this.
    pub fn may_touch(&self, item: &Item<'_>, tree: &Node<'_>, renamed: bool) -> bool {
        self.target.matches(item, tree, renamed) != Match::No
    }

    /// Why a field of an object that it may touch is unknown.
    pub fn holder(&self) -> &Rc<str> {
        &self.holder
    }

    /// The place of a key and its text in it, where it may be for an object and says just that.
    pub fn says(&self, item: &Item<'_>, key: &str, text: &str) -> Option<Place> {
        if self.target.matches(item, item.tree(), true) == Match::No {
            return None;
        }
        match &self.body {
            Body::Strategic(tree, origin) => Some(origin.place(&value_of(tree, key, text)?.span)),
            Body::Json(operations, origin) => {
                Some(origin.place(&operations.iter().find_map(|operation| operation.says(key, text))?))
            }
            Body::Unknown(_) => None,
        }
    }

    /// Apply it to an object of a kind that kustomize has no schema for.
    pub fn apply(&self, item: &Item<'_>, patched: &mut Patched<'a, 't>, renamed: bool) -> Effect {
        match self.target.matches(item, &patched.tree, renamed) {
            Match::No => return Effect::None,
            Match::Maybe => {
                return Effect::Unknown(format!("{} may be for it or not", self.holder).into());
            }
            Match::Yes => {}
        }
        let refused = |why: String| Effect::Unknown(format!("{}: {why}", self.holder).into());
        let mut tree = patched.tree.clone();
        match &self.body {
            Body::Unknown(why) => return refused(why.to_string()),
            Body::Strategic(patch, origin) => {
                let base = patched.piece(origin, origin.extent(patch));
                if let Err(why) = strategic::merge(&mut tree, patch, base) {
                    return refused(why);
                }
            }
            Body::Json(operations, origin) => {
                let extent = operations.iter().map(|operation| operation.end()).max().unwrap_or_default();
                let base = patched.piece(origin, extent);
                if let Err(why) = operations.iter().try_for_each(|operation| operation.apply(&mut tree, base)) {
                    return refused(why);
                }
            }
        }
        patched.tree = tree;
        Effect::Applied
    }
}

/// Reads the patches that a kustomization names.
#[derive(Debug)]
pub struct Patches<'f, 'a, 't> {
    /// The whole input.
    pub files: &'f Files<'a, 't>,
    /// The directory that paths begin from.
    pub directory: &'f str,
    /// In words, who asks for them.
    pub holder: Rc<str>,
}

impl<'a, 't> Patches<'_, 'a, 't> {
    /// An entry of `patches` or `patchesJson6902` in a kustomization file.
    pub fn of_kustomization(&self, (document, item): Located<'a, 't>, entry: &Node<'t>) -> Vec<Patch<'a, 't>> {
        let target = entry.get("target").map(Target::read);
        match entry.get("patch") {
            Some(node) => self.inline(node, node.text(), || written_in(document, item, node), target),
            None => match entry.text_at(&["path"]) {
                Some(path) => self.file(path, target),
                None => Vec::new(),
            },
        }
    }

    /// An entry of `patchesStrategicMerge`: a path, or the patch itself.
    pub fn strategic_entry(&self, (document, item): Located<'a, 't>, entry: &Node<'t>) -> Vec<Patch<'a, 't>> {
        match entry.text() {
            Some(text) if text.contains('\n') || text.contains(": ") => {
                self.inline(entry, Some(text), || written_in(document, item, entry), None)
            }
            Some(path) => self.file(path, None),
            None => Vec::new(),
        }
    }

    /// An entry of `spec.patches` of a Flux Kustomization.
    pub fn of_flux(&self, object: &Object<'a, 't>, entry: &Node<'t>) -> Vec<Patch<'a, 't>> {
        let target = entry.get("target").map(Target::read);
        let Some(node) = entry.get("patch") else { return Vec::new() };
        let Some(text) = object.text(node) else { return Vec::new() };
        let Some(known) = text.known() else {
            let why = text.value.unknown().unwrap_or_default().into();
            return vec![self.patch(target.unwrap_or_default(), Body::Unknown(why))];
        };
        let origin = || match object.origin_of(&node.span) {
            Some(_) => Origin::Within(Rc::new(object.place(&node.span))),
            None if text.written == known => written_in(object.document, object.item, node),
            None => Origin::Within(Rc::new(object.place(&node.span))),
        };
        self.inline(node, Some(known), origin, target)
    }

    fn inline(
        &self,
        node: &Node<'_>,
        text: Option<&str>,
        origin: impl Fn() -> Origin<'a, 't>,
        target: Option<Target>,
    ) -> Vec<Patch<'a, 't>> {
        let Some(text) = text else {
            // kustomize takes a map under `patch` for no patch at all.
            let why = format!("its patch is {} and not a text", node.describe());
            return vec![self.patch(target.unwrap_or_default(), Body::Unknown(why.into()))];
        };
        // What begins like JSON is read as JSON.
        if text.trim_start().starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            let why = "kustomize reads it as JSON, which it is not".into();
            return vec![self.patch(target.unwrap_or_default(), Body::Unknown(why))];
        }
        match documents(text) {
            Ok(trees) => self.bodies(trees.into_iter().map(|tree| (tree, origin())).collect(), target),
            Err(why) => vec![self.patch(target.unwrap_or_default(), Body::Unknown(why.into()))],
        }
    }

    fn file(&self, path: &str, target: Option<Target>) -> Vec<Patch<'a, 't>> {
        let path = join(self.directory, path);
        let located = self.files.file(&path).unwrap_or_default();
        let read = located.iter().all(|(_, item)| item.is_read());
        if located.is_empty() || !read {
            // A patch of another kind is for that kind when it says nothing else.
            let target = target.unwrap_or_else(|| match located {
                [(_, item)] => Target::of_item(item),
                _ => Target::default(),
            });
            let why = format!("{path} is not read as a patch");
            return vec![self.patch(target, Body::Unknown(why.into()))];
        }
        let trees = located
            .iter()
            .map(|&(document, item)| (item.tree().clone().into_owned(), Origin::Document(document, item)))
            .collect();
        self.bodies(trees, target)
    }

    fn bodies(&self, trees: Vec<(Node<'static>, Origin<'a, 't>)>, target: Option<Target>) -> Vec<Patch<'a, 't>> {
        if trees.len() > 1 && target.is_some() {
            let why = "kustomize refuses a target for several patches".into();
            return vec![self.patch(target.unwrap_or_default(), Body::Unknown(why))];
        }
        trees
            .into_iter()
            .map(|(tree, origin)| match (&tree.value, &target) {
                (Value::Sequence { items, .. }, Some(target)) => {
                    let body = match json6902::operations(items) {
                        Ok(operations) => Body::Json(Rc::new(operations), origin),
                        Err(why) => Body::Unknown(why.into()),
                    };
                    self.patch(target.clone(), body)
                }
                (Value::Mapping { .. }, target) => {
                    let target = target.clone().unwrap_or_else(|| Target::of_patch(&tree));
                    self.patch(target, Body::Strategic(Rc::new(tree), origin))
                }
                (_, target) => {
                    let why = format!("kustomize refuses {} as a patch here", tree.describe());
                    self.patch(target.clone().unwrap_or_default(), Body::Unknown(why.into()))
                }
            })
            .collect()
    }

    fn patch(&self, target: Target, body: Body<'a, 't>) -> Patch<'a, 't> {
        Patch { target, body, holder: self.holder.clone() }
    }
}

/// A scalar of this text under this key, or in a list under it, somewhere in a tree.
fn value_of<'n, 't>(tree: &'n Node<'t>, key: &str, text: &str) -> Option<&'n Node<'t>> {
    fn below<'n, 't>(node: &'n Node<'t>, own: &str, key: &str, text: &str) -> Option<&'n Node<'t>> {
        match &node.value {
            Value::Scalar { .. } => (own == key && node.text() == Some(text)).then_some(node),
            Value::Sequence { items, .. } => items.iter().find_map(|item| below(item, own, key, text)),
            Value::Mapping { entries, .. } => {
                entries.iter().find_map(|entry| below(&entry.value, entry.key.text().unwrap_or_default(), key, text))
            }
        }
    }
    below(tree, "", key, text)
}

/// The documents of a patch's text, without empty ones.
fn documents(text: &str) -> Result<Vec<Node<'static>>, String> {
    let mut reader = Reader::new(text);
    let mut trees = Vec::new();
    let refused = |error: crate::krm::parse::ParseError| format!("it is not YAML: {error}");
    while reader.next_document().map_err(refused)?.is_some() {
        let tree = reader.node().map_err(refused)?;
        reader.end_document().map_err(refused)?;
        if !tree.is_null() {
            trees.push(tree.into_owned());
        }
    }
    Ok(trees)
}

/// The lines of a scalar in its document, for a literal block; the scalar as a whole for any other.
fn written_in<'a, 't>(document: &'a Document<'t>, item: &'a Item<'t>, node: &Node<'_>) -> Origin<'a, 't> {
    let within = || Origin::Within(Rc::new(document.place(item, &node.span)));
    let Value::Scalar { text, style: crate::krm::node::Style::Literal, .. } = &node.value else { return within() };
    let mut raw = document.text.line_end(node.span.start);
    let mut lines = Vec::new();
    let mut at = 0;
    let whole = document.text.text;
    let indent = {
        let first = text.lines().position(|line| !line.trim().is_empty()).unwrap_or_default();
        let mut line = raw;
        for _ in 0..first {
            line = document.text.line_end(line);
        }
        let content = whole.get(line..document.text.line_end(line)).unwrap_or_default();
        let own = text.lines().nth(first).unwrap_or_default();
        let own = own.len() - own.trim_start_matches(' ').len();
        (content.len() - content.trim_start_matches(' ').len()).saturating_sub(own)
    };
    for line in text.split_inclusive('\n') {
        let end = document.text.line_end(raw);
        let written = whole.get(raw..end).unwrap_or_default();
        // A blank line may be shorter than the indentation.
        let start = raw + indent.min(written.trim_end_matches(['\r', '\n']).len());
        let same = whole.get(start..).is_some_and(|rest| rest.starts_with(line.trim_end_matches('\n')));
        if !same {
            return within();
        }
        lines.push((at, start));
        at += line.len();
        raw = end;
    }
    Origin::Block(document, item, Rc::new(lines))
}
