//! The component guest: the WIT world over the pure library, nothing else. It imports nothing.

#[path = "../../last_words.rs"]
mod last_words;

use lbpools_function as function;

wit_bindgen::generate!({ path: "../../wit", world: "lbpools" });

use exports::lbpools::function::run::{Change, Edit, Evaluation, Guest, NewText, Options, Role, Source, Verdict};

struct Component;

impl Component {
    fn sources(sources: Vec<Source>) -> Vec<function::Source> {
        sources
            .into_iter()
            .map(|source| function::Source {
                path: source.path,
                role: match source.role {
                    Role::Subject => function::Role::Subject,
                    Role::Config => function::Role::Config,
                    Role::Baseline => function::Role::Baseline,
                    Role::WhatIf => function::Role::WhatIf,
                    Role::Explain => function::Role::Explain,
                    Role::Scope => function::Role::Scope,
                    Role::Observed => function::Role::Observed,
                    Role::Unread => function::Role::Unread,
                    Role::SmokeTest => function::Role::SmokeTest,
                    Role::Built => function::Role::Built,
                    Role::Unbuilt => function::Role::Unbuilt,
                },
                text: source.text,
            })
            .collect()
    }

    fn options(options: Options) -> function::Options {
        function::Options {
            fix: options.fix,
            expect_generated: options.expect_generated,
            ..function::Options::default()
        }
    }
}

fn new_text(text: function::NewText) -> NewText {
    let edit = |edit: function::Edit| Edit {
        start: edit.range.start as u64,
        end: edit.range.end as u64,
        text: edit.text.into_bytes(),
    };
    match text {
        function::NewText::Whole(text) => NewText::Whole(text),
        function::NewText::Edits(edits) => NewText::Edits(edits.into_iter().map(edit).collect()),
    }
}

impl Guest for Component {
    fn evaluate(sources: Vec<Source>, options: Options) -> Evaluation {
        use function::report::Verdict as V;
        last_words::keep(|_| ());
        let evaluation = function::evaluate(&Self::sources(sources), Self::options(options));
        Evaluation {
            verdict: match evaluation.report.verdict {
                V::Clean => Verdict::Clean,
                V::Findings => Verdict::Findings,
                V::Failed => Verdict::Failed,
            },
            summary: function::report::summary(&evaluation.report),
            changes: evaluation
                .changes
                .into_iter()
                .map(|change| Change { path: change.path, text: change.text.map(new_text) })
                .collect(),
        }
    }

    fn report(sources: Vec<Source>, options: Options) -> Vec<u8> {
        last_words::keep(|_| ());
        let report = function::report(&Self::sources(sources), Self::options(options));
        serde_json::to_vec(&report).unwrap_or_default()
    }

    fn describe() -> Vec<u8> {
        last_words::keep(|_| ());
        serde_json::to_vec(&function::describe()).unwrap_or_default()
    }
}

export!(Component);
