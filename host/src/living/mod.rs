//! A living cluster is texts.
//!
//! What is read of it becomes what `kubectl get -o json` would have saved: lists and objects as JSON, which the function
//! judges like any other text. Here is only how they are had: which cluster (`connection`), which kinds (`kinds`),
//! in which versions (`served`), how often to ask and how long to wait (`exchange`), page by page (`listing`).
//! Nothing is ever written, but for the objects of the smoke test ([`smoke_test`]), and those go again.

use std::io;

use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

mod connection;
mod exchange;
mod interrupt;
mod kinds;
mod listing;
mod page;
mod reach;
mod reading;
mod refusal;
mod served;
pub mod smoke_test;

pub use connection::{Place, Unconnected};
pub use exchange::Patience;
pub use reach::Reach;
pub use reading::{Reading, Step, Text};
pub use refusal::Refusal;

use exchange::Exchange;
use reading::Broken;
use smoke_test::{Outcome, SmokeTest, Stage};

/// Why a cluster could not be read.
#[derive(Debug, Error)]
pub enum Trouble {
    /// No cluster to ask.
    #[error(transparent)]
    Unconnected(#[from] Unconnected),
    /// The API server did not answer as it should.
    #[error("the API server {server} {refusal} (while {kind} was read)")]
    Refused {
        /// Which.
        server: String,
        /// What was read at that time.
        kind: &'static str,
        /// What it did.
        refusal: Refusal,
    },
    /// The process could not be made ready.
    #[error("cannot make the process ready for the network: {0}")]
    Runtime(#[source] io::Error),
}

/// A cluster that can be asked, for the length of a run.
pub struct Cluster {
    runtime: Runtime,
    exchange: Exchange,
    server: String,
    name: String,
}

impl Cluster {
    /// Find the cluster; nothing is asked yet.
    pub fn find(place: &Place, patience: Patience) -> Result<Self, Trouble> {
        // One thread: everything is asked in turn.
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Trouble::Runtime)?;
        let connection = runtime.block_on(connection::open(place, patience.answer))?;
        let exchange = Exchange::new(connection.client, patience);
        Ok(Self { runtime, exchange, server: connection.server, name: connection.name })
    }

    /// The context, or what stands for one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// It is the cluster that this runs in: nobody can have meant another.
    pub fn is_here(&self) -> bool {
        self.name == connection::HERE
    }

    /// Read what the function judges. `room` bounds the texts together; `told` hears how far it is.
    pub fn read(&self, room: u64, told: &mut dyn FnMut(Step)) -> Result<Reading, Trouble> {
        let reading = self.runtime.block_on(reading::read(&self.exchange, room, told));
        reading.map_err(|Broken { kind, refusal }| Trouble::Refused { server: self.server.clone(), kind, refusal })
    }

    /// Make the objects of the smoke test, see which address the Service gets, and remove them in every case.
    pub fn smoke_test(&self, test: &SmokeTest, told: &mut dyn FnMut(Stage)) -> Outcome {
        self.runtime.block_on(smoke_test::run(&self.exchange, test, told))
    }
}
