//! What stands beside the subject: the tree to compare it with, what is supposed, what is to be explained.

use super::configured::{self, Config};
use super::scope::Scope;
use super::{Attempt, Generation, Rewritten, generate_for, judged, read, rewritten_by, texts};
use crate::cluster::supposed::Supposed;
use crate::krm::document::Document;
use crate::krm::place::Text;
use crate::report::{Failure, Report};
use crate::{Options, Role, Source};

/// The texts of the baseline, with in them what would be generated there, as in the subject: the same tree twice is no
/// difference.
pub(super) struct BaselineTexts<'s> {
    given: Vec<(&'s str, &'s str)>,
    /// The config files given beside the subject, as the baseline has them.
    configs: Vec<(&'s str, &'s str)>,
    rewritten: Rewritten,
    /// What was generated in it.
    pub(super) generation: Generation,
}

impl<'s> BaselineTexts<'s> {
    /// Read the baseline, if there is one.
    pub(super) fn of(
        sources: &'s [Source],
        configs: &[(&'s str, &'s str)],
        (config_documents, built): (&[Document<'_>], &read::BuiltTexts<'_>),
        options: Options,
    ) -> Attempt<Self> {
        let mut given = read::utf8(sources, Role::Baseline)?;
        // A config that is named beside the subject is no manifest of the baseline either.
        let named = |path: &str| configs.iter().any(|(config, _)| *config == path);
        let old_configs: Vec<_> = given.iter().filter(|(path, _)| named(path)).copied().collect();
        given.retain(|(path, _)| !named(path));
        let mut baseline =
            Self { given, configs: old_configs, rewritten: Rewritten::new(), generation: Generation::default() };
        if baseline.given.is_empty() || options.expect_generated {
            return Ok(baseline);
        }
        let (rewritten, generation) = {
            let texts = baseline.texts();
            let config_texts = baseline.config_texts();
            let input = read::with_builds(&texts, built)?;
            let own = read::documents(&config_texts)?.documents;
            let config = config(&input.documents, &own, config_documents)?;
            if config.pools.spec.validate_only {
                return Ok(baseline);
            }
            let generated = generate_for(&input, &config, options).map_err(of_baseline)?;
            (rewritten_by(&input.documents, &generated), Generation::of(generated))
        };
        baseline.generation = generation;
        baseline.rewritten = rewritten;
        Ok(baseline)
    }

    /// The texts to read.
    pub(super) fn texts(&self) -> Vec<Text<'_>> {
        texts(&self.given, &self.rewritten)
    }

    /// The config files to read.
    pub(super) fn config_texts(&self) -> Vec<Text<'_>> {
        self.configs.iter().map(|(path, text)| Text::new(path, text)).collect()
    }
}

/// All of it, read.
#[derive(Debug, Default)]
pub(super) struct Beside<'t> {
    /// The baseline with its config.
    pub(super) baseline: Option<(read::Input<'t>, Config)>,
    /// What is supposed of the subject.
    pub(super) supposed: Supposed,
    /// Whether anything is supposed.
    pub(super) supposes: bool,
    /// What to tell the story of.
    pub(super) explain: Option<&'t str>,
    /// What the report is limited to.
    pub(super) scope: Scope<'t>,
    /// What was read of a living cluster, each text with its path; none where nobody asks about one.
    pub(super) observed: Vec<(&'t str, &'t str)>,
    /// What of it could not be read, as `KIND: why`.
    pub(super) unread: Vec<&'t str>,
    /// The namespace in which a smoke test is about to be made.
    pub(super) smoke_test: Option<&'t str>,
    /// What would be told of the baseline alone, where the scope asks what changed.
    pub(super) before: Option<Report>,
}

impl<'t> Beside<'t> {
    /// Read it.
    pub(super) fn of(
        sources: &'t [Source],
        (texts, built): (&'t [Text<'t>], &'t read::BuiltTexts<'t>),
        config_texts: &'t [Text<'t>],
        config_documents: &[Document<'_>],
        (options, generation): (Options, &Generation),
    ) -> Attempt<Self> {
        let typed: Vec<&str> = read::utf8(sources, Role::WhatIf)?.into_iter().map(|(_, text)| text).collect();
        let supposed = Supposed::read(&typed)
            .map_err(|error| Box::new(Failure { message: error.message, at: None, help: Some(error.help) }))?;
        let scope = Scope::of(sources)?;
        let explain = read::utf8(sources, Role::Explain)?.first().map(|(_, text)| *text);
        let baseline = if sources.iter().any(|source| source.role == Role::Baseline) {
            let input = read::with_builds(texts, built)?;
            let own = read::documents(config_texts)?.documents;
            let config = config(&input.documents, &own, config_documents)?;
            Some((input, config))
        } else {
            None
        };
        let mut before = None;
        if let Some((input, config)) = baseline.as_ref().filter(|_| scope.compares()) {
            let options = Options { fix: false, ..options };
            before = Some(judged::judge(input, config, options, generation, &Self::default())?);
        }
        let observed = read::utf8(sources, Role::Observed)?;
        let unread = read::utf8(sources, Role::Unread)?.into_iter().map(|(_, text)| text).collect();
        let smoke_test = match read::utf8(sources, Role::SmokeTest)?.first().map(|(_, text)| *text) {
            None => None,
            Some(text) => Some(text.strip_prefix("namespace=").filter(|name| !name.is_empty()).ok_or_else(|| {
                let message = format!("a smoke test cannot be made by `{text}`");
                Box::new(Failure { message, at: None, help: Some("say namespace=NAME".into()) })
            })?),
        };
        // What is applied to a living cluster, or rendered, is no change of the repository.
        let supposes = typed.iter().any(|text| !matches!(*text, "applied" | "rendered"));
        if supposed.applied && observed.is_empty() {
            let message = "nothing can be applied to a living cluster: none was read";
            return Err(Box::new(Failure {
                message: message.into(),
                at: None,
                help: Some("name one with --dump".into()),
            }));
        }
        Ok(Self { baseline, supposed, supposes, explain, scope, observed, unread, smoke_test, before })
    }
}

/// The baseline's config: its own, or where it has none yet the one given beside the subject.
fn config(documents: &[Document<'_>], own: &[Document<'_>], beside: &[Document<'_>]) -> Attempt<Config> {
    configured::config(documents, if own.is_empty() { beside } else { own }).map_err(of_baseline)
}

fn of_baseline(mut failure: Box<Failure>) -> Box<Failure> {
    failure.message = format!("in what is compared with, {}", failure.message);
    failure
}
