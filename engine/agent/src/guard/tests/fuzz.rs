//! Whatever bytes come as a reasoner's answer: they are read strictly, judged on the desk, and what
//! is approved is within its bounds and favours nobody.
//!
//! Inputs are those of the corpus and of every form of action, changed at random. One that comes to
//! something new is changed further, so that the search goes on from the deepest place it reached.
//! `make fuzz` runs it for longer: `KS_FUZZ_INPUTS` is how many inputs, `KS_FUZZ_SEED` whose, and
//! `KS_FUZZ_NEW` a file for those that came to something new, to be looked at for the corpus.

mod changes;
mod seat;
mod seeds;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ks_vocabulary::random::Random;

use changes::changed;
use seat::Seat;
use seeds::{corpus, forms};

/// Inputs of an ordinary run.
const INPUTS: u64 = 4_000;
/// Inputs that are changed further, at most: the newest push out the oldest that were found.
const KEPT: usize = 4_096;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What an input comes to. One that breaks a property is told whole.
fn come_to(seat: &mut Seat, input: &[u8]) -> String {
    match catch_unwind(AssertUnwindSafe(|| seat.take(input))) {
        Ok(came_to) => came_to,
        Err(panic) => {
            println!("the input was: {:?}", String::from_utf8_lossy(input));
            resume_unwind(panic)
        }
    }
}

/// Inputs from a seed, and all that they came to.
fn search(seed: u64, inputs: u64) -> (Vec<Vec<u8>>, BTreeSet<String>) {
    let mut random = Random::stream(seed, "fuzz");
    let mut seat = Seat::default();
    let mut kept: Vec<Vec<u8>> = corpus().into_iter().chain(forms()).collect();
    let mut known: BTreeSet<String> = kept.iter().map(|one| come_to(&mut seat, one)).collect();
    let given = kept.len();
    let mut found = Vec::new();
    for _ in 0..inputs {
        let input = changed(&kept, &mut random);
        if !known.insert(come_to(&mut seat, &input)) {
            continue;
        }
        found.push(input.clone());
        if kept.len() == KEPT {
            kept.remove(given);
        }
        kept.push(input);
    }
    (found, known)
}

#[test]
fn whatever_bytes_come_effects_are_within_bounds() {
    let inputs = number("KS_FUZZ_INPUTS", INPUTS);
    let (found, known) = search(number("KS_FUZZ_SEED", 1), inputs);
    println!("{inputs} inputs came to {} things, {} of them new", known.len(), found.len());
    if let Some(path) = std::env::var_os("KS_FUZZ_NEW") {
        let lines = found.iter().filter_map(|input| core::str::from_utf8(input).ok());
        let lines: Vec<String> =
            lines.map(|input| serde_json::to_string(input).unwrap() + "\n").collect();
        std::fs::write(path, lines.concat()).unwrap();
    }
    assert!(found.len() > 20, "changes come to nothing new: the search searches nothing");
}

#[test]
fn the_corpus_reaches_every_form_and_most_rules() {
    let mut seat = Seat::default();
    let came_to: Vec<String> =
        corpus().iter().chain(&forms()).map(|one| come_to(&mut seat, one)).collect();
    let is_approved = |name: &&str| {
        let approved = format!("approved {name}");
        came_to.iter().any(|one| one.contains(&approved))
    };
    let never: Vec<&str> = seeds::names().filter(|name| !is_approved(name)).collect();
    assert!(never.is_empty(), "never approved: {never:?}");
    for rule in ["mode", "evidence", "target", "protected", "direction", "identity"] {
        let refused = format!("refused by {rule}");
        assert!(came_to.iter().any(|one| one.contains(&refused)), "{rule} refuses nothing");
    }
    for answer in ["next", "finish", "query_signals", "simulate_scenario", "not read: "] {
        assert!(came_to.iter().any(|one| one.starts_with(answer)), "nothing comes to {answer}");
    }
}

#[test]
fn one_seed_gives_one_search() {
    assert_eq!(search(7, 300), search(7, 300));
    assert_ne!(search(7, 300).0, search(8, 300).0);
}

#[test]
#[should_panic(expected = "GroupFile")]
fn a_plan_that_widens_a_limit_is_noticed() {
    let mut seat = Seat::default();
    // The desk changes behind the plan's back: what was lower is higher now.
    seat.judged_otherwise(|desk| desk.batch().cpu_weight = Some(3));
    let weight = forms().into_iter().find(|one| one.windows(10).any(|at| at == b"cpu_weight"));
    seat.take(&weight.unwrap());
}
