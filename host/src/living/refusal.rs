//! Why an API server did not answer a request, told apart by what follows from it: to try again, to do without the
//! kind, or to give up.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use thiserror::Error;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No connection: refused, no route, no such name, or the certificate is not to be trusted.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke before the answer was whole.
    #[error("broke off its answer: {0}")]
    Lost(String),
    /// The connection stands, and nothing came in this time.
    #[error("did not answer within {}", seconds(*.0))]
    Silent(Duration),
    /// The kubeconfig's way to prove who asks failed (a plugin, a token file).
    #[error("was not asked: the credentials could not be had: {0}")]
    Credentials(String),
    /// 401: it does not know who asks.
    #[error("refuses the credentials (401): {0}")]
    Unauthorized(String),
    /// 403: who asks may not.
    #[error("{0}")]
    Forbidden(String),
    /// 404.
    #[error("has no such thing (404): {0}")]
    NotFound(String),
    /// 409 on creation: an object of the name is there.
    #[error("has an object of that name already (409): {0}")]
    Exists(String),
    /// 409 otherwise: it is not the object that was meant.
    #[error("sees a conflict (409): {0}")]
    Conflict(String),
    /// 410: the list took so long that the server forgot where it had begun.
    #[error("no longer has the list that was begun (410)")]
    Expired,
    /// 429, and how long to stay away when it says so.
    #[error("is too busy (429): {message}")]
    Busy {
        /// `Retry-After`.
        wait: Option<Duration>,
        /// What it said.
        message: String,
    },
    /// Any other code.
    #[error("answers with an error ({code}): {message}")]
    Failing {
        /// The HTTP status.
        code: u16,
        /// What it said.
        message: String,
    },
    /// It answered with something else than the API would.
    #[error("answers with something that is not Kubernetes' JSON: {0}")]
    Odd(String),
    /// More bytes than there is room for.
    #[error("sends more than is read; raise --max-input if that is right")]
    TooLarge,
}

impl Refusal {
    /// What an error of the client means.
    pub(super) fn of_client(error: &kube::Error) -> Self {
        if let kube::Error::Auth(error) = error {
            return Self::Credentials(deepest(error));
        }
        let words = words(error);
        let connecting = chain(error)
            .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
            .any(hyper_util::client::legacy::Error::is_connect);
        if connecting { Self::Unreachable(words) } else { Self::Lost(words) }
    }

    /// What an answer that is no success means.
    pub(super) fn of_answer(status: StatusCode, wait: Option<Duration>, body: &[u8]) -> Self {
        let said = serde_json::from_slice::<Value>(body).ok();
        let field = |name: &str| said.as_ref().and_then(|said| said.get(name)).and_then(Value::as_str);
        let message = field("message").map_or_else(|| first_line(body), str::to_owned);
        let message = if message.is_empty() { status.to_string() } else { message };
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized(message),
            StatusCode::FORBIDDEN => Self::Forbidden(message),
            StatusCode::NOT_FOUND => Self::NotFound(message),
            StatusCode::CONFLICT if field("reason") == Some("AlreadyExists") => Self::Exists(message),
            StatusCode::CONFLICT => Self::Conflict(message),
            StatusCode::GONE => Self::Expired,
            StatusCode::TOO_MANY_REQUESTS => Self::Busy { wait, message },
            status => Self::Failing { code: status.as_u16(), message },
        }
    }

    /// The next try may go otherwise.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) | Self::Silent(_) | Self::Busy { .. } => true,
            Self::Failing { code, .. } => *code >= 500,
            _ => false,
        }
    }

    /// The server has not begun to do what was asked.
    pub(super) fn comes_before_the_work(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }

    /// Only this kind cannot be had; the server itself is there and knows who asks.
    pub(super) fn concerns_one_kind(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::NotFound(_) | Self::Failing { .. } | Self::Odd(_) | Self::Expired)
    }

    /// Whether the server has done what was asked, nobody knows.
    pub(super) fn leaves_in_doubt(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Silent(_) | Self::Odd(_) => true,
            Self::Failing { code, .. } => *code >= 500,
            _ => false,
        }
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |error| (*error).source())
}

/// The innermost cause says what happened; those around it say where in the client.
fn deepest(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn words(error: &(dyn Error + 'static)) -> String {
    let kind = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind).last();
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => "the connection was refused".into(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => "the connection was cut".into(),
        Some(io::ErrorKind::TimedOut) => "the connection took too long".into(),
        _ => deepest(error),
    }
}

/// Of an answer that is no `Status`, as proxies send them.
fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().chars().take(200).collect()
}

/// `30 s`, or `0.5 s`.
pub(super) fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if time.subsec_millis() == 0 { format!("{whole} s") } else { format!("{} s", time.as_secs_f32()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_status_says_is_told() {
        let body =
            br#"{"kind":"Status","reason":"Forbidden","message":"services is forbidden: User \"ci\" cannot list"}"#;
        let refusal = Refusal::of_answer(StatusCode::FORBIDDEN, None, body);
        assert_eq!(refusal.to_string(), "services is forbidden: User \"ci\" cannot list");
        assert!(refusal.concerns_one_kind() && !refusal.passes());
    }

    #[test]
    fn what_is_no_status_is_cut_to_a_line() {
        let refusal = Refusal::of_answer(StatusCode::BAD_GATEWAY, None, b"\n  <html>bad gateway\n<body>");
        assert_eq!(refusal.to_string(), "answers with an error (502): <html>bad gateway");
        assert!(refusal.passes());
        let refusal = Refusal::of_answer(StatusCode::UNAUTHORIZED, None, b"");
        assert_eq!(refusal.to_string(), "refuses the credentials (401): 401 Unauthorized");
    }

    #[test]
    fn a_name_that_is_taken_is_no_other_conflict() {
        let taken = br#"{"reason":"AlreadyExists","message":"services \"lb-echo\" already exists"}"#;
        assert!(matches!(Refusal::of_answer(StatusCode::CONFLICT, None, taken), Refusal::Exists(_)));
        let other = br#"{"reason":"Conflict","message":"the UID in the precondition"}"#;
        assert!(matches!(Refusal::of_answer(StatusCode::CONFLICT, None, other), Refusal::Conflict(_)));
    }
}
