//! Names of objects in several domains, against a list of what was given out.

use super::Tally;
use super::world::{Lamp, Numbered};
use crate::panics::violation;
use arbitrary::{Arbitrary, Result as Made, Unstructured};
use membrane::{Policy, allow};
use runtime::{CallError, Domain, Handle, Limit, Limits, Object, Runtime};
use std::collections::HashSet;
use std::sync::Arc;

/// How many domains there are. The first lends to the second.
const DOMAINS: usize = 3;
/// How many objects each has.
const OBJECTS: usize = 3;

/// What is done to a domain.
#[derive(Clone, Debug)]
pub enum Op {
    /// A reference, by number, gets a name.
    Insert(usize),
    /// A name is looked up.
    Get(Number),
    /// A name is given up.
    Release(Number),
    /// It is over.
    Close,
}

/// A number that is, or might be taken for, a name.
#[derive(Clone, Debug)]
pub enum Number {
    /// One that was given out, by any domain.
    Issued(usize),
    /// The same, with a bit changed.
    Flipped(usize, u32),
    /// One's domain, the other's key.
    Crossed(usize, usize),
    /// One's key, some generations on.
    Later(usize, u8),
    /// Anything.
    Any(u128),
}

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The most names in each domain.
    most: usize,
    ops: Vec<(usize, Op)>,
}

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(u: &mut Unstructured<'a>) -> Made<Self> {
        let most = 1 + usize::from(u.arbitrary::<u8>()? % 6);
        let mut ops = Vec::new();
        while !u.is_empty() && ops.len() < 300 {
            let code: u8 = u.arbitrary()?;
            let which: u8 = u.arbitrary()?;
            // Mostly where the name is from.
            let domain = usize::from(code >> 6) % DOMAINS;
            let op = match code % 16 {
                0..=5 => Op::Insert(usize::from(which)),
                6..=10 => Op::Get(number(u, which)?),
                15 if which >= 0xF0 => Op::Close,
                _ => Op::Release(number(u, which)?),
            };
            ops.push((domain, op));
        }
        Ok(Self { most, ops })
    }
}

fn number(u: &mut Unstructured<'_>, which: u8) -> Made<Number> {
    let issued = usize::from(which);
    let further: u8 = u.arbitrary()?;
    Ok(match further % 16 {
        0 => Number::Flipped(issued, u32::from(further >> 4) * 8 + u32::from(which % 8)),
        1 => Number::Crossed(issued, usize::from(further)),
        2 => Number::Later(issued, further >> 4),
        3 => Number::Any(u.arbitrary()?),
        _ => Number::Issued(issued),
    })
}

/// A reference, and who holds it.
struct Held {
    holder: usize,
    object: Object,
    lamp: usize,
}

/// A name that is in force.
struct Name {
    bits: u128,
    reference: usize,
    count: usize,
}

struct Scene {
    most: usize,
    domains: Vec<Domain>,
    lamps: Vec<Arc<dyn Lamp>>,
    held: Vec<Held>,
    names: Vec<Vec<Name>>,
    issued: Vec<u128>,
    ever: HashSet<u128>,
}

impl Scene {
    fn new(most: usize) -> Self {
        let runtime = Runtime::new();
        let limits = Limits {
            handles: most,
            ..Limits::default()
        };
        let domains: Vec<Domain> = (0..DOMAINS)
            .map(|_| runtime.domain("of the test", limits))
            .collect();
        let policy = Policy::builder().inbound(allow!(dyn Lamp: number)).build();
        let policy = policy.expect("one list");
        let joined = runtime.join(&domains[0], &domains[1], policy);
        drop(joined.expect("for the first time"));
        let lamps: Vec<Arc<dyn Lamp>> = (0..DOMAINS * OBJECTS)
            .map(|number| Arc::new(Numbered(number as u64)) as Arc<dyn Lamp>)
            .collect();
        let mut held = Vec::new();
        for (lamp, target) in lamps.iter().enumerate() {
            let holder = lamp / OBJECTS;
            let object = domains[holder].own(target.clone());
            if holder == 0 {
                let lent = domains[0].send(&object, &domains[1]);
                held.push(Held {
                    holder: 1,
                    object: lent.expect("they are joined"),
                    lamp,
                });
            }
            held.push(Held {
                holder,
                object,
                lamp,
            });
        }
        Self {
            most,
            domains,
            lamps,
            held,
            names: (0..DOMAINS).map(|_| Vec::new()).collect(),
            issued: Vec::new(),
            ever: HashSet::new(),
        }
    }

