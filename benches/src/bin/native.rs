//! The function linked natively, as a function: what the sandbox is held against.

use std::io::{Read, Write};

use lbpools_function::{Options, Source, evaluate, report::Verdict};

fn main() -> std::io::Result<()> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let evaluation = evaluate(&[Source::stdin(input)], Options::default());
    let mut output = std::io::stdout().lock();
    for change in &evaluation.changes {
        if let Some(text) = &change.text {
            output.write_all(text)?;
        }
    }
    // A run that finds mistakes is no measurement of a healthy one.
    std::process::exit(i32::from(evaluation.report.verdict != Verdict::Clean));
}
