//! Code of guests, put together by chance: whatever can be said to the host, much of it nonsense.

use probe::Service;
use std::fmt::Write as _;

/// Globals of every such guest: how often its visitors run a program, so that there is an end.
pub(crate) const GLOBALS: &str = "(global $left (mut i32) (i32.const 12))";

/// Where nodes, the indexes of their items, and handles are.
const NODES: u64 = 6400;
const ITEMS: u64 = 5200;
const PLACES: u64 = 5000;
/// The most nodes of a message.
const MOST_NODES: u64 = 6;

/// How much of each a message has.
struct Message {
    arity: u64,
    nodes: u64,
    places: u64,
}

/// The code that stores a number.
fn put(wat: &mut String, store: &str, at: u64, value: u64) {
    let of = &store[..3];
    let _ = write!(wat, "({store} (i32.const {at}) ({of}.const {value}))");
}

/// Pseudo-random numbers, the same on every machine.
///
/// Source: George Marsaglia, *Xorshift RNGs* (2003).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    fn index(&mut self, most: usize) -> usize {
        usize::try_from(self.below(most as u64)).expect("below a usize")
    }

    /// One chance in `of`.
    fn once_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// A handle: most often one that was given to it.
    fn handle(&mut self) -> String {
        match self.below(40) {
            0..=24 => "(local.get $h)".into(),
            25..=35 => "(local.get $other)".into(),
            36 | 37 => "(global.get $kept)".into(),
            // One that it has, now and then, by luck.
            38 => format!("(i32.const {})", self.below(6)),
            _ => format!("(i32.const {})", self.below(1 << 32)),
        }
    }

    /// A message: nodes of 32 bytes at 6400 and handles at 5000, most often as they should be.
    fn message(&mut self, wat: &mut String) -> Message {
        let arity = [0, 0, 0, 1, 1, 1, 1, 2, 2, 3][self.index(10)];
        let (mut nodes, mut places) = (arity, 0);
        let mut node = 0;
        while node < nodes {
            let at = NODES + 32 * node;
            let kind = [2, 2, 2, 2, 0, 1, 4, 5, 7, 9, 9, 10, 10][self.index(13)];
            put(wat, "i32.store8", at, kind);
            match kind {
                // Text: of what lies there.
                5 => {
                    put(wat, "i32.store", at + 8, 1024);
                    put(wat, "i32.store", at + 12, self.below(9));
                }
                // A list: of new nodes.
                7 => {
                    let length = self.below(3).min(MOST_NODES - nodes);
                    let items = ITEMS + 16 * node;
                    put(wat, "i32.store", at + 8, items);
                    put(wat, "i32.store", at + 12, length);
                    for item in 0..length {
                        put(wat, "i32.store", items + 4 * item, nodes + item);
                    }
                    nodes += length;
                }
                // What was lent to it.
                9 => {
                    put(wat, "i32.store", at + 8, places);
                    let handle = self.handle();
                    let _ = write!(
                        wat,
                        "(i32.store (i32.const {}) {handle})",
                        PLACES + 4 * places
                    );
                    places += 1;
                }
                // An object of its own.
                10 => {
                    put(wat, "i64.store", at + 8, 2 + self.below(3));
                    let interface = if self.once_in(4) {
                        "SERVICE"
                    } else {
                        "VISITOR"
                    };
                    let _ = write!(
                        wat,
                        "(i64.store (i32.const {}) (i64.const {interface}))",
                        at + 16
                    );
                }
                _ => put(wat, "i64.store", at + 8, self.below(100)),
            }
            node += 1;
        }
        let mut message = Message {
            arity,
            nodes,
            places,
        };
        if self.once_in(8) {
            self.spoil(wat, &mut message);
        }
        message
    }

    /// Makes nonsense of a message, or something else.
    fn spoil(&mut self, wat: &mut String, message: &mut Message) {
        let any = [self.below(8), self.below(1 << 32)][self.index(2)];
        match self.below(6) {
            0 => message.arity = any,
            1 => message.nodes = any,
            2 => message.places = any,
            // A kind.
            3 => put(
                wat,
                "i32.store8",
                NODES + 32 * self.below(MOST_NODES),
                self.below(256),
            ),
            // A length, a pointer, an index or a number.
            4 => put(
                wat,
                "i32.store",
                NODES + 4 * self.below(8 * MOST_NODES),
                any,
            ),
            _ => put(
                wat,
                "i32.store",
                ITEMS + 4 * self.below(4 * MOST_NODES),
                any,
            ),
        }
    }

    /// One call of the host.
    fn step(&mut self, wat: &mut String) {
        let handle = self.handle();
        let _ = match self.below(24) {
            0..=4 => write!(wat, "(call $mark {handle})"),
            5..=12 => {
                let Message { arity, nodes, places } = self.message(wat);
                let most = if self.once_in(8) { 200 } else { 11 };
                let method = self.below(most);
                let answer = if self.once_in(60) { 0xfffff } else { 2048 };
                write!(
                    wat,
                    "(call $call {handle} (i32.const {method}) (i32.const {arity}) (i32.const {NODES}) (i32.const {nodes})
                       (i32.const {PLACES}) (i32.const {places}) (i32.const {answer}))"
                )
            }
            // Has itself visited: method 5, with an object of its own and a number.
            13..=16 => write!(
                wat,
                "(i32.store8 (i32.const 7000) (i32.const 10)) (i64.store (i32.const 7008) (i64.const {}))
                 (i64.store (i32.const 7016) (i64.const VISITOR))
                 (i32.store8 (i32.const 7032) (i32.const 2)) (i64.store (i32.const 7040) (i64.const 1))
                 (call $call {handle} (i32.const VISIT) (i32.const 2) (i32.const 7000) (i32.const 2)
                   (i32.const 0) (i32.const 0) (i32.const 2048))",
                2 + self.below(3)
            ),
            17 => write!(wat, "(call $drop {handle})"),
            18 | 19 => write!(wat, "(global.set $kept (call $share {handle}))"),
            20 => write!(wat, "(call $describe {handle} (i32.const 2048))"),
            21 | 22 => write!(
                wat,
                "(call $method {handle} (i32.const {}) (i32.const {}) (i32.const 2048))",
                5000 + self.below(64),
                self.below(5)
            ),
            _ if self.once_in(6) => write!(wat, "(unreachable)"),
            _ => write!(wat, "(call $mark (local.get $h))"),
        };
        wat.push('\n');
    }

    fn answer(&mut self, wat: &mut String) {
        let _ = match self.below(12) {
            0..=5 => write!(wat, "(call $number (i32.const 7))"),
            6 | 7 => write!(wat, "(call $told)"),
            8 => write!(wat, "(i32.const {})", 4 * self.below(1 << 18)),
            _ => {
                // An answer gives no handles back.
                let Message { nodes, .. } = self.message(wat);
                write!(
                    wat,
                    "(call $answer (i32.const {NODES}) (i32.const {nodes}) (i32.const 0) (i32.const 0))"
                )
            }
        };
    }

    fn program(&mut self, most: u64) -> String {
        let mut wat = String::new();
        for _ in 0..=self.below(most) {
            self.step(&mut wat);
        }
        self.answer(&mut wat);
        wat
    }

    /// What it does when it is called: as a visitor, which has no handle of its own, and as a forger.
    pub(crate) fn attack(&mut self) -> String {
        let visited = self
            .program(3)
            .replace("(local.get $h)", "(global.get $kept)")
            .replace("(local.get $other)", "(global.get $kept)");
        let main = self.program(8);
        let visit = <dyn Service as runtime::DynamicInterface>::interface()
            .number("visit")
            .expect("it has it");
        format!(
            "(if (i32.eq (local.get $arity) (i32.const 1)) (then
               (if (i32.eqz (global.get $left)) (then (return (call $number (i32.const 1)))))
               (global.set $left (i32.sub (global.get $left) (i32.const 1)))
               (return {visited})))
             (if (i32.eqz (global.get $kept)) (then (global.set $kept (call $share (local.get $h)))))
             {main}"
        )
        .replace("VISIT)", &format!("{visit})"))
    }
}
