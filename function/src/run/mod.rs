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

mod beside;
mod compared;
mod configured;
mod fixed;
mod judged;
mod planned;
mod read;
mod scope;
mod verified;
#[cfg(test)]
mod whole_or_revised;

use std::collections::BTreeMap;

use crate::cluster::plan::{OutdatedObject, TakenName};
use crate::generate;
use crate::krm::document::Document;
use crate::krm::place::Text;
use crate::krm::revised::Revision;
use crate::krm::write;
use crate::report::{Action, Failure, NotChecked, ObjectChange, Report};
use crate::{Change, Edit, Evaluation, NewText, Options, Role, Source};

/// Do a run.
pub(crate) fn run(sources: &[Source], options: Options) -> Evaluation {
    match attempt(sources, options, Changed::InPlace) {
        Ok(evaluation) => evaluation,
        Err(failure) => Evaluation { changes: Vec::new(), report: Report::failed(*failure) },
    }
}

/// Failures are large and rare.
type Attempt<T> = Result<T, Box<Failure>>;

/// How the text that generation changed is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    /// Without writing it out, where that is possible.
    InPlace,
    /// Written out and read again: what the other must be equal to.
    #[cfg_attr(not(test), allow(dead_code))]
    WrittenOut,
}

fn attempt(sources: &[Source], options: Options, changed: Changed) -> Attempt<Evaluation> {
    let subjects = read::utf8(sources, Role::Subject)?;
    let configs = read::utf8(sources, Role::Config)?;
    let config_texts: Vec<Text<'_>> = configs.iter().map(|(path, text)| Text::new(path, text)).collect();
    let config_documents = read::documents(&config_texts)?.documents;
    let [built, built_before] = &read::BuiltTexts::of(sources)?;
    let baseline = beside::BaselineTexts::of(sources, &configs, (&config_documents, built_before), options)?;
    let baseline_texts = baseline.texts();
    let baseline_config_texts = baseline.config_texts();
    let before = (options, &baseline.generation);
    let older = (&*baseline_texts, built_before);
    let beside = &beside::Beside::of(sources, older, &baseline_config_texts, &config_documents, before)?;

    let mut rewritten = Rewritten::new();
    let mut generation = Generation::default();
    if !options.expect_generated {
        let unchanged = Rewritten::new();
        let texts = texts(&subjects, &unchanged);
        let mut input = read::with_builds(&texts, built)?;
        let config = configured::config(&input.documents, &config_documents)?;
        if config.pools.spec.validate_only {
            let options = Options { expect_generated: true, fix: false, keep_generated: true };
            let judged = judged_input(&input, &config, options, &generation, Vec::new(), beside)?;
            return Ok(finished(&subjects, &rewritten, judged));
        }
        let generated = generate_for(&input, &config, options)?;
        let anything = !generated.new_files.is_empty() || generated.changes.values().any(|changes| !changes.is_empty());
        if !anything && !options.fix {
            // What was read is what will be there.
            let judged = judged_input(&input, &config, options, &Generation::of(generated), Vec::new(), beside)?;
            return Ok(finished(&subjects, &rewritten, judged));
        }
        if !options.fix
            && changed == Changed::InPlace
            && let Some(revision) = revision(&input, &generated)
        {
            let texts = revision.texts("");
            // When a changed object does not parse, reading the whole text says what is wrong and where.
            if let Some(fresh) = revision.read(&texts) {
                let document = input.documents.remove(0).revised(&revision, fresh);
                let input = read::Input { documents: vec![document], unreadable: Vec::new(), built: Vec::new() };
                let judged = judged_input(
                    &input,
                    &config,
                    options,
                    &Generation::of(generated),
                    revision.edits().to_vec(),
                    beside,
                )?;
                return Ok(finished(&subjects, &rewritten, judged));
            }
        }
        rewritten = rewritten_by(&input.documents, &generated);
        generation = Generation::of(generated);
    }
    if options.fix {
        // Proposals are about the texts as generation leaves them; what they change may ask for more.
        let texts = texts(&subjects, &rewritten);
        let judged = judged((&texts, built), &config_documents, options, &generation, beside)?.0;
        let fixed = fixed::apply(&texts, &judged.findings);
        if !fixed.is_empty() {
            rewritten.extend(fixed.into_iter().map(|(path, text)| (path, Some(text))));
            let texts = self::texts(&subjects, &rewritten);
            let input = read::with_builds(&texts, built)?;
            let config = configured::config(&input.documents, &config_documents)?;
            let generated = generate_for(&input, &config, options)?;
            let again = rewritten_by(&input.documents, &generated);
            // What was made in the first round is still made: only what happened to it since is added.
            generation.extend(Generation::of(generated));
            rewritten.extend(again);
        }
    }
    // The findings are about what will be there, so changed texts are read like any others.
    let texts = texts(&subjects, &rewritten);
    let judged = judged((&texts, built), &config_documents, options, &generation, beside)?;
    Ok(finished(&subjects, &rewritten, judged))
}

