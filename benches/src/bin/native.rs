//! The function linked natively, as a function: what the sandbox is held against.

use std::io::{Read, Write};

use lbpools_function::{NewText, Options, Source, evaluate, report::Verdict};

fn main() -> std::io::Result<()> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let sources = [Source::stdin(input)];
    let evaluation = evaluate(&sources, Options::default());
    let [Source { text: input, .. }] = &sources;
    let mut output = std::io::stdout().lock();
    for change in &evaluation.changes {
        match &change.text {
            None => {}
            Some(NewText::Whole(text)) => output.write_all(text)?,
            Some(NewText::Edits(edits)) => {
                let mut at = 0;
                for edit in edits {
                    output.write_all(&input[at..edit.range.start])?;
                    output.write_all(edit.text.as_bytes())?;
                    at = edit.range.end;
                }
                output.write_all(&input[at..])?;
            }
        }
    }
    // A run that finds mistakes is no measurement of a healthy one.
    std::process::exit(i32::from(evaluation.report.verdict != Verdict::Clean));
}
