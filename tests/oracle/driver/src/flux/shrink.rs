//! The least case that still differs.

use super::case::Case;

/// Take away from a case what its difference does not need. `differs` asks both sides.
pub(crate) fn shrink(case: &Case, differs: &mut dyn FnMut(&Case) -> anyhow::Result<bool>) -> anyhow::Result<Case> {
    let mut least = case.clone();
    'smaller: loop {
        for candidate in smaller(&least) {
            if differs(&candidate)? {
                least = candidate;
                continue 'smaller;
            }
        }
        return Ok(least);
    }
}

/// Cases one step smaller, the biggest steps first.
fn smaller(case: &Case) -> Vec<Case> {
    let mut candidates: Vec<Case> = shorter(&case.text).map(|text| Case { text, ..case.clone() }).collect();
    for (name, value) in &case.variables {
        let mut without = case.clone();
        without.variables.remove(name);
        candidates.push(without);
        candidates.extend(shorter(value).map(|value| {
            let mut with = case.clone();
            with.variables.insert(name.clone(), value);
            with
        }));
    }
    if case.strict {
        candidates.push(Case { strict: false, ..case.clone() });
    }
    candidates
}

/// The text without a run of characters, long runs first.
pub(super) fn shorter(text: &str) -> impl Iterator<Item = String> {
    let characters: Vec<char> = text.chars().collect();
    let lengths =
        std::iter::successors(Some(characters.len()), |length| Some(length / 2)).take_while(|&length| length > 0);
    let mut texts = Vec::new();
    for length in lengths {
        for from in (0..=characters.len() - length).step_by(length) {
            texts.push(characters[..from].iter().chain(&characters[from + length..]).collect());
        }
    }
    texts.into_iter()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn nothing_stays_that_the_difference_does_not_need() {
        let variables =
            [("A", "some é value"), ("B", "other")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let case = Case {
            text: "a ${A} longer ${B} text".to_owned(),
            variables: BTreeMap::from(variables),
            strict: true,
            field: false,
        };
        let mut differs = |candidate: &Case| {
            let value = candidate.variables.get("A");
            Ok(candidate.text.contains("${A}") && value.is_some_and(|value| value.contains('é')))
        };
        let least = shrink(&case, &mut differs).expect("both sides answer");
        let variables = BTreeMap::from([("A".to_owned(), "é".to_owned())]);
        assert_eq!(least, Case { text: "${A}".to_owned(), variables, strict: false, field: false });
    }
}
