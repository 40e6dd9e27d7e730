//! What Cilium leaves to chance.
//!
//! The operator keeps Services and pools in hash maps and walks them in an order that Go makes random on purpose.
//! Wherever such an order can change what happens, the simulation asks for a choice; one that is fixed gives one
//! possible history, and [`Search`] gives all of them.

/// Where the choices come from.
pub trait Chance {
    /// Which of `of` things comes next, from 0. Only asked where there are two or more.
    fn choose(&mut self, of: usize) -> usize;

    /// In which order a walk over a hash map meets its entries, which are numbered by their place in it: in any, as
    /// Go promises none.
    fn walk(&mut self, of: usize) -> Vec<usize> {
        let mut left: Vec<usize> = (0..of).collect();
        let mut order = Vec::with_capacity(of);
        while left.len() > 1 {
            let chosen = self.choose(left.len());
            order.push(left.remove(chosen.min(left.len() - 1)));
        }
        order.extend(left);
        order
    }
}

/// Always the first: the order in which things arrived.
#[derive(Debug, Clone, Copy, Default)]
pub struct FirstComes;

impl Chance for FirstComes {
    fn choose(&mut self, _of: usize) -> usize {
        0
    }

    fn walk(&mut self, of: usize) -> Vec<usize> {
        (0..of).collect()
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
    /// Only the orders in which Go's small maps are walked.
    small_maps: bool,
}

/// Entries that a Go map holds in one piece.
const SMALL_MAP: usize = 8;

impl Search {
    /// Only the walks that Go's maps take as they are built today: one of up to eight entries is walked from a random
    /// entry to its end and then from its beginning. Go promises nothing of the kind, so this is no ground for a
    /// prediction; it tells how much of what is possible can be seen when the real program runs.
    pub fn of_small_maps() -> Search {
        Search { small_maps: true, ..Search::default() }
    }

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

    /// How many choices the last run met.
    pub fn choices(&self) -> usize {
        self.path.len()
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

    fn walk(&mut self, of: usize) -> Vec<usize> {
        if !self.small_maps || of > SMALL_MAP {
            return Walk(self).walk(of);
        }
        let start = if of > 1 { self.choose(of) } else { 0 };
        (start..of).chain(0..start).collect()
    }
}

/// Walks of any order.
struct Walk<'a>(&'a mut Search);

impl Chance for Walk<'_> {
    fn choose(&mut self, of: usize) -> usize {
        self.0.choose(of)
    }
}

/// The things, which stand in the order of their places in a map, in the order of a walk over it.
pub(super) fn shuffled<T>(chance: &mut dyn Chance, things: Vec<T>) -> Vec<T> {
    if things.len() < 2 {
        return things;
    }
    let mut things: Vec<Option<T>> = things.into_iter().map(Some).collect();
    chance.walk(things.len()).into_iter().filter_map(|at| things.get_mut(at)?.take()).collect()
}