fn finished(subjects: &[(&str, &str)], rewritten: &Rewritten, (report, stdin): (Report, Option<Change>)) -> Evaluation {
    let mut changes: Vec<Change> = stdin.into_iter().collect();
    changes.extend(
        rewritten
            .iter()
            .filter(|(path, _)| !path.is_empty())
            .filter(|(path, text)| !subjects.iter().any(|(p, t)| p == path && Some(*t) == text.as_deref()))
            .map(|(path, text)| Change {
                path: path.clone(),
                text: text.as_ref().map(|t| NewText::Whole(t.clone().into_bytes())),
            }),
    );
    Evaluation { changes, report }
}

/// Read, judge, and write the text for standard output when there is one.
fn judged(
    (texts, built): (&[Text<'_>], &read::BuiltTexts<'_>),
    configs: &[Document<'_>],
    options: Options,
    generation: &Generation,
    beside: &beside::Beside<'_>,
) -> Attempt<(Report, Option<Change>)> {
    let input = read::with_builds(texts, built)?;
    let config = configured::config(&input.documents, configs)?;
    let (report, stdin) = judged_input(&input, &config, options, generation, Vec::new(), beside)?;
    // Generation may have changed this text before: it is written out, for edits would be to what nobody has.
    let text = texts.iter().find(|text| text.path.is_empty()).map(|text| text.text.as_bytes());
    let whole = |change: Change| Change {
        text: change.text.map(|new| NewText::Whole(new.over(text.unwrap_or_default()))),
        ..change
    };
    Ok((report, stdin.map(whole)))
}

fn judged_input(
    input: &read::Input<'_>,
    config: &configured::Config,
    options: Options,
    generation: &Generation,
    edits: Vec<Edit>,
    beside: &beside::Beside<'_>,
) -> Attempt<(Report, Option<Change>)> {
    let report = judged::judge(input, config, options, generation, beside)?;
    let stdin = input.documents.iter().find(|document| document.text.path.is_empty());
    let stdin = stdin.map(|document| {
        // kpt's items say which file they come from, and kpt deletes the files of those that do not come back.
        let of_files = document.items.iter().any(|item| item.path.is_some());
        if config.pools.spec.validate_only && !of_files {
            let text = write::without_items(document, &report.findings);
            return Change { path: String::new(), text: Some(NewText::Whole(text.into_bytes())) };
        }
        let edits = write::handed_back(document, edits, &report.findings);
        Change { path: String::new(), text: Some(NewText::Edits(edits)) }
    });
    Ok((report, stdin))
}

fn generate_for(
    input: &read::Input<'_>,
    config: &configured::Config,
    options: Options,
) -> Attempt<generate::Generated> {
    if !config.given {
        return Ok(generate::Generated::default());
    }
    let files = input.files();
    let (clusters, _) = crate::flux::clusters::clusters(&files, &planned::telling(config));
    let generated = generate::generate(&input.documents, &clusters, &config.pools, config.path.as_deref(), options);
    match generated.problems.first() {
        None => Ok(generated),
        Some(problem) => Err(Box::new(Failure {
            message: format!("the config asks for what cannot be: {}: {}", problem.path, problem.message),
            at: None,
            help: Some(problem.help.clone()),
        })),
    }
}

/// The changes to a large list from standard input, when its text need not be written out to see what they make.
fn revision(input: &read::Input<'_>, generated: &generate::Generated) -> Option<Revision> {
    let [document] = input.documents.as_slice() else { return None };
    let changes = generated.changes.get(&0).filter(|_| generated.new_files.is_empty())?;
    document.text.path.is_empty().then(|| Revision::of(document, changes)).flatten()
}

/// Texts that a run changed, by path; `None` for a file that goes away.
type Rewritten = BTreeMap<String, Option<String>>;

/// The texts that generation changed.
fn rewritten_by(documents: &[Document<'_>], generated: &generate::Generated) -> Rewritten {
    let mut texts = Rewritten::new();
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

/// All texts as the run leaves them.
fn texts<'s>(subjects: &'s [(&'s str, &'s str)], rewritten: &'s Rewritten) -> Vec<Text<'s>> {
    let known = |path: &str| subjects.iter().any(|(known, _)| *known == path);
    let old = subjects.iter().filter_map(|(path, text)| match rewritten.get(*path) {
        Some(changed) => Some(Text::new(path, changed.as_deref()?)),
        None => Some(Text::new(path, text)),
    });
    let new = rewritten
        .iter()
        .filter(|(path, _)| !known(path))
        .filter_map(|(path, text)| Some(Text::new(path.as_str(), text.as_deref()?)));
    old.chain(new).collect()
}

/// What generation did, for the report.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    objects: Vec<ObjectChange>,
    taken: Vec<TakenName>,
    outdated: Vec<OutdatedObject>,
    withheld: Vec<NotChecked>,
}

impl Generation {
    fn of(generated: generate::Generated) -> Self {
        let generate::Generated { objects, taken, outdated, withheld, .. } = generated;
        Self { objects, taken, outdated, withheld }
    }

    /// A later round: an object that an earlier one created is not news when it is only unchanged.
    fn extend(&mut self, later: Self) {
        for change in later.objects {
            match self.objects.iter_mut().find(|known| known.resource == change.resource && known.path == change.path) {
                Some(known) if known.action == Action::Unchanged => *known = change,
                Some(_) => {}
                None => self.objects.push(change),
            }
        }
        self.withheld = later.withheld;
    }
}
