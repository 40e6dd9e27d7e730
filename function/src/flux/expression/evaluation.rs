//! Computing the tree, from the inside out (`envsubst/template.go`).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::error::{ErrorKind, ExpressionError, Limit};
use super::glob::{Steps, strip_prefix, strip_suffix};
use super::operation::{Operation, change_case, replace, substring};
use super::parse::{Expression, Node};
use super::{Dialect, Evaluated, Library, Lookup};

/// What an argument or expression comes to.
enum Outcome<'a, 'v> {
    Known(Cow<'a, [u8]>),
    /// With the reason.
    Unknown(&'v str),
}

/// One evaluation of one text.
pub(super) struct Evaluation<'l, 't, 'v> {
    lookup: &'l dyn Fn(&str) -> Lookup<'v>,
    dialect: Dialect,
    /// Bytes that may still be produced, in arguments and in the text.
    room: usize,
    steps: Steps,
    used: Vec<&'t str>,
    defaulted: Vec<&'t str>,
    undefined: Vec<&'t str>,
}

impl<'l, 't, 'v> Evaluation<'l, 't, 'v> {
    pub(super) fn new(lookup: &'l dyn Fn(&str) -> Lookup<'v>, dialect: Dialect, size: usize) -> Self {
        // A text is copied once for each level that its pieces are nested, mostly none.
        let room = size.saturating_mul(4).saturating_add(64 << 20);
        let (used, defaulted, undefined) = (Vec::new(), Vec::new(), Vec::new());
        Evaluation { lookup, dialect, room, steps: Steps::new(), used, defaulted, undefined }
    }

    /// The text of all nodes together.
    pub(super) fn text(mut self, nodes: &'t [Node<'t>]) -> Result<Evaluated, ExpressionError>
    where
        'v: 't,
    {
        let mut bytes = Vec::new();
        let mut unknown = None;
        // Where in the bytes the outcome of each expression begins.
        let mut origins = Vec::new();
        for node in nodes {
            match node {
                Node::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Node::Expression(expression) => match self.expression(expression)? {
                    Outcome::Known(value) => {
                        origins.push((bytes.len(), expression.at));
                        bytes.extend_from_slice(&value);
                    }
                    Outcome::Unknown(reason) => unknown = unknown.or(Some(reason)),
                },
            }
        }
        let text = match unknown {
            Some(_) => String::new(),
            None => String::from_utf8(bytes).map_err(|split| {
                let broken = split.utf8_error().valid_up_to();
                let before = origins.partition_point(|&(from, _)| from <= broken).saturating_sub(1);
                let at = origins.get(before).map_or(0, |&(_, at)| at);
                ExpressionError { kind: ErrorKind::SplitsCharacter, at }
            })?,
        };
        Ok(Evaluated {
            text,
            used: each_once(&self.used),
            defaulted: each_once(&self.defaulted),
            undefined: each_once(&self.undefined),
            unknown: unknown.map(str::to_owned),
        })
    }

    fn expression(&mut self, expression: &'t Expression<'t>) -> Result<Outcome<'t, 'v>, ExpressionError>
    where
        'v: 't,
    {
        let fail = |kind| ExpressionError { kind, at: expression.at };
        self.used.push(expression.name);
        // Arguments come first, also those of a default that nobody needs: what is wrong in them is wrong.
        let (defaulted, undefined) = (self.defaulted.len(), self.undefined.len());
        let mut arguments = Vec::with_capacity(expression.arguments.len());
        for argument in &expression.arguments {
            arguments.push(match argument {
                Node::Text(text) => Outcome::Known(Cow::Borrowed(text.as_bytes())),
                Node::Expression(inner) => self.expression(inner)?,
            });
        }
        let value = match (self.lookup)(expression.name) {
            Lookup::Set(value) => value,
            Lookup::Unknown(reason) => return Ok(Outcome::Unknown(reason)),
            Lookup::Unset if self.refuses_unset(expression.operation) => {
                return Err(fail(ErrorKind::NotSet(expression.name.to_owned())));
            }
            Lookup::Unset => {
                if expression.operation != Operation::Default {
                    self.undefined.push(expression.name);
                }
                ""
            }
        };
        if expression.operation == Operation::Default {
            if !value.is_empty() {
                // Nothing that happened in the default reaches the text.
                self.defaulted.truncate(defaulted);
                self.undefined.truncate(undefined);
                return self.produced(Cow::Borrowed(value.as_bytes()), expression.at);
            }
            self.defaulted.push(expression.name);
        }
        let mut known = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument {
                Outcome::Known(bytes) => known.push(bytes),
                Outcome::Unknown(reason) => return Ok(Outcome::Unknown(reason)),
            }
        }
        let outcome = self.operate(expression.operation, value, known).map_err(fail)?;
        self.produced(outcome, expression.at)
    }

    /// Whether this operation on an unset variable is an error.
    fn refuses_unset(&self, operation: Operation) -> bool {
        self.dialect.strict
            && match self.dialect.library {
                Library::V1_5 => operation == Operation::Value,
                Library::V1_7 | Library::V1_8 => operation != Operation::Default,
            }
    }

    fn operate(
        &mut self,
        operation: Operation,
        value: &'t str,
        arguments: Vec<Cow<'t, [u8]>>,
    ) -> Result<Cow<'t, [u8]>, ErrorKind> {
        let beyond = |limit| ErrorKind::BeyondLimit(limit);
        let bytes = value.as_bytes();
        let mut given = arguments.iter().map(|argument| &**argument);
        Ok(match operation {
            Operation::Value => Cow::Borrowed(bytes),
            Operation::Length => Cow::Owned(value.len().to_string().into_bytes()),
            Operation::Case(case) => Cow::Owned(change_case(value, case).into_bytes()),
            Operation::Substring => {
                let negative_counts_back = self.dialect.library >= Library::V1_8;
                let position = given.next().unwrap_or_default();
                let part = substring(bytes, position, given.next(), negative_counts_back);
                Cow::Borrowed(part.map_err(|_| ErrorKind::WouldCrash)?)
            }
            Operation::StripPrefix { longest } => {
                let pattern = given.next().unwrap_or_default();
                Cow::Borrowed(strip_prefix(bytes, pattern, longest, &mut self.steps).map_err(beyond)?)
            }
            Operation::StripSuffix { longest } => {
                let pattern = given.next().unwrap_or_default();
                Cow::Owned(strip_suffix(bytes, pattern, longest, &mut self.steps).map_err(beyond)?)
            }
            Operation::Replace(place) => {
                let old = given.next().unwrap_or_default();
                let replaced = replace(value, place, old, given.next(), self.room);
                Cow::Owned(replaced.ok_or(beyond(Limit::Output))?)
            }
            Operation::Default => match <[Cow<'t, [u8]>; 1]>::try_from(arguments) {
                Ok([only]) => only,
                Err(pieces) => Cow::Owned(pieces.concat()),
            },
        })
    }

    fn produced(&mut self, value: Cow<'t, [u8]>, at: usize) -> Result<Outcome<'t, 'v>, ExpressionError> {
        let too_much = ExpressionError { kind: ErrorKind::BeyondLimit(Limit::Output), at };
        self.room = self.room.checked_sub(value.len()).ok_or(too_much)?;
        Ok(Outcome::Known(value))
    }
}

fn each_once(names: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| seen.insert(**name)).map(|&name| name.to_owned()).collect()
}
