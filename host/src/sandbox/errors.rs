//! Everything that can go wrong in the sandbox, each with the phase in which it did.

use std::{fmt, io, path::PathBuf, time::Duration};

use super::{Interface, world::INTERFACE};

/// Where on the way from a file to an answer something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading the bytes and seeing what they are.
    Load,
    /// Turning WebAssembly into machine code.
    Compile,
    /// Holding imports and exports against the world of `function/wit`.
    Link,
    /// Laying out memory and running start code.
    Instantiate,
    /// The call itself.
    Run,
    /// Taking over what the call handed back.
    Output,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "load",
            Self::Compile => "compile",
            Self::Link => "link",
            Self::Instantiate => "instantiate",
            Self::Run => "run",
            Self::Output => "output",
        })
    }
}

/// Why the sandbox gave no answer. Nothing was written, and the sandbox can serve the next call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The file could not be read.
    #[error("cannot read the component {}", path.display())]
    Unreadable {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// Larger than any component that the sandbox is willing to compile.
    #[error("the component has {found} bytes; at most {limit} are accepted")]
    TooLarge {
        /// Its size.
        found: u64,
        /// The largest that is accepted.
        limit: u64,
    },

    /// The bytes are no WebAssembly at all.
    #[error("this is not a WebAssembly component or module: {detail}")]
    NotAComponent {
        /// What the bytes look like.
        detail: String,
    },

    /// WebAssembly, but a core module of no interface that is known here.
    #[error("this core WebAssembly module is for neither kpt nor WASI preview 1, and it is no component")]
    CoreModule,

    /// A core module wants something that a filter does not need.
    #[error(
        "the module imports {}; of {interface} the sandbox offers only what reads and writes the list",
        list(names)
    )]
    ForeignImports {
        /// Whose interface the rest is of.
        interface: Interface,
        /// What it asked for.
        names: Vec<String>,
    },

    /// A core module takes one list from standard input, and nothing else.
    #[error("a module for {interface} only takes a ResourceList from standard input; this needs a component")]
    OnlyAFilter {
        /// What it is made for.
        interface: Interface,
    },

    /// A core module that is no guest of ours.
    #[error("this module for {interface} does not describe itself: it is not lbpools")]
    Undescribed {
        /// What it is made for.
        interface: Interface,
    },

    /// The engine does not accept the component, or could not make machine code of it.
    #[error("the component is damaged, or uses a part of WebAssembly that the sandbox does not offer: {detail}")]
    Compile {
        /// The engine's own words.
        detail: String,
    },

    /// The component wants something from outside. It gets nothing, whatever it is.
    #[error("the component imports {}; the sandbox offers no import at all", list(names))]
    Imports {
        /// What it asked for.
        names: Vec<String>,
    },

    /// The interface is not there: a component made for something else.
    #[error("this component is of another world: it exports {}, not `{INTERFACE}`", list(exports))]
    OtherWorld {
        /// What it exports instead.
        exports: Vec<String>,
    },

    /// The interface is there, and lacks a function.
    #[error("the component's `{INTERFACE}` lacks {}", list(names))]
    MissingExport {
        /// Which are missing.
        names: Vec<String>,
    },

    /// An export has the right name and the wrong type.
    #[error("the component exports `{name}` with another type than `{INTERFACE}` says: {detail}")]
    WrongExport {
        /// Which export.
        name: String,
        /// Where the types part.
        detail: String,
    },

    /// The instance could not be made.
    #[error("the component could not be instantiated: {detail}")]
    Instantiate {
        /// The engine's own words.
        detail: String,
    },

    /// The call took too long.
    #[error("the function was stopped: it ran longer than the deadline of {deadline:?}")]
    Deadline {
        /// The limit that was hit.
        deadline: Duration,
        /// Start code counts too.
        phase: Phase,
    },

    /// The call wanted too much memory.
    #[error("the function was stopped: it asked for {wanted} bytes of memory, and may have {limit}")]
    Memory {
        /// The limit that was hit.
        limit: u64,
        /// What it would have had in all.
        wanted: u64,
        /// Initial memory counts too.
        phase: Phase,
    },

    /// Calls nested until the stack was used up.
    #[error("the function was stopped: its calls nest too deeply (endless recursion?)")]
    Recursion,

    /// The function panicked: a defect in it, whatever the input was.
    #[error("the function panicked, which is a defect in it: {message}")]
    Panic {
        /// What it said, with the place in its source.
        message: String,
    },

    /// The function trapped without a word.
    #[error("the function was aborted by a trap: {detail}")]
    Trap {
        /// Which trap.
        detail: String,
        /// Start code can trap too.
        phase: Phase,
    },

    /// The function handed back more than it may.
    #[error("the function's output was refused: it is larger than {limit} bytes")]
    Output {
        /// The limit that was hit.
        limit: u64,
    },

    /// What the function handed back is not what its type promises.
    #[error("the function's output was refused: {detail}")]
    Malformed {
        /// What is wrong with it.
        detail: String,
    },

    /// The host itself lacks something.
    #[error("the sandbox could not be set up: {detail}")]
    Host {
        /// What is lacking.
        detail: String,
    },
}

impl SandboxError {
    /// Where it went wrong.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Unreadable { .. } | Self::TooLarge { .. } | Self::NotAComponent { .. } | Self::CoreModule => {
                Phase::Load
            }
            Self::Compile { .. } | Self::Host { .. } => Phase::Compile,
            Self::Imports { .. }
            | Self::ForeignImports { .. }
            | Self::OnlyAFilter { .. }
            | Self::Undescribed { .. }
            | Self::OtherWorld { .. }
            | Self::MissingExport { .. }
            | Self::WrongExport { .. } => Phase::Link,
            Self::Instantiate { .. } => Phase::Instantiate,
            Self::Deadline { phase, .. } | Self::Memory { phase, .. } | Self::Trap { phase, .. } => *phase,
            Self::Recursion | Self::Panic { .. } => Phase::Run,
            Self::Output { .. } | Self::Malformed { .. } => Phase::Output,
        }
    }
}

/// Names in a sentence, shortened: a hostile component may have thousands, of any length and with any character.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 5;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let shown = names.iter().take(SHOWN).map(|name| {
        let short: String = name.chars().take(80).collect();
        format!("`{}`", short.escape_debug())
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
