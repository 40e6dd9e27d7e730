//! One object with its Kustomization and the holders of its variables, and what each side makes of it.

use anyhow::{Context, bail};
use lbpools_function::flux::applied::{Applied, Refusal, UNUSUAL_PLACE, applied};
use lbpools_function::flux::expression::{Dialect, ErrorKind, Library};
use lbpools_function::flux::files::Files;
use lbpools_function::flux::object::Object;
use lbpools_function::flux::retype::BROKEN_INTO_LINES;
use lbpools_function::flux::settings::Sources;
use lbpools_function::flux::variables::Variables;
use lbpools_function::krm::document::Document;
use lbpools_function::krm::place::Text;
use serde_json::{Value, json};

/// The pin of `tests/oracle/flux/resources`.
const LIBRARY: Library = Library::V1_8;

/// One question to both.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub(crate) kustomization: Value,
    /// ConfigMaps and Secrets as the cluster has them.
    pub(crate) held: Vec<Value>,
    /// Which of them the repository has only encrypted.
    pub(crate) encrypted: Vec<bool>,
    pub(crate) resource: Value,
    pub(crate) strict: bool,
}

/// What Flux made of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Resource(Value),
    /// It left it alone.
    Disabled,
    Error(String),
    Crash,
}

impl Answer {
    /// What the real program said, from its line.
    pub(crate) fn read(line: &str) -> anyhow::Result<Answer> {
        let mut answer: Value = serde_json::from_str(line).context("the oracle's answer is not JSON")?;
        if let Some(resource) = answer.get_mut("resource") {
            return Ok(Answer::Resource(resource.take()));
        }
        if answer.get("disabled").is_some() {
            return Ok(Answer::Disabled);
        }
        if let Some(message) = answer.get("error").and_then(Value::as_str) {
            return Ok(Answer::Error(message.to_owned()));
        }
        if answer.get("panic").is_some() {
            return Ok(Answer::Crash);
        }
        bail!("the oracle's answer has none of its keys: {line}")
    }

    pub(crate) fn kind(&self) -> String {
        match self {
            Answer::Resource(_) => "an object".to_owned(),
            Answer::Disabled => "left alone".to_owned(),
            Answer::Crash => "crash".to_owned(),
            Answer::Error(message) if message.contains("yaml: ") && !message.contains("YAMLToJSON") => {
                "error: kustomize cannot read it".to_owned()
            }
            Answer::Error(message) => format!("error: {}", Told::of(message).kind()),
        }
    }
}

/// What an error of Flux is about.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Expression(String),
    VariableName,
    NoYaml,
    /// A holder of variables that is not there.
    Missing,
    Other(String),
}

impl Told {
    fn of(message: &str) -> Told {
        let inner = message.strip_prefix("envsubst error: ").unwrap_or(message);
        if let Some(message) = inner.strip_prefix("variable substitution failed: ") {
            return Told::Expression(message.to_owned());
        }
        match () {
            () if inner.contains("var name is invalid") => Told::VariableName,
            () if inner.starts_with("YAMLToJSON: ") => Told::NoYaml,
            () if inner.starts_with("substitute from ") && inner.ends_with("not found") => Told::Missing,
            () => Told::Other(inner.to_owned()),
        }
    }

    fn kind(&self) -> String {
        match self {
            Told::Expression(message) => message.split(": ").next().unwrap_or_default().to_owned(),
            Told::VariableName => "no name".to_owned(),
            Told::NoYaml => "no YAML".to_owned(),
            Told::Missing => "a source that is not there".to_owned(),
            Told::Other(message) => message.clone(),
        }
    }
}

/// What lbpools makes of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ours {
    disabled: bool,
    applied: Applied,
    /// Some variables cannot be known.
    open: bool,
}

impl Ours {
    pub(crate) fn kind(&self) -> &'static str {
        match &self.applied {
            Applied::Object(piece) if !piece.unknown().is_empty() => "in part unknown",
            Applied::Object(_) => "known",
            Applied::Refused(_) => "refused",
        }
    }
}

impl Case {
    pub(crate) fn question(&self) -> Value {
        let always = self.kustomization.pointer("/spec/postBuild/substituteStrategy") == Some(&json!("Always"));
        json!({
            "kustomization": self.kustomization, "objects": self.held, "resource": self.resource,
            "strict": self.strict, "always": always,
        })
    }

    /// The holders as the repository has them.
    pub(crate) fn written(&self) -> Value {
        self.held.iter().zip(&self.encrypted).map(|(held, &encrypted)| written(held, encrypted)).collect()
    }

