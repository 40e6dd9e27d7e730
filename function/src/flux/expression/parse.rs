//! The grammar: a text becomes pieces of plain text and expressions (`envsubst/parse/{parse,scan}.go`).
//!
//! The library's scanner is told before each token which characters it may take, and takes as many as it can. Hence
//! what looks odd here: separators swallow their repetitions, a text argument runs to the closing brace whatever is
//! in it, and an argument is one piece, either text or an expression, except in a default.

use std::borrow::Cow;

use super::characters::is_name;
use super::error::{ErrorKind, ExpressionError, Limit};
use super::operation::{Case, Operation, Place};

/// Deepest nesting that is read. The library recurses as deep as it is asked to.
const DEEPEST: usize = 200;

/// A piece of text or an expression.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'t> {
    /// Emitted as it stands; owned where an escape was taken out.
    Text(Cow<'t, str>),
    /// To be computed.
    Expression(Expression<'t>),
}

/// `${name…}`
#[derive(Debug, PartialEq)]
pub(super) struct Expression<'t> {
    /// Byte offset of its `$`.
    pub(super) at: usize,
    pub(super) name: &'t str,
    pub(super) operation: Operation,
    pub(super) arguments: Vec<Node<'t>>,
}

/// Parse a whole text.
pub(super) fn parse(text: &str) -> Result<Vec<Node<'_>>, ExpressionError> {
    let mut scanner = Scanner { text, at: 0 };
    let mut nodes = Vec::new();
    loop {
        if scanner.opens() {
            nodes.push(Node::Expression(scanner.expression(0)?));
        } else if let Some(literal) = scanner.literal(b"", Escapes::Dollar) {
            nodes.push(Node::Text(literal));
        } else {
            // The end, or a NUL, which the library takes for the end.
            return Ok(nodes);
        }
    }
}

/// What a literal may escape. Outside only `$$`; in the arguments of a replacement slashes and backslashes too; in
/// all other arguments nothing.
#[derive(Clone, Copy, PartialEq)]
enum Escapes {
    None,
    Dollar,
    All,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    /// The next byte; none at the end and at a NUL. All syntax is ASCII, so bytes do.
    fn peek(&self) -> Option<u8> {
        self.ahead(0).filter(|&byte| byte != 0)
    }

    fn ahead(&self, distance: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + distance).copied()
    }

    fn opens(&self) -> bool {
        self.ahead(0) == Some(b'$') && self.ahead(1) == Some(b'{')
    }

    /// Take up to `most` bytes of this set; how many there were.
    fn run(&mut self, set: &[u8], most: usize) -> usize {
        let from = self.at;
        while self.at - from < most && self.peek().is_some_and(|byte| set.contains(&byte)) {
            self.at += 1;
        }
        self.at - from
    }

    /// Text up to an expression, one of `stops`, or the end; none if there is nothing before these.
    fn literal(&mut self, stops: &[u8], escapes: Escapes) -> Option<Cow<'t, str>> {
        let from = self.at;
        let mut pending = from;
        let mut unescaped = String::new();
        while let Some(byte) = self.peek() {
            let next = self.ahead(1);
            let escaped = match byte {
                b'$' if next == Some(b'{') => break,
                b'$' => escapes != Escapes::None && next == Some(b'$'),
                b'\\' => escapes == Escapes::All && matches!(next, Some(b'/' | b'\\')),
                _ => false,
            };
            if escaped {
                // Whatever is escaped is taken unseen: `$${` opens no expression.
                unescaped.push_str(&self.text[pending..self.at]);
                pending = self.at + 1;
                self.at += 2;
            } else if stops.contains(&byte) {
                break;
            } else if stops.is_empty() {
                let rest = &self.text.as_bytes()[self.at + 1..];
                self.at += 1 + memchr::memchr2(b'$', 0, rest).unwrap_or(rest.len());
            } else {
                self.at += 1;
            }
        }
        let tail = &self.text[pending..self.at];
        match (self.at > from, pending > from) {
            (false, _) => None,
            (true, false) => Some(Cow::Borrowed(tail)),
            (true, true) => Some(Cow::Owned(unescaped + tail)),
        }
    }

    fn name(&mut self) -> Option<&'t str> {
        let rest = &self.text[self.at..];
        let length = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(&rest[..length])
    }

    /// An expression, with the scanner at its `$`.
    fn expression(&mut self, depth: usize) -> Result<Expression<'t>, ExpressionError> {
        let at = self.at;
        self.at += 2;
        let operator = Operator { scanner: self, at, depth, arguments: Vec::new() };
        operator.parse()
    }
}

/// The inside of one expression, being read.
struct Operator<'s, 't> {
    scanner: &'s mut Scanner<'t>,
    at: usize,
    depth: usize,
    arguments: Vec<Node<'t>>,
}

