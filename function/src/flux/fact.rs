//! Unknown is a type, not a default.

/// Something that is known, or why it cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// Known for certain.
    Known(T),
    /// Not to be known from the input, for this reason. No rule guesses.
    Unknown(String),
}

impl<T> Fact<T> {
    /// What is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(value) => Some(value),
            Fact::Unknown(_) => None,
        }
    }

    /// Why it is not known.
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Fact::Known(_) => None,
            Fact::Unknown(why) => Some(why),
        }
    }

    /// Go on with what is known.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Fact::Known(value) => Fact::Known(f(value)),
            Fact::Unknown(why) => Fact::Unknown(why),
        }
    }
}