    pub(crate) fn ours(&self) -> Ours {
        let holders: Vec<String> =
            self.held.iter().zip(&self.encrypted).map(|(held, &e)| written(held, e).to_string()).collect();
        let (kustomization, resource) = (self.kustomization.to_string(), self.resource.to_string());
        let named = [("ks.yaml".to_owned(), &kustomization), ("object.yaml".to_owned(), &resource)];
        let held = holders.iter().enumerate().map(|(n, text)| (format!("held{n}.yaml"), text));
        let paths: Vec<(String, &String)> = named.into_iter().chain(held).collect();
        let texts: Vec<Text<'_>> = paths.iter().map(|(path, text)| Text::new(path, text)).collect();
        let documents: Vec<Document<'_>> = texts.iter().filter_map(|text| Document::read(text).ok()).collect();
        let files = Files::new(&documents);
        let dialect = Dialect { library: LIBRARY, strict: self.strict };
        let sources = Sources { files: &files, entrypoint: None, foreign: vec![], dialect, changed: vec![] };
        let located = |path: &str| files.file(path).and_then(|items| items.first().copied());
        let (Some(kustomization), Some(resource)) = (located("ks.yaml"), located("object.yaml")) else {
            return Ours { disabled: false, applied: Applied::Refused(vec![]), open: false };
        };
        let kustomization = Object::with_variables(kustomization, Variables::none(dialect).into());
        let variables = sources.of_kustomization(&kustomization);
        let open = variables.open.is_some() || variables.by_name.values().any(|v| v.value.known().is_none());
        let object = Object::with_variables(resource, variables.into());
        Ours { disabled: object.variables.runs && !object.substitutes(), applied: applied(&object), open }
    }

    /// Whether Flux's answer is ours.
    pub(crate) fn agrees(&self, theirs: &Answer) -> bool {
        let ours = self.ours();
        // kustomize itself could not read back what it had written, before or after.
        let unread = |message: &str| {
            message.starts_with("failed to create resource from map")
                || message.starts_with("yaml: ")
                || message.starts_with("UnmarshalJSON: yaml: ")
        };
        if matches!(theirs, Answer::Error(message) if unread(message)) {
            return true;
        }
        match (theirs, &ours.applied) {
            // The mark is looked at whether there are variables or not.
            (Answer::Disabled, Applied::Object(piece)) => piece.agrees(&self.resource) && piece.unknown().is_empty(),
            (Answer::Resource(resource), Applied::Object(piece)) => {
                !ours.disabled && piece.agrees(resource) && (ours.open || piece.unknown().iter().all(of_layout))
            }
            (Answer::Crash, Applied::Refused(refusals)) => {
                refusals.contains(&Refusal::Expression(ErrorKind::WouldCrash))
            }
            (Answer::Error(message), Applied::Refused(refusals)) => match Told::of(message) {
                Told::Missing => ours.open,
                told => {
                    refusals.iter().any(|refusal| match (refusal, &told) {
                        (Refusal::Expression(ErrorKind::SplitsCharacter), Told::NoYaml) => true,
                        (Refusal::Expression(kind), Told::Expression(message)) => kind.to_string() == *message,
                        (Refusal::VariableName(_), Told::VariableName) | (Refusal::NoYaml(_), Told::NoYaml) => true,
                        _ => false,
                    }) || ours.open
                }
            },
            // A value that is not known may well be one that breaks the object.
            (Answer::Error(message), Applied::Object(piece)) => match Told::of(message) {
                Told::Missing => ours.open,
                Told::VariableName => false,
                Told::Expression(_) | Told::NoYaml | Told::Other(_) => !piece.unknown().is_empty(),
            },
            (Answer::Crash, Applied::Object(piece)) => !piece.unknown().is_empty(),
            (Answer::Disabled | Answer::Resource(_), Applied::Refused(_)) => false,
        }
    }
}

/// Whether something is unknown for how goyaml lays out a text, whatever the variables.
fn of_layout(why: &&str) -> bool {
    matches!(*why, BROKEN_INTO_LINES | UNUSUAL_PLACE)
}

/// A holder as the repository has it: encrypted as sops leaves it, keys in clear.
fn written(held: &Value, encrypted: bool) -> Value {
    let mut written = held.clone();
    if encrypted {
        if let Some(data) = written.get_mut("data").and_then(Value::as_object_mut) {
            data.values_mut().for_each(|value| *value = json!("ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]"));
        }
        written["sops"] = json!({"mac": "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]", "version": "3.9.0"});
    }
    written
}
