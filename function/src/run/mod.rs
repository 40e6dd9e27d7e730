//! A run, from texts to texts: read, follow, generate, judge, write.
//!
//! ```text
//! sources ─ read ─▶ documents ─ configured ─▶ config
//!                       │                        │
//!                       ├─ flux::clusters ◀──────┤      what each cluster applies
//!                       ├─ generate ◀────────────┤      pools, policies, settings ─▶ changed texts
//!                       └─ (read again when texts changed)
//!                       ▼
//!                 cluster views ─ rules ─▶ findings ─▶ report, results, changed texts
//! ```

mod configured;
mod judged;
mod planned;
mod read;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::flux::files::Files;
use crate::generate;
use crate::krm::document::{Document, Shape};
use crate::krm::place::Text;
use crate::krm::write;
use crate::report::{Failure, ObjectChange, Report, Verdict};
use crate::{Change, Evaluation, Options, Role, Source};

/// Do a run.
pub(crate) fn run(sources: &[Source], options: Options) -> Evaluation {
    match attempt(sources, options) {
        Ok(evaluation) => evaluation,
        Err(failure) => Evaluation { changes: Vec::new(), report: Report::failed(*failure) },
    }
}

/// Failures are large and rare.
type Attempt<T> = Result<T, Box<Failure>>;

fn attempt(sources: &[Source], options: Options) -> Attempt<Evaluation> {
    let subjects = read::utf8(sources, Role::Subject)?;
    let configs = read::utf8(sources, Role::Config)?;
    let texts: Vec<Text<'_>> = subjects.iter().map(|(path, text)| Text::new(path, text)).collect();
    let config_texts: Vec<Text<'_>> = configs.iter().map(|(path, text)| Text::new(path, text)).collect();
    let input = read::documents(&texts)?;
    let config_documents = read::documents(&config_texts)?;
    let config = configured::config(&input.documents, &config_documents.documents)?;

    let generated = if options.expect_generated {
        generate::Generated::default()
    } else {
        let files = Files::new(&input.documents);
        let telling = planned::telling(&config);
        let (clusters, _) = crate::flux::clusters::clusters(&files, &telling);
        generate::generate(&input.documents, &clusters, &config.pools, config.path.as_deref(), options)
    };
    let rewritten = rewritten(&input.documents, &generated);
    if rewritten.is_empty() {
        let judged = judged::judge(&input, &config, options, generated.objects);
        return Ok(finish(&texts, &input.documents, &BTreeMap::new(), judged));
    }
    // The findings are about what will be there, so the changed texts are read like any others.
    let after: Vec<(&str, Cow<'_, str>)> = after(&subjects, &rewritten);
    let texts: Vec<Text<'_>> = after.iter().map(|(path, text)| Text::new(path, text)).collect();
    let input = read::documents(&texts)?;
    let config = configured::config(&input.documents, &config_documents.documents)?;
    let judged = judged::judge(&input, &config, options, generated.objects);
    Ok(finish(&texts, &input.documents, &rewritten, judged))
}

/// The texts that generation changed, by path; `None` for a file that goes away.
fn rewritten(documents: &[Document<'_>], generated: &generate::Generated) -> BTreeMap<String, Option<String>> {
    let mut texts = BTreeMap::new();
    for (at, changes) in &generated.changes {
        if changes.is_empty() {
            continue;
        }
        let document = &documents[*at];
        let text = write::changed(document, changes);
        let gone = !document.text.path.is_empty()
            && changes.added.is_empty()
            && changes.removed.len() == document.items.len()
            && !document.items.is_empty();
        texts.insert(document.text.path.to_owned(), (!gone).then_some(text));
    }
    for (path, text) in &generated.new_files {
        texts.insert(path.clone(), Some(text.clone()));
    }
    texts
}

/// All texts after generation.
fn after<'s>(
    subjects: &'s [(&'s str, &'s str)],
    rewritten: &'s BTreeMap<String, Option<String>>,
) -> Vec<(&'s str, Cow<'s, str>)> {
    let mut after: Vec<(&str, Cow<'_, str>)> = Vec::new();
    for (path, text) in subjects {
        match rewritten.get(*path) {
            Some(Some(changed)) => after.push((path, Cow::Borrowed(changed))),
            Some(None) => {}
            None => after.push((path, Cow::Borrowed(text))),
        }
    }
    for (path, text) in rewritten {
        if let Some(text) = text
            && !subjects.iter().any(|(known, _)| known == path)
        {
            after.push((path, Cow::Borrowed(text)));
        }
    }
    after
}

/// What a run found out about texts as they will be.
pub(crate) struct Judged {
    /// The report, but for what needs the texts.
    pub(crate) report: Report,
}

fn finish(
    texts: &[Text<'_>],
    documents: &[Document<'_>],
    rewritten: &BTreeMap<String, Option<String>>,
    judged: Judged,
) -> Evaluation {
    let mut changes = Vec::new();
    let stdin = documents.iter().find(|document| document.text.path.is_empty());
    if let Some(document) = stdin {
        let text = match &document.shape {
            Shape::Stream => None,
            _ => write::with_results(document, &judged.report.findings),
        };
        let text = text.unwrap_or_else(|| {
            if write::needs_rewriting(document) {
                write::changed(document, &write::Changes::default())
            } else {
                document.text.text.to_owned()
            }
        });
        changes.push(Change { path: String::new(), text: Some(text.into_bytes()) });
    } else if texts.iter().any(|text| text.path.is_empty()) {
        changes.push(Change { path: String::new(), text: Some(Vec::new()) });
    }
    for (path, text) in rewritten {
        if !path.is_empty() {
            changes.push(Change { path: path.clone(), text: text.as_ref().map(|text| text.clone().into_bytes()) });
        }
    }
    Evaluation { changes, report: judged.report }
}

/// The verdict that follows from findings.
pub(crate) fn verdict(report: &Report) -> Verdict {
    let error = report.findings.iter().any(|finding| finding.severity == crate::report::Severity::Error);
    if error { Verdict::Findings } else { Verdict::Clean }
}

/// What was done to objects, for the report.
pub(crate) type Done = Vec<ObjectChange>;
