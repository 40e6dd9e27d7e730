//! To which cluster: a context of the kubeconfig as kubectl finds it, or the cluster that this runs in.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use thiserror::Error;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// What stands for a context within a cluster.
pub(super) const HERE: &str = "the cluster that this runs in";

/// Why there is no cluster to ask.
#[derive(Debug, Error)]
pub enum Unconnected {
    /// The kubeconfig has no such context.
    #[error("the kubeconfig has no context `{name}`; {known}")]
    NoContext {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Nobody said which, and the kubeconfig does not either.
    #[error("the kubeconfig names no current context: say which with --context; {known}")]
    NoCurrentContext {
        /// What there is.
        known: String,
    },
    /// There is none, and no pod's either.
    #[error("there is no kubeconfig, and this is no pod of a cluster: set KUBECONFIG, or hand over a --dump")]
    Nothing,
    /// The kubeconfig cannot be used.
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(String),
    /// The pod's credentials cannot be used.
    #[error("this pod's service account cannot be used: {0}")]
    Pod(String),
    /// No client can be made of it: certificates, proxies.
    #[error("no connection can be made to {server}: {why}")]
    Client {
        /// The API server.
        server: String,
        /// What is wrong.
        why: String,
    },
}

/// What was said about which cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// A file in place of those that `KUBECONFIG` names, or of `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// A context of it in place of the current one.
    pub context: Option<String>,
}

/// A cluster that can be asked.
pub(super) struct Connection {
    /// How to ask.
    pub(super) client: Client,
    /// The API server, for messages.
    pub(super) server: String,
    /// The context, or what stands for one.
    pub(super) name: String,
}

/// Find the cluster. Nothing is asked yet.
pub(super) async fn open(place: &Place, answer: Duration) -> Result<Connection, Unconnected> {
    let (mut config, name) = config(place).await?;
    // Tries and times are ours (`exchange`).
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT.min(answer));
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let client = Client::try_from(config);
    let client = client.map_err(|error| Unconnected::Client { server: server.clone(), why: innermost(&error) })?;
    Ok(Connection { client, server, name })
}

async fn config(place: &Place) -> Result<(Config, String), Unconnected> {
    let kubeconfig = match place.kubeconfig.as_ref().map_or_else(Kubeconfig::read, Kubeconfig::read_from) {
        Ok(kubeconfig) => Some(kubeconfig),
        Err(error) if place.kubeconfig.is_none() && is_missing(&error) => None,
        Err(error) => return Err(Unconnected::Kubeconfig(error.to_string())),
    };
    let current = kubeconfig.as_ref().and_then(|kubeconfig| kubeconfig.current_context.clone());
    let current = current.filter(|current| !current.is_empty());
    match (kubeconfig, place.context.clone().or(current)) {
        (Some(kubeconfig), Some(name)) => {
            let known = known(&kubeconfig);
            let options = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
            match Config::from_custom_kubeconfig(kubeconfig, &options).await {
                Ok(config) => Ok((config, name)),
                Err(KubeconfigError::LoadContext(_)) => Err(Unconnected::NoContext { name, known }),
                Err(error) => Err(Unconnected::Kubeconfig(error.to_string())),
            }
        }
        (None, Some(name)) => Err(Unconnected::NoContext { name, known: "there is no kubeconfig".into() }),
        (kubeconfig, None) => match (Config::incluster(), kubeconfig) {
            (Ok(config), _) => Ok((config, HERE.to_owned())),
            (Err(_), Some(kubeconfig)) if !kubeconfig.contexts.is_empty() => {
                Err(Unconnected::NoCurrentContext { known: known(&kubeconfig) })
            }
            (Err(kube::config::InClusterError::ReadEnvironmentVariable(_)), _) => Err(Unconnected::Nothing),
            (Err(error), _) => Err(Unconnected::Pod(error.to_string())),
        },
    }
}

/// There is no file: not the same as one that cannot be read.
fn is_missing(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::FindPath => true,
        KubeconfigError::ReadConfig(error, _) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

fn known(kubeconfig: &Kubeconfig) -> String {
    let names: Vec<_> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    if names.is_empty() { "it has none".into() } else { format!("it has {}", names.join(", ")) }
}

fn innermost(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}
