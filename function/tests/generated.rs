//! The files in `docs/` that the code describes say what it says.
//!
//! `cargo xtask generate` rewrites them (`BLESS=1`).

#![allow(clippy::disallowed_methods)] // the documentation is files, and a test may read them

use std::fs;
use std::path::Path;

use lbpools_function::report::Report;
use lbpools_function::rules::RULES;

/// Compare a file of `docs/` with its text, or write it.
fn fresh(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(path);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("a directory")).expect("a writable directory");
        fs::write(&file, text).expect("a writable file");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "docs/{path} is stale: run `cargo xtask generate`");
}

#[test]
fn every_rule_has_its_page() {
    let mut table = String::from(
        "# Rules\n\n`lbpools explain CODE` prints a page. The severity can be set by name or code under `severity:` of the \
         config; on an object, the annotation `lbpools.dev/accept: \"CODE: reason\"` accepts its findings.\n\n\
         | code | rule | severity | promise | what it finds |\n|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let severity = format!("{:?}", rule.severity).to_lowercase();
        let (code, name, category) = (rule.code, rule.name, rule.category.name());
        fresh(
            &format!("rules/{code}.md"),
            &format!("# {code} {name}\n\n*{severity}, {category}*\n\n{}\n", rule.page()),
        );
        table.push_str(&format!(
            "| [{code}]({code}.md) | `{name}` | {severity} | {category} | {} |\n",
            rule.summary().replace('|', "\\|")
        ));
    }
    fresh("rules/README.md", &table);
    let pages = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules")).expect("the pages").count();
    assert_eq!(pages, RULES.len() + 1, "a page of a rule that is gone");
}

#[test]
fn the_report_has_its_schema() {
    let schema = schemars::schema_for!(Report);
    let text = serde_json::to_string_pretty(&schema).expect("a schema") + "\n";
    fresh("schema/report.json", &text);
}