impl<'t> Operator<'_, 't> {
    fn parse(mut self) -> Result<Expression<'t>, ExpressionError> {
        if self.depth >= DEEPEST {
            return Err(self.error(ErrorKind::BeyondLimit(Limit::Nesting)));
        }
        let (name, operation) = if self.scanner.run(b"#", 1) == 1 {
            let name = self.scanner.name().ok_or(self.error(ErrorKind::BadSubstitution))?;
            self.close()?;
            (name, Operation::Length)
        } else {
            let name = self.scanner.name().ok_or(self.error(ErrorKind::VariableName))?;
            (name, self.operation()?)
        };
        Ok(Expression { at: self.at, name, operation, arguments: self.arguments })
    }

    fn operation(&mut self) -> Result<Operation, ExpressionError> {
        match self.scanner.peek() {
            Some(b'}') => {
                self.scanner.at += 1;
                Ok(Operation::Value)
            }
            Some(b':') => self.default_or_substring(),
            Some(b'=') => self.default(1),
            Some(b',' | b'^') => self.case(),
            Some(b'#') => self.strip(b"#", |longest| Operation::StripPrefix { longest }),
            Some(b'%') => self.strip(b"%", |longest| Operation::StripSuffix { longest }),
            Some(b'/') => self.replace(),
            _ => Err(self.error(ErrorKind::MissingClosingBrace)),
        }
    }

    fn default_or_substring(&mut self) -> Result<Operation, ExpressionError> {
        match self.scanner.ahead(1) {
            Some(b'=' | b'-' | b'?' | b'+') => self.default(2),
            // The library steps back over the colon by the width of what follows it, and gets lost here.
            None | Some(0x80..) => Err(self.error(ErrorKind::BadSubstitution)),
            Some(_) => self.substring(),
        }
    }

    /// The one operator whose argument may be of many pieces.
    fn default(&mut self, width: usize) -> Result<Operation, ExpressionError> {
        self.scanner.at += width;
        while self.scanner.peek() != Some(b'}') {
            self.argument(b"}", Escapes::None)?;
        }
        self.close()?;
        Ok(Operation::Default)
    }

    fn substring(&mut self) -> Result<Operation, ExpressionError> {
        self.scanner.at += 1;
        self.argument(b":}", Escapes::None)?;
        if self.scanner.run(b":", usize::MAX) > 0 {
            self.argument(b"}", Escapes::None)?;
        }
        self.close()?;
        Ok(Operation::Substring)
    }

    fn case(&mut self) -> Result<Operation, ExpressionError> {
        let from = self.scanner.at;
        self.scanner.run(b",^", 2);
        let operator = &self.scanner.text[from..self.scanner.at];
        let case = match operator {
            "^" => Case::UpperFirst,
            "^^" => Case::Upper,
            "," => Case::LowerFirst,
            ",," => Case::Lower,
            _ => Case::Unchanged,
        };
        self.close()?;
        Ok(Operation::Case(case))
    }

    fn strip(&mut self, sign: &[u8], make: fn(bool) -> Operation) -> Result<Operation, ExpressionError> {
        let longest = self.scanner.run(sign, 2) == 2;
        self.argument(b"}", Escapes::None)?;
        self.close()?;
        Ok(make(longest))
    }

    fn replace(&mut self) -> Result<Operation, ExpressionError> {
        let place = match self.scanner.ahead(1) {
            Some(b'/') => Place::All,
            Some(b'#') => Place::Prefix,
            Some(b'%') => Place::Suffix,
            _ => Place::First,
        };
        self.scanner.at += if place == Place::First { 1 } else { 2 };
        // The pattern ends at the next slash only: a brace on the way is part of it.
        self.argument(b"/", Escapes::All)?;
        if self.scanner.run(b"/", usize::MAX) == 0 {
            return Err(self.error(ErrorKind::BadSubstitution));
        }
        if self.scanner.peek() != Some(b'}') {
            self.argument(b"}", Escapes::All)?;
        }
        self.close()?;
        Ok(Operation::Replace(place))
    }

    /// One argument: an expression, or text up to one of `stops`.
    fn argument(&mut self, stops: &[u8], escapes: Escapes) -> Result<(), ExpressionError> {
        let node = if self.scanner.opens() {
            Node::Expression(self.scanner.expression(self.depth + 1)?)
        } else {
            let literal = self.scanner.literal(stops, escapes);
            Node::Text(literal.ok_or_else(|| self.error(ErrorKind::Argument))?)
        };
        self.arguments.push(node);
        Ok(())
    }

    fn close(&mut self) -> Result<(), ExpressionError> {
        if self.scanner.run(b"}", 1) == 0 {
            return Err(self.error(ErrorKind::BadSubstitution));
        }
        Ok(())
    }

    fn error(&self, kind: ErrorKind) -> ExpressionError {
        ExpressionError { kind, at: self.at }
    }
}