    fn bits(&self, number: &Number) -> u128 {
        let issued = |at: &usize| match self.issued.len() {
            0 => 0,
            count => self.issued[at % count],
        };
        match number {
            Number::Issued(at) => issued(at),
            Number::Flipped(at, bit) => issued(at) ^ 1 << (bit % 128),
            Number::Crossed(one, other) => {
                issued(one) >> 64 << 64 | issued(other) & u128::from(u64::MAX)
            }
            Number::Later(at, by) => issued(at).wrapping_add(u128::from(*by) << 32),
            Number::Any(bits) => *bits,
        }
    }

    fn insert(&mut self, domain: usize, which: usize) {
        let reference = which % self.held.len();
        let held = &self.held[reference];
        let answer = self.domains[domain].insert(&held.object);
        let names = &mut self.names[domain];
        let count = names.len();
        let at = names.iter().position(|name| name.reference == reference);
        match (answer, at.map(|at| &mut names[at])) {
            (Err(CallError::Membrane(error)), _) if held.holder != domain => {
                if error.kind() != membrane::ErrorKind::Rejected {
                    violation(format!("another's reference: {error}"));
                }
            }
            (Err(CallError::Membrane(error)), _) if error.is_revoked() => {
                if self.domains[domain].closed().is_none() {
                    violation(String::from("revoked, and not closed"));
                }
            }
            (Ok(handle), Some(name))
                if self.domains[domain].closed().is_none() && handle.to_bits() == name.bits =>
            {
                name.count += 1;
            }
            (Err(CallError::Limit(Limit::Handles)), None) if count == self.most => {}
            (Ok(handle), None)
                if held.holder == domain
                    && count < self.most
                    && self.domains[domain].closed().is_none()
                    && self.ever.insert(handle.to_bits()) =>
            {
                names.push(Name {
                    bits: handle.to_bits(),
                    reference,
                    count: 1,
                });
                self.issued.push(handle.to_bits());
            }
            (answer, _) => violation(format!(
                "{answer:?} in {domain}, named {}, held by {}",
                at.is_some(),
                held.holder
            )),
        }
    }

    fn get(&self, domain: usize, bits: u128, tally: &mut Tally) {
        let name = self.names[domain].iter().find(|name| name.bits == bits);
        let got = self.domains[domain].get(Handle::from_bits(bits));
        match (name, got) {
            (None, None) => tally.nothing += 1,
            (Some(name), Some(object)) if object == self.held[name.reference].object => {
                tally.found += 1;
            }
            (name, got) => violation(format!(
                "{bits:#x} in {domain} is {got:?}, and should be {:?}",
                name.map(|name| name.reference)
            )),
        }
    }

    fn release(&mut self, domain: usize, bits: u128) {
        let names = &mut self.names[domain];
        let at = names.iter().position(|name| name.bits == bits);
        let released = self.domains[domain].release(Handle::from_bits(bits));
        if released != at.is_some() {
            violation(format!("{bits:#x} in {domain} is released: {released}"));
        }
        if let Some(at) = at {
            names[at].count -= 1;
            if names[at].count == 0 {
                names.swap_remove(at);
            }
        }
    }

    fn counts(&self) {
        for (domain, names) in self.domains.iter().zip(&self.names) {
            if domain.handles() != names.len() {
                let there = domain.handles();
                violation(format!("{there} names, and should be {}", names.len()));
            }
        }
    }

    /// Only names keep lamps, and of a membrane that is cut not even those.
    fn end(mut self) {
        let mut kept = HashSet::new();
        let cut = self.domains[..2].iter().any(|one| one.closed().is_some());
        for name in self.names.iter().flatten() {
            let held = &self.held[name.reference];
            if !(cut && held.holder != held.lamp / OBJECTS) {
                kept.insert(held.lamp);
            }
        }
        self.held.clear();
        let is_kept = |lamp: &Arc<dyn Lamp>| Arc::strong_count(lamp) > 1;
        for (number, lamp) in self.lamps.iter().enumerate() {
            if is_kept(lamp) != kept.contains(&number) {
                violation(format!("lamp {number} is kept: {}", is_kept(lamp)));
            }
        }
        self.domains.clear();
        if let Some(number) = self.lamps.iter().position(is_kept) {
            violation(format!("lamp {number} outlives the domains"));
        }
    }
}

/// Runs the program.
pub fn check(program: &Program, tally: &mut Tally) {
    let mut scene = Scene::new(program.most);
    for (domain, op) in &program.ops {
        match op {
            Op::Insert(which) => scene.insert(*domain, *which),
            Op::Get(number) => scene.get(*domain, scene.bits(number), tally),
            Op::Release(number) => scene.release(*domain, scene.bits(number)),
            Op::Close => {
                scene.domains[*domain].close("over");
                scene.names[*domain].clear();
            }
        }
        scene.counts();
    }
    // Every name ever, everywhere.
    for domain in 0..DOMAINS {
        for bits in &scene.issued {
            scene.get(domain, *bits, tally);
        }
    }
    scene.end();
}
