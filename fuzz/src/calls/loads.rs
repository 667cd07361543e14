//! Putting loads together from what a side holds, with what the model should make of them.

use super::actors::{self, Actor};
use super::crossing::{Cursor, Part};
use super::interfaces::{
    AnyRef, Fault, FunRef, Items, Kind, Load, NamedRef, Outline, PeerRef, Record,
};
use super::program::Recipe;
use super::stage::{Held, with};
use super::tree::WorldId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A load, and what it is.
pub struct Built {
    /// The real one.
    pub load: Load,
    /// The references in it.
    pub parts: Vec<Part>,
    /// What it looks like.
    pub outline: Outline,
}

/// Makes an object on a side, which holds it.
pub fn create(world: WorldId, closure: bool, victim: Option<Held>) -> Held {
    let number = with(|stage| stage.objects.len());
    let model = victim.as_ref().map(|held| held.model);
    let victim = victim.and_then(|held| {
        if let AnyRef::Peer(one) = held.real {
            Some(one)
        } else {
            None
        }
    });
    let real = if closure {
        AnyRef::Fun(actors::closure(number))
    } else {
        AnyRef::Peer(Arc::new(Actor {
            number,
            victim,
            visits: number % 4 == 3,
        }))
    };
    let (held, rubbish) = with(|stage| {
        let held = Held {
            model: stage.add_object(world, &real, model),
            real,
        };
        let rubbish = stage.worlds[world].hold(held.clone());
        (held, rubbish)
    });
    drop(rubbish);
    held
}

/// One that the side holds as `kind`.
fn pick(world: WorldId, kind: Kind, pick: u8) -> Option<Held> {
    with(|stage| {
        let count = stage.worlds[world].slots_of(kind).count();
        if count == 0 || pick == u8::MAX {
            return None;
        }
        stage.worlds[world]
            .slots_of(kind)
            .nth(usize::from(pick) % count)
            .cloned()
    })
}

/// An object that the side holds, or a new one.
pub fn peer(world: WorldId, number: u8) -> Held {
    pick(world, Kind::Peer, number).unwrap_or_else(|| create(world, false, None))
}

/// One that it holds as the narrower interface, or as the wider one.
pub fn named(world: WorldId, number: u8) -> Held {
    pick(world, Kind::Named, number).unwrap_or_else(|| {
        let held = peer(world, number);
        let AnyRef::Peer(one) = held.real else {
            unreachable!("picked by kind")
        };
        Held {
            real: AnyRef::Named(one),
            model: held.model,
        }
    })
}

fn fun(world: WorldId, number: u8) -> Held {
    pick(world, Kind::Fun, number).unwrap_or_else(|| create(world, true, None))
}

/// What is being put together.
struct Builder {
    world: WorldId,
    picks: [u8; 3],
    parts: Vec<Part>,
}

impl Builder {
    fn note(&mut self, held: &Held) {
        self.parts.push(Part::Ref(held.model, held.real.kind()));
    }

    fn peer(&mut self, pick: usize) -> PeerRef {
        let held = peer(self.world, self.picks[pick]);
        self.note(&held);
        let AnyRef::Peer(one) = held.real else {
            unreachable!("picked by kind")
        };
        one
    }

    fn named(&mut self, pick: usize) -> NamedRef {
        let held = named(self.world, self.picks[pick]);
        self.note(&held);
        let AnyRef::Named(one) = held.real else {
            unreachable!("picked by kind")
        };
        one
    }

    fn fun(&mut self, pick: usize) -> FunRef {
        let held = fun(self.world, self.picks[pick]);
        self.note(&held);
        let AnyRef::Fun(one) = held.real else {
            unreachable!("picked by kind")
        };
        one
    }

    /// One that the side holds, which it then holds no longer; or a new one.
    fn items(&mut self, pick: usize) -> Items {
        let number = self.picks[pick];
        let held = with(|stage| {
            let cursors = &mut stage.worlds[self.world].cursors;
            if cursors.is_empty() || number == u8::MAX {
                return None;
            }
            Some(cursors.remove(usize::from(number) % cursors.len()))
        });
        let (items, cursor) = held.map_or_else(
            || {
                let (items, source) = actors::items(self.world, number % 5);
                (
                    items,
                    Cursor {
                        source,
                        hops: Vec::new(),
                    },
                )
            },
            |held| (held.real, held.model),
        );
        self.parts.push(Part::Items(cursor));
        items
    }
}

/// Puts a load together from what `world` holds, and from new objects.
pub fn build(world: WorldId, recipe: Recipe) -> Built {
    let mut b = Builder {
        world,
        picks: recipe.picks,
        parts: Vec::new(),
    };
    let (load, outline) = match recipe.shape % 20 {
        0 => (Load::Nothing, "0"),
        1 => (Load::Text(String::from("text")), "\"text"),
        2 => (Load::Named(b.named(0)), "n"),
        3 => (Load::Fun(b.fun(0)), "f"),
        4 => (Load::Items(b.items(0)), "i"),
        5 => (Load::Option(Some(b.peer(0))), "S"),
        6 => (Load::Option(None), "N"),
        7 => (Load::List(vec![b.named(0), b.named(1), b.named(2)]), "[3]"),
        8 => (Load::Deque([b.peer(0), b.peer(1)].into()), "<2>"),
        9 => (Load::Pair((b.peer(0), b.fun(1))), ","),
        10 => (Load::Array([b.peer(0), b.peer(0)]), "2"),
        11 => {
            let (value, others) = (b.peer(0), vec![b.named(1), b.named(2)]);
            (
                Load::Record(Record {
                    label: String::from("r"),
                    value,
                    others,
                }),
                "{r,2}",
            )
        }
        12 => {
            let sorted = BTreeMap::from([(1, b.peer(0)), (2, b.peer(1))]);
            (Load::Sorted(sorted), "1:2:")
        }
        13 => (Load::Outcome(Ok(b.peer(0))), "+"),
        14 => (Load::Outcome(Err(b.named(0))), "-"),
        15 => (
            Load::Fault(Box::new(Fault::Payload(Load::Peer(b.peer(0))))),
            "?p",
        ),
        16 => {
            let all = vec![
                Load::Peer(b.peer(0)),
                Load::Items(b.items(1)),
                Load::Fun(b.fun(2)),
            ];
            (Load::Several(all), "(pif)")
        }
        _ => (Load::Peer(b.peer(0)), "p"),
    };
    Built {
        load,
        parts: b.parts,
        outline: outline.into(),
    }
}
