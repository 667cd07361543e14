//! The corpus, and pseudo-random inputs, on the stable toolchain.
#![forbid(unsafe_code)]

use arbitrary::{Arbitrary, Unstructured};
use fuzz::calls::program::Program;
use fuzz::calls::stage::Tally;
use fuzz::random::SplitMix;
use fuzz::wire;
use std::path::Path;

type Target = fn(&[u8]) -> Result<(), String>;

/// Inputs for each target, and the length of the longest.
const INPUTS: u64 = 3_000;
const LONGEST: usize = 600;

#[track_caller]
fn replay(name: &str, target: Target) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let mut replayed = 0;
    for entry in corpus.read_dir().expect("the target has a corpus") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("an input");
        if let Err(finding) = target(&bytes) {
            panic!("{}: {finding}", path.display());
        }
        replayed += 1;
    }
    assert!(replayed >= 10, "only {replayed} inputs in the corpus");
}

#[track_caller]
fn try_many(target: Target) {
    for seed in 0..INPUTS {
        let input = SplitMix::new(seed).input(LONGEST);
        if let Err(finding) = target(&input) {
            panic!("seed {seed}: {finding}");
        }
    }
}

#[test]
fn calls_agree_with_the_model_on_the_corpus() {
    replay("calls", fuzz::calls::run);
}

#[test]
fn calls_agree_with_the_model_on_random_programs() {
    try_many(fuzz::calls::run);
}

/// Fails when programs stop short of what they are about.
#[test]
fn random_programs_reach_what_they_are_about() {
    let mut tally = Tally::default();
    for seed in 0..INPUTS / 10 {
        let input = SplitMix::new(seed).input(LONGEST);
        if let Ok(program) = Program::arbitrary_take_rest(Unstructured::new(&input)) {
            tally += fuzz::calls::run_program(program).expect("it agrees with the model");
        }
    }
    let least = Tally {
        entered: 5_000,
        far: 60,
        nested: 300,
        answered: 1_000,
        leased: 25,
        outlived: 8,
        home: 1_000,
        away: 800,
    };
    let enough = [
        tally.entered >= least.entered,
        tally.far >= least.far,
        tally.nested >= least.nested,
        tally.answered >= least.answered,
        tally.leased >= least.leased,
        tally.outlived >= least.outlived,
        tally.home >= least.home,
        tally.away >= least.away,
    ];
    println!("{tally:?}");
    assert_eq!(enough, [true; 8], "{tally:?}");
}

#[test]
fn policies_agree_with_the_model_on_the_corpus() {
    replay("policy", fuzz::policy::run);
}

#[test]
fn policies_agree_with_the_model_on_random_input() {
    try_many(fuzz::policy::run);
}

#[test]
fn values_agree_with_the_model_on_the_corpus() {
    replay("values", fuzz::values::run);
}

#[test]
fn values_agree_with_the_model_on_random_input() {
    try_many(fuzz::values::run);
}

#[test]
fn grants_agree_with_the_model_on_the_corpus() {
    replay("grants", fuzz::grants::run);
}

#[test]
fn grants_agree_with_the_model_on_random_programs() {
    try_many(fuzz::grants::run);
}

/// Fails when programs stop short of what they are about.
#[test]
fn random_grants_are_derived_and_called() {
    let mut sum = [0; 4];
    for seed in 0..INPUTS / 10 {
        let input = SplitMix::new(seed).input(LONGEST);
        let reached = fuzz::grants::run_counting(&input).expect("it agrees with the model");
        for (sum, reached) in sum.iter_mut().zip(reached) {
            *sum += reached;
        }
    }
    let least = [300, 100, 300, 50];
    let enough = sum.iter().zip(least).all(|(sum, least)| *sum >= least);
    assert!(enough, "{sum:?}");
}

#[test]
fn wire_agrees_with_the_rules_on_the_corpus() {
    replay("wire", wire::run);
}

/// Fails when inputs are all taken, or all turned away.
#[test]
fn wire_agrees_with_the_rules_on_random_input() {
    let mut tally = wire::Tally::default();
    for seed in 0..INPUTS {
        let input = SplitMix::new(seed).input(LONGEST);
        match wire::tally(&input) {
            Ok(one) => tally += one,
            Err(finding) => panic!("seed {seed}: {finding}"),
        }
    }
    let enough = [
        tally.nested >= 200,
        tally.flat >= 300,
        tally.malformed >= 300,
        tally.beyond >= 300,
        tally.let_go >= 400,
        tally.taken >= 200,
        tally.mismatched >= 150,
        tally.found >= 1_000,
        tally.nothing >= 5_000,
    ];
    assert_eq!(enough, [true; 9], "{tally:?}");
}
