//! Where a report goes: standard output in one format, and files in any number of others.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::args::Format;
use crate::contract::Function;
use crate::report::description::Description;
use crate::report::plan::text::Page;
use crate::report::text::Dress;
use crate::report::{self, Presented, Texts, github, gitlab, html, json, junit, markdown, sarif, text, verification};

/// A file to write the report into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output<F = Format> {
    /// In which format.
    pub(super) format: F,
    /// Into which file.
    pub(super) file: PathBuf,
}

/// Read `FORMAT=FILE`; the file's name may hold more equals signs.
pub(super) fn output<F: ValueEnum>(text: &str) -> Result<Output<F>, String> {
    let formats = || {
        let names =
            F::value_variants().iter().filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()));
        names.collect::<Vec<_>>().join(", ")
    };
    let Some((format, file)) = text.split_once('=') else {
        return Err(format!("write FORMAT=FILE, with one of the formats {}", formats()));
    };
    let Ok(format) = F::from_str(format, false) else {
        return Err(format!("`{format}` is none of the formats {}", formats()));
    };
    if file.is_empty() {
        return Err("the name of the file is missing behind `=`".to_owned());
    }
    Ok(Output { format, file: file.into() })
}

/// An answer of the function, ready to be written in any format.
pub(super) struct Answer<'a> {
    document: &'a [u8],
    report: &'a report::Report,
    texts: &'a Texts<'a>,
    description: Description,
}

impl<'a> Answer<'a> {
    /// Take the answer, and ask the function for its rules where one of the formats tells them.
    pub(super) fn new<F: Function>(
        (document, report): (&'a [u8], &'a report::Report),
        texts: &'a Texts<'a>,
        formats: impl IntoIterator<Item = Format>,
        function: &F,
    ) -> anyhow::Result<Self> {
        let tells = formats.into_iter().any(|format| format == Format::Sarif);
        let description = if tells { Description::of(function)? } else { Description::default() };
        Ok(Self { document, report, texts, description })
    }

    /// Write it in one format.
    pub(super) fn write(&self, format: Format, dress: Dress, out: &mut dyn Write) -> anyhow::Result<()> {
        let presented = Presented { report: self.report, texts: self.texts, rules: &self.description.rules };
        match format {
            Format::Text if self.report.verification.is_some() => {
                verification::text::page(self.report, self.texts, Page { dress, columns: dress.columns }, out)?;
            }
            Format::Text => text::page(self.report, self.texts, dress, out)?,
            Format::Json => json::emit(self.document, out)?,
            Format::Sarif => sarif::emit(presented, out)?,
            Format::Junit => junit::emit(presented, out)?,
            Format::Github => github::emit(presented, out)?,
            Format::Gitlab => gitlab::emit(presented, out)?,
            Format::Markdown => markdown::emit(presented, out)?,
            Format::Html => html::emit(presented, out)?,
        }
        Ok(())
    }

    /// Write it into files. A file is written whole, or the run fails.
    pub(super) fn save(&self, outputs: &[Output], quiet: bool) -> anyhow::Result<()> {
        for Output { format, file } in outputs {
            let mut page = Vec::new();
            self.write(*format, Dress { quiet, ..Dress::default() }, &mut page)?;
            fs::write(file, &page).with_context(|| format!("cannot write the report into `{}`", file.display()))?;
        }
        Ok(())
    }
}

/// Two reports in one file would leave only the last.
pub(super) fn distinct<F>(outputs: &[Output<F>]) -> anyhow::Result<()> {
    for (index, output) in outputs.iter().enumerate() {
        if outputs.iter().take(index).any(|other| other.file == output.file) {
            bail!("`{}` is named by two --output options; give each format a file of its own", output.file.display());
        }
    }
    Ok(())
}

/// Every format that a run writes.
pub(super) fn formats(stdout: Format, outputs: &[Output]) -> impl Iterator<Item = Format> {
    [stdout].into_iter().chain(outputs.iter().map(|output| output.format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_and_a_file() {
        let expected = Output { format: Format::Sarif, file: "a=b: c.sarif".into() };
        assert_eq!(output::<Format>("sarif=a=b: c.sarif"), Ok(expected));
        assert_eq!(output::<Format>("sarif="), Err("the name of the file is missing behind `=`".into()));
        assert!(output::<Format>("report.sarif").is_err_and(|message| message.starts_with("write FORMAT=FILE")));
        assert!(
            output::<Format>("xml=a")
                .is_err_and(|message| message.starts_with("`xml` is none of the formats text, json"))
        );
    }

    #[test]
    fn one_file_holds_one_report() {
        let outputs = |texts: &[&str]| texts.iter().map(|text| output::<Format>(text).unwrap()).collect::<Vec<_>>();
        assert!(distinct(&outputs(&["sarif=a", "json=b"])).is_ok());
        let error = distinct(&outputs(&["sarif=a", "json=a"])).unwrap_err();
        assert!(error.to_string().starts_with("`a` is named by two --output options"), "{error}");
    }
}
