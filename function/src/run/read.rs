//! From bytes to documents, with an error that has its place.

use crate::flux::build::Outcome;
use crate::flux::files::Files;
use crate::krm::document::Document;
use crate::krm::parse::ParseError;
use crate::krm::place::Text;
use crate::report::{Failure, NotChecked, Place};
use crate::{Role, Source};

use super::Attempt;

/// The input, read.
#[derive(Debug)]
pub(super) struct Input<'t> {
    /// One document a text that could be read.
    pub(super) documents: Vec<Document<'t>>,
    /// Files that are no YAML, and so nobody's business or somebody's mistake.
    pub(super) unreadable: Vec<Unreadable<'t>>,
    /// What kustomize made of directories, by the id of the build: its output, or why there is none.
    pub(super) built: Vec<(&'t str, Result<Document<'t>, String>)>,
}

impl<'t> Input<'t> {
    /// The input as a tree of files.
    pub(super) fn files(&self) -> Files<'_, 't> {
        let mut files = Files::new(&self.documents);
        for unreadable in &self.unreadable {
            files.note_unread(&unreadable.at.source);
        }
        for (id, outcome) in &self.built {
            let outcome = match outcome {
                Ok(document) => Outcome::Built(document),
                Err(why) => why.strip_prefix(REFUSED).map_or(Outcome::Failed(why), Outcome::Refused),
            };
            files.note_build(id, outcome);
        }
        files
    }
}

/// How the id of a build in the baseline begins.
pub(super) const OF_BASELINE: char = '/';

/// How the text begins that tells of a program that found fault with the tree ([`Role::Unbuilt`]).
const REFUSED: &str = "refused: ";

/// The builds that were handed in, as texts.
#[derive(Debug, Default)]
pub(super) struct BuiltTexts<'s> {
    done: Vec<Text<'s>>,
    failed: Vec<(&'s str, &'s str)>,
}

impl<'s> BuiltTexts<'s> {
    /// Of all sources those that are builds: of the subject, and of the baseline.
    pub(super) fn of(sources: &'s [Source]) -> Attempt<[Self; 2]> {
        let mut sides = [Self::default(), Self::default()];
        let side = |id: &'s str| id.strip_prefix(OF_BASELINE).map_or((0, id), |id| (1, id));
        for (id, text) in utf8(sources, Role::Built)? {
            let (number, id) = side(id);
            sides[number].done.push(Text::new(id, text));
        }
        for (id, why) in utf8(sources, Role::Unbuilt)? {
            let (number, id) = side(id);
            sides[number].failed.push((id, why));
        }
        Ok(sides)
    }
}

/// Read all texts, and what kustomize made of them.
pub(super) fn with_builds<'t>(texts: &'t [Text<'t>], built: &'t BuiltTexts<'t>) -> Attempt<Input<'t>> {
    let mut input = documents(texts)?;
    let read = |text: &'t Text<'t>| {
        let refused = |error: ParseError| format!("its output cannot be read: {}", error.message);
        (text.path, Document::read(text).map_err(refused))
    };
    input.built = built.done.iter().map(read).collect();
    input.built.extend(built.failed.iter().map(|(id, why)| (*id, Err((*why).to_owned()))));
    Ok(input)
}

/// A file of a package that is not YAML.
#[derive(Debug)]
pub(super) struct Unreadable<'t> {
    /// The whole text.
    pub(super) text: &'t str,
    /// Where reading stopped.
    pub(super) at: Place,
    /// Why.
    pub(super) why: String,
    /// It holds `{{`, so it is a template and not meant to be YAML.
    pub(super) template: bool,
}

impl Unreadable<'_> {
    /// As something that was not checked.
    pub(super) fn note(&self) -> NotChecked {
        let because = if self.template { "it is a template" } else { "it is not YAML" };
        NotChecked {
            cluster: None,
            what: self.at.source.clone(),
            because: format!("{because}: {}", self.why),
            at: Some(self.at.clone()),
        }
    }
}

/// The texts of a role as UTF-8.
pub(super) fn utf8(sources: &[Source], role: Role) -> Attempt<Vec<(&str, &str)>> {
    sources
        .iter()
        .filter(|source| source.role == role)
        .map(|source| match std::str::from_utf8(&source.text) {
            Ok(text) => Ok((source.path.as_str(), text)),
            Err(error) => {
                let valid = String::from_utf8_lossy(&source.text[..error.valid_up_to()]).into_owned();
                let end = valid.len();
                let at = Text::new(&source.path, &valid).place(&(end..end), None, None);
                let utf16 = source.text.starts_with(&[0xff, 0xfe]) || source.text.starts_with(&[0xfe, 0xff]);
                let what = if utf16 { "the text is UTF-16, and UTF-8 is needed" } else { "the text is not UTF-8" };
                Err(Box::new(Failure { message: what.into(), at: Some(at), help: Some("save it as UTF-8".into()) }))
            }
        })
        .collect()
}

/// Read all texts. Standard input must be readable; of a package, what is not YAML is set aside.
pub(super) fn documents<'t>(texts: &'t [Text<'t>]) -> Attempt<Input<'t>> {
    let mut input = Input { documents: Vec::new(), unreadable: Vec::new(), built: Vec::new() };
    for text in texts {
        match Document::read(text) {
            Ok(document) => input.documents.push(document),
            Err(error) => {
                let end = error.offset + text.text[error.offset..].chars().next().map_or(0, char::len_utf8);
                let at = text.place(&(error.offset..end), None, None);
                if text.path.is_empty() {
                    return Err(Box::new(Failure {
                        message: format!("the input cannot be read: {}", error.message),
                        at: Some(at),
                        help: Some("a ResourceList or a stream of Kubernetes objects in YAML or JSON is needed".into()),
                    }));
                }
                let template = text.text.contains("{{");
                input.unreadable.push(Unreadable { text: text.text, at, why: error.message, template });
            }
        }
    }
    Ok(input)
}
