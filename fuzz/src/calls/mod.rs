//! Random programs over two trees of membranes, against a model of all that they may do.
//!
//! # What a program is
//!
//! A list of operations: make objects and closures on any side, lend them, take them in, call them with loads of
//! references, lease proxies and call them through leases, take steps of iterators, derive membranes, revoke them, drop
//! handles and references. A call says how many of the *following* operations its target performs, on its own side, before
//! it answers; so programs nest. A second tree of membranes shares a side with the first, so that proxies of one cross the
//! other.
//!
//! # What must hold
//!
//! - **Escape.** No side ever holds an object of another side itself. Objects are known by address.
//! - **Identity.** What arrives is the very proxy, or the very object, that the model names; while a proxy lives there is no
//!   second one.
//! - **Effect.** A target is entered only by a call that the model lets through, with the arguments that it foretells; and, by
//!   where caller and target are alone, only by a method that the membrane between them lists.
//! - **Answer.** A call that is turned back, or whose result is withheld, answers with the kind and the reason foretold.
//! - **Revocation.** After each one everything that anybody holds is called.
//! - **Lease.** A call through a lease does what a call through the proxy does; what it keeps lives as long as it does.
//! - **Census.** Between operations exactly the objects that somebody can reach are alive, and each membrane counts its
//!   proxies right; at the end there is nothing.

pub mod actors;
pub mod calling;
pub mod census;
pub mod crossing;
pub mod interfaces;
pub mod interpreter;
pub mod iterating;
pub mod leasing;
pub mod loads;
pub mod program;
pub mod race;
pub mod references;
pub mod stage;
pub mod tree;

use crate::panics::{self, drop_all, violation};
use arbitrary::{Arbitrary, Unstructured};
use membrane::Membrane;
use program::Program;
use stage::{Handles, Stage, Tally, World, with};
use tree::{Node, Side, WorldId};

/// Runs the program that `bytes` mean. Bytes that mean none do nothing.
///
/// # Errors
///
/// What does not hold.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    match Program::arbitrary_take_rest(Unstructured::new(bytes)) {
        Ok(program) => run_program(program).map(drop),
        Err(_) => Ok(()),
    }
}

/// Runs a program, and tells what its calls have come to.
///
/// # Errors
///
/// What does not hold.
pub fn run_program(program: Program) -> Result<Tally, String> {
    drop_all(with(std::mem::take));
    let outcome = panics::run(|| {
        set_up(&program);
        with(|stage| stage.ops = program.ops.into());
        while with(|stage| !stage.ops.is_empty()) {
            interpreter::next(None);
            if panics::violated() {
                return;
            }
            census::check().unwrap_or_else(|text| violation(text));
        }
        tear_down();
    });
    let tally = with(|stage| stage.tally);
    drop_all(with(std::mem::take));
    outcome.map(|()| tally)
}

/// Where the second tree is: its owner, and the dry side of its root. The first tree's are 0 and 1.
fn meeting(choice: u8) -> (WorldId, WorldId) {
    match choice % 5 {
        // Somebody lends to the first owner.
        0 => (2, 0),
        // The first holder lends on by itself.
        1 => (1, 2),
        // The first owner lends twice.
        2 => (0, 2),
        // The first holder is lent to twice.
        3 => (2, 1),
        // The first holder lends back to the first owner.
        _ => (1, 0),
    }
}

fn set_up(program: &Program) {
    let (owner, holder) = meeting(program.meeting);
    let membranes = program.roots.map(|rights| Membrane::new(rights.policy()));
    with(|stage: &mut Stage| {
        stage
            .worlds
            .extend([World::default(), World::default(), World::default()]);
        stage.trees.owners.extend([0, owner]);
        for (tree, membrane) in membranes.into_iter().enumerate() {
            let world = [1, holder][tree];
            let rights = program.roots[tree];
            stage.trees.nodes.push(Node {
                tree,
                parent: None,
                wet: Side::Owner { tree },
                world,
                rights,
                revoked: None,
                suspended: None,
            });
            stage.handles.push(Handles::new(membrane, None));
        }
    });
}

/// Everything is dropped but the handles: nothing is left.
fn tear_down() {
    for world in 0..with(|stage| stage.worlds.len()) {
        drop_all(with(|stage| std::mem::take(&mut stage.worlds[world])));
    }
    census::check().unwrap_or_else(|text| violation(text));
    let (objects, sources) = with(|stage| {
        let objects = stage
            .objects
            .iter()
            .filter(|object| object.watch.is_alive())
            .count();
        (
            objects,
            stage
                .sources
                .iter()
                .filter(|source| source.token.strong_count() > 0)
                .count(),
        )
    });
    if objects + sources > 0 {
        violation(format!(
            "the end: {objects} objects and {sources} iterators are left"
        ));
    }
    let proxies: usize = with(|stage| {
        stage
            .handles
            .iter()
            .filter_map(|one| one.membrane.clone())
            .collect::<Vec<_>>()
    })
    .iter()
    .map(Membrane::live_proxies)
    .sum();
    if proxies > 0 {
        violation(format!("the end: {proxies} proxies are left"));
    }
}
