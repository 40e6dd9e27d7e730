//! A living cluster for a verb: which one, how long to wait for it, and its texts. `verify` and `plan` share it.

use std::path::PathBuf;
use std::time::Duration;

use super::quantity::duration;

/// Where the API server is, and how long to wait for its answers.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Where {
    /// Use this kubeconfig instead of those that KUBECONFIG names, or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Wait this long for an answer of the API server
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    request_timeout: Duration,
}

pub(super) use access::{Living, reach};

#[cfg(feature = "live")]
mod access {
    use std::thread::sleep;
    use std::time::Duration;

    use anyhow::{Context, bail};
    use lbpools_function::report::{AddressReached, ObjectLeft, SmokeTestOutcome, SmokeTestReport};

    use super::Where;
    use crate::cli::progress::Waiting;
    use crate::cli::{Exit, Setting, smoke_test};
    use crate::contract::{Role, Source};
    use crate::living::smoke_test::{Failure, Outcome, SmokeTest, Stage};
    use crate::living::{Cluster, Patience, Place, Reach};

    /// A cluster that can be asked.
    pub(in crate::cli) struct Living {
        cluster: Cluster,
        room: u64,
        /// Somebody watches.
        terminal: bool,
    }

    /// Whether an address can be tried so.
    pub(in crate::cli) fn reach(text: &str) -> Result<String, String> {
        text.parse::<Reach>().map(|reach| reach.to_string())
    }

    impl Living {
        /// Find the cluster of a context, of the current one, or the one that this runs in. Nothing is asked yet.
        pub(in crate::cli) fn find(place: &Where, context: Option<&str>, setting: &Setting) -> anyhow::Result<Self> {
            let patience = Patience { answer: place.request_timeout, ..Patience::default() };
            let place = Place { kubeconfig: place.kubeconfig.clone(), context: context.map(str::to_owned) };
            let cluster = Cluster::find(&place, patience)?;
            Ok(Self { cluster, room: setting.max_input, terminal: setting.stderr_is_terminal })
        }

        /// Its texts. Somebody who waits at a terminal sees how far it is.
        pub(in crate::cli) fn observe(&self) -> anyhow::Result<Vec<Source>> {
            let waiting = self.waiting("reading the cluster");
            let reading = self.cluster.read(self.room, &mut |step| {
                if let Some(waiting) = &waiting {
                    waiting.say(match step.objects {
                        0 => format!("reading {}", step.kind),
                        objects => format!("reading {}, {objects} so far", step.kind),
                    });
                }
            });
            drop(waiting);
            let reading = reading.with_context(|| format!("`{}` cannot be read", self.cluster.name()))?;
            let text = |path, role, text| Source { path, role, text };
            let texts = reading.texts.into_iter().map(|read| text(read.name, Role::Observed, read.bytes));
            let unread = reading.unread.into_iter().map(|why| text(String::new(), Role::Unread, why.into_bytes()));
            Ok(texts.chain(unread).collect())
        }

        /// Let time pass, with a word for who watches.
        pub(in crate::cli) fn pause(&self, time: Duration, words: &str) {
            let waiting = self.waiting(words);
            sleep(time);
            drop(waiting);
        }

        /// Objects are only made where somebody said that they should be.
        pub(in crate::cli) fn make_sure_it_is_meant(&self, context: Option<&str>) -> anyhow::Result<()> {
            if context.is_none() && !self.cluster.is_here() {
                bail!("--smoke-test makes objects, so say in which cluster: --context {}", self.cluster.name());
            }
            Ok(())
        }

        /// Make the smoke test. What came of it, and how the run ends for its sake.
        pub(in crate::cli) fn smoke_test(
            &self,
            test: &SmokeTestReport,
            asked: &smoke_test::Asked,
            wait: Duration,
        ) -> anyhow::Result<(SmokeTestOutcome, Exit)> {
            let objects: Result<_, _> = test.objects.iter().map(|object| serde_json::from_str(object)).collect();
            let reach = asked.reach.as_ref().map(|reach| reach.parse()).transpose().map_err(anyhow::Error::msg)?;
            let namespace = asked.namespace.clone().unwrap_or_default();
            let by: Option<Reach> = reach;
            let orders = SmokeTest { namespace, objects: objects?, wait, reach };
            let waiting = self.waiting("making the smoke test");
            let Outcome { result, run, left } = self.cluster.smoke_test(&orders, &mut |stage| {
                if let Some(waiting) = &waiting {
                    waiting.say(words(&stage));
                }
            });
            drop(waiting);
            let left: Vec<_> = left.into_iter().map(|left| ObjectLeft { object: left.object, why: left.why }).collect();
            let mut outcome = SmokeTestOutcome { run, left, ..SmokeTestOutcome::default() };
            let exit = match result {
                Err(failure) => {
                    let exit = if matches!(failure, Failure::NoAddress { .. }) { Exit::Findings } else { Exit::Failed };
                    outcome.failure = Some(failure.to_string());
                    exit
                }
                Ok(found) => {
                    outcome.failure = smoke_test::contradiction(test, &found.addresses);
                    outcome.addresses = found.addresses.iter().map(ToString::to_string).collect();
                    let reached = found.reached.into_iter().map(|(address, answer)| AddressReached {
                        address: address.to_string(),
                        by: by.map(|by| by.to_string()).unwrap_or_default(),
                        answered: answer.is_ok(),
                        words: answer.unwrap_or_else(|why| why),
                    });
                    outcome.reached = reached.collect();
                    let silent = outcome.reached.iter().any(|reached| !reached.answered);
                    if silent || outcome.failure.is_some() { Exit::Findings } else { Exit::Clean }
                }
            };
            let exit = if outcome.left.is_empty() { exit } else { Exit::Failed };
            Ok((outcome, exit))
        }

        fn waiting(&self, words: &str) -> Option<Waiting> {
            self.terminal.then(|| Waiting::new(words))
        }
    }

    fn words(stage: &Stage) -> String {
        match stage {
            Stage::Making(object) => format!("making {object}"),
            Stage::Waiting => "waiting for an address".to_owned(),
            Stage::Reaching(address) => format!("trying to reach {address}"),
            Stage::Removing => "removing what the smoke test made".to_owned(),
        }
    }
}

#[cfg(not(feature = "live"))]
mod access {
    use std::time::Duration;

    use anyhow::bail;
    use lbpools_function::report::{SmokeTestOutcome, SmokeTestReport};

    use super::Where;
    use crate::cli::{Exit, Setting, smoke_test};
    use crate::contract::Source;

    /// There is none in this program.
    pub(in crate::cli) enum Living {}

    pub(in crate::cli) fn reach(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    impl Living {
        pub(in crate::cli) fn find(place: &Where, _: Option<&str>, _: &Setting) -> anyhow::Result<Self> {
            let Where { kubeconfig: _, request_timeout: _ } = place;
            bail!("no cluster can be asked: this lbpools was built without its feature `live`; hand over a --dump");
        }

        pub(in crate::cli) fn observe(&self) -> anyhow::Result<Vec<Source>> {
            match *self {}
        }

        pub(in crate::cli) fn pause(&self, _: Duration, _: &str) {
            match *self {}
        }

        pub(in crate::cli) fn make_sure_it_is_meant(&self, _: Option<&str>) -> anyhow::Result<()> {
            match *self {}
        }

        pub(in crate::cli) fn smoke_test(
            &self,
            _: &SmokeTestReport,
            _: &smoke_test::Asked,
            _: Duration,
        ) -> anyhow::Result<(SmokeTestOutcome, Exit)> {
            match *self {}
        }
    }
}
