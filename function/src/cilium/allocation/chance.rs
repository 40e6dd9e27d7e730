//! What Cilium leaves to chance.
//!
//! The operator keeps Services and pools in hash maps and walks them in an order that Go makes random on purpose.
//! Wherever such an order can change what happens, the simulation asks for a choice; one that is fixed gives one
//! possible history, and [`Search`] gives all of them.

/// Where the choices come from.
pub trait Chance {
    /// Which of `of` things comes next, from 0. Only asked where there are two or more.
    fn choose(&mut self, of: usize) -> usize;
}

/// Always the first: the order in which things arrived.
#[derive(Debug, Clone, Copy, Default)]
pub struct FirstComes;

impl Chance for FirstComes {
    fn choose(&mut self, _of: usize) -> usize {
        0
    }
}

/// Every combination of choices, one run after the other.
///
/// ```
/// use lbpools_function::cilium::allocation::{Chance, Search};
/// let mut search = Search::default();
/// let mut seen = Vec::new();
/// while search.begin() {
///     seen.push((search.choose(2), search.choose(3)));
/// }
/// assert_eq!(seen.len(), 6);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// What was chosen, of how many.
    path: Vec<(usize, usize)>,
    at: usize,
    started: bool,
}

impl Search {
    /// Begin the next run; false when all have been.
    pub fn begin(&mut self) -> bool {
        if self.started {
            while self.path.pop_if(|(chosen, of)| *chosen + 1 >= *of).is_some() {}
            match self.path.last_mut() {
                Some((chosen, _)) => *chosen += 1,
                None => return false,
            }
        }
        self.started = true;
        self.at = 0;
        true
    }

    /// Whether the last run met a choice at all.
    pub fn met_choice(&self) -> bool {
        !self.path.is_empty()
    }
}

impl Chance for Search {
    fn choose(&mut self, of: usize) -> usize {
        if self.at == self.path.len() {
            self.path.push((0, of));
        }
        let chosen = self.path[self.at].0;
        self.at += 1;
        chosen
    }
}

/// The things in an order left to chance.
pub(super) fn shuffled<T>(chance: &mut dyn Chance, mut things: Vec<T>) -> Vec<T> {
    let mut order = Vec::with_capacity(things.len());
    while things.len() > 1 {
        let chosen = chance.choose(things.len());
        order.push(things.remove(chosen.min(things.len() - 1)));
    }
    order.extend(things);
    order
}
