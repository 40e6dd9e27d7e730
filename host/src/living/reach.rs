//! Whether an address answers from here: a TCP connection, or a request over HTTP.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use http::Request;
use kube::client::Body;
use kube::{Client, Config};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::refusal::Refusal;

/// For one try.
const TRY: Duration = Duration::from_secs(3);
/// Between two.
const PAUSE: Duration = Duration::from_secs(1);

/// How to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A connection to this port.
    Tcp(u16),
    /// `GET /` on this port; any answer but one of a failing server (5xx) will do.
    Http(u16),
}

impl FromStr for Reach {
    type Err = String;

    /// `tcp:PORT`, `http`, `http:PORT`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = |port: &str| port.parse().ok().filter(|port| *port > 0);
        let reach = match text.split_once(':') {
            None if text == "http" => Some(Self::Http(80)),
            Some(("http", text)) => port(text).map(Self::Http),
            Some(("tcp", text)) => port(text).map(Self::Tcp),
            _ => None,
        };
        reach.ok_or_else(|| "write tcp:PORT, http or http:PORT".to_owned())
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(port) => write!(f, "tcp:{port}"),
            Self::Http(port) => write!(f, "http:{port}"),
        }
    }
}

/// Try until it answers or the time is up: an announcement takes a while, and so does a pod. What was answered, or why
/// the last try failed.
pub(super) async fn reach(address: IpAddr, how: Reach, patience: Duration) -> Result<String, String> {
    let until = Instant::now() + patience;
    loop {
        let outcome = timeout(TRY, attempt(address, how)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(format!("nothing came within {} s", TRY.as_secs())));
        match outcome {
            Ok(answer) => return Ok(answer),
            Err(why) if Instant::now() + PAUSE >= until => return Err(why),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn attempt(address: IpAddr, how: Reach) -> Result<String, String> {
    match how {
        Reach::Tcp(port) => match TcpStream::connect(SocketAddr::new(address, port)).await {
            Ok(_) => Ok("accepts a connection".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Reach::Http(port) => {
            let uri = format!("http://{}/", SocketAddr::new(address, port));
            let mut config = Config::new(uri.parse().map_err(|error| format!("`{uri}`: {error}"))?);
            config.default_retry = false;
            let client = Client::try_from(config).map_err(|error| error.to_string())?;
            let request = Request::get("/").body(Body::empty()).map_err(|error| error.to_string())?;
            let answer = client.send(request).await.map_err(|error| Refusal::of_client(&error).to_string())?;
            let status = answer.status();
            if status.is_server_error() { Err(format!("answers {status}")) } else { Ok(format!("answers {status}")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_try() {
        assert_eq!("tcp:443".parse(), Ok(Reach::Tcp(443)));
        assert_eq!("http".parse(), Ok(Reach::Http(80)));
        assert_eq!("http:8080".parse(), Ok(Reach::Http(8080)));
        for bad in ["", "tcp", "tcp:", "tcp:0", "tcp:70000", "udp:53", "https", "http:x"] {
            assert!(bad.parse::<Reach>().is_err(), "{bad}");
        }
    }
}
