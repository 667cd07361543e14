//! Messages as pools of nodes: what is one, and what is none.

use membrane::{Error, interface};
use runtime::wire::{Malformed, Node, Reference, Values, read, write};
use runtime::{Field, Limit, MessageLimits, Object, Runtime, Value};
use std::sync::Arc;
use tests::sized;

#[interface(dynamic)]
trait Lamp {
    fn is_on(&self) -> Result<bool, Error>;
}

struct On;
impl Lamp for On {
    fn is_on(&self) -> Result<bool, Error> {
        Ok(true)
    }
}

fn plain(nodes: Vec<Node>, count: u32) -> Result<Values, Malformed> {
    read(nodes, count, &MessageLimits::default(), |_| None)
}

#[track_caller]
fn is(nodes: Vec<Node>, count: u32, malformed: Malformed) {
    assert_eq!(plain(nodes, count), Err(malformed));
}

fn items(places: impl Into<Vec<u32>>) -> Node {
    Node::Items(places.into())
}

fn fields(entries: &[(&str, u32)]) -> Node {
    Node::Fields(
        entries
            .iter()
            .map(|(name, to)| ((*name).into(), *to))
            .collect(),
    )
}

#[test]
fn message_that_keeps_the_rules_is_read() {
    assert_eq!(plain(vec![], 0).map(|values| values.len()), Ok(0));
    let nodes = vec![
        items([2, 3]),
        fields(&[("a", 4)]),
        Node::Int(1),
        items([]),
        Node::Null,
    ];
    let values = plain(nodes, 2).expect("two values");
    assert_eq!(
        values[0],
        vec![Value::Int(1), Vec::<Value>::new().into()].into()
    );
    assert_eq!(values[1], Value::record([("a", Value::Null)]));
}

#[test]
fn fewer_nodes_than_values_are_missing() {
    is(
        vec![Node::Null],
        2,
        Malformed::Missing {
            values: 2,
            nodes: 1,
        },
    );
    is(
        vec![],
        u32::MAX,
        Malformed::Missing {
            values: u32::MAX,
            nodes: 0,
        },
    );
}

#[test]
fn reference_that_is_not_forward_is_refused() {
    for (to, nodes) in [
        (0, vec![items([0])]),
        (1, vec![items([1]), items([1])]),
        (9, vec![items([9]), Node::Null]),
        (u32::MAX, vec![items([u32::MAX]), Node::Null]),
        (u32::MAX, vec![items([u32::MAX])]),
        // A cycle of two, and one that begins at a value.
        (1, vec![items([1]), items([2]), items([1])]),
        (0, vec![fields(&[("a", 1)]), items([0])]),
    ] {
        let error = plain(nodes.clone(), 1).expect_err("not forward");
        assert!(
            matches!(error, Malformed::Backward { to: found, .. } if found == to),
            "{nodes:?}: {error}"
        );
    }
    is(
        vec![Node::Null, fields(&[("a", 0)])],
        2,
        Malformed::Backward { node: 1, to: 0 },
    );
}

#[test]
fn node_that_is_referred_to_twice_is_refused() {
    is(vec![items([1, 1]), Node::Null], 1, Malformed::Shared(1));
    is(
        vec![items([1, 2]), items([2]), Node::Null],
        1,
        Malformed::Shared(2),
    );
    is(
        vec![fields(&[("a", 1), ("b", 1)]), Node::Null],
        1,
        Malformed::Shared(1),
    );
    // A value of the message is nobody's item.
    is(
        vec![items([1, 2]), Node::Null, Node::Null],
        2,
        Malformed::Shared(1),
    );
}

#[test]
fn node_that_nobody_refers_to_is_refused() {
    is(vec![Node::Null, Node::Null], 1, Malformed::Unused(1));
    is(
        vec![items([2]), Node::Null, Node::Null],
        1,
        Malformed::Unused(1),
    );
    is(vec![Node::Null], 0, Malformed::Unused(0));
}

#[test]
fn record_with_two_fields_of_one_name_is_refused() {
    is(
        vec![fields(&[("a", 1), ("a", 2)]), Node::Null, Node::Null],
        1,
        Malformed::TwoFields("a".into()),
    );
    assert!(
        plain(
            vec![fields(&[("a", 1), ("A", 2)]), Node::Null, Node::Null],
            1
        )
        .is_ok()
    );
}

#[test]
fn integer_that_has_a_shorter_form_is_refused() {
    let most = i64::MAX.unsigned_abs();
    for value in [0, 1, most] {
        is(vec![Node::Uint(value)], 1, Malformed::LongInteger(value));
        is(
            vec![items([1]), Node::Uint(value)],
            1,
            Malformed::LongInteger(value),
        );
    }
    assert!(plain(vec![Node::Uint(most + 1)], 1).is_ok());
}

#[test]
fn object_that_is_not_found_is_refused_and_those_before_are_dropped() {
    let own = Reference::Own {
        id: 1,
        interface: 2,
    };
    let lent = Reference::Lent {
        place: 0,
        id: 1,
        interface: 2,
    };
    for reference in [own, lent] {
        is(
            vec![Node::Object(reference)],
            1,
            Malformed::NoObject(reference),
        );
    }
    let lamp: Arc<dyn Lamp> = Arc::new(On);
    let runtime = Runtime::new();
    let mut asked = 0;
    let found = read(
        vec![Node::Object(own); 3],
        3,
        &MessageLimits::default(),
        |_| {
            asked += 1;
            (asked < 3).then(|| runtime.host().own(lamp.clone()))
        },
    );
    assert_eq!((found, asked), (Err(Malformed::NoObject(own)), 3));
    assert_eq!(Arc::strong_count(&lamp), 1);
}

#[test]
fn each_limit_is_exact() {
    let limits = MessageLimits {
        bytes: 4,
        nodes: 5,
        depth: 3,
    };
    let read =
        |nodes: Vec<Node>, count| read(nodes, count, &limits, |_| None).map(|values| values.len());
    assert_eq!(read(vec![Node::Null; 5], 5), Ok(5));
    assert_eq!(
        read(vec![Node::Null; 6], 6),
        Err(Malformed::Limit(Limit::MessageNodes))
    );
    let many = |count: u32| {
        let mut nodes = vec![items((1..count).collect::<Vec<_>>())];
        nodes.extend((1..count).map(|_| Node::Null));
        nodes
    };
    assert_eq!(read(many(5), 1), Ok(1));
    assert_eq!(read(many(6), 1), Err(Malformed::Limit(Limit::MessageNodes)));
    for (fits, node) in [
        (true, Node::Text("abcd".into())),
        (false, Node::Text("abcde".into())),
        (true, Node::Bytes(vec![0; 4])),
        (false, Node::Bytes(vec![0; 5])),
    ] {
        let expected = if fits {
            Ok(1)
        } else {
            Err(Malformed::Limit(Limit::MessageBytes))
        };
        assert_eq!(read(vec![node.clone()], 1), expected);
        assert_eq!(read(vec![items([1]), node], 1), expected);
    }
    assert_eq!(
        read(vec![Node::Text("abc".into()), Node::Text("de".into())], 2),
        Err(Malformed::Limit(Limit::MessageBytes)),
        "together"
    );
    assert_eq!(read(vec![fields(&[("abcd", 1)]), Node::Null], 1), Ok(1));
    assert_eq!(
        read(vec![fields(&[("abcde", 1)]), Node::Null], 1),
        Err(Malformed::Limit(Limit::MessageBytes))
    );
    assert_eq!(read(vec![items([1]), items([2]), Node::Null], 1), Ok(1));
    assert_eq!(
        read(vec![items([1]), items([2]), items([3]), Node::Null], 1),
        Err(Malformed::Limit(Limit::MessageDepth))
    );
}

#[test]
fn reader_and_measure_agree_on_every_limit() {
    // What the one takes, the other does: else a guest could be sent what it may not send back.
    let mut random = SplitMix(11);
    for _ in 0..sized(3000, 100) {
        let value = random.value(0, &[]);
        let limits = MessageLimits {
            bytes: random.below(40),
            nodes: random.below(12) + 1,
            depth: random.below(4) + 1,
        };
        let nodes = write([value.clone()], |_| Err::<Reference, ()>(())).expect("no objects");
        let read = read(nodes, 1, &limits, |_| None);
        assert_eq!(
            read.is_ok(),
            limits.check(std::slice::from_ref(&value)).is_ok(),
            "{value} {limits:?}: {read:?}"
        );
    }
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let runtime = Runtime::new();
    let lamps: Vec<Object> = (0..3)
        .map(|_| runtime.host().own::<dyn Lamp>(Arc::new(On)))
        .collect();
    let mut random = SplitMix(7);
    let limits = MessageLimits {
        depth: 100,
        ..MessageLimits::default()
    };
    let mut largest = 0;
    for _ in 0..sized(2000, 50) {
        let values: Vec<Value> = (0..random.below(5))
            .map(|_| random.value(0, &lamps))
            .collect();
        let count = u32::try_from(values.len()).expect("few");
        let nodes = write(values.iter().cloned(), |object| {
            let place = lamps.iter().position(|lamp| *lamp == object).ok_or(())?;
            Ok::<_, ()>(Reference::Own {
                id: place as u64,
                interface: 0,
            })
        });
        let nodes = nodes.expect("all are ours");
        largest = largest.max(nodes.len());
        let back = read(nodes, count, &limits, |reference| match reference {
            Reference::Own { id, .. } => lamps.get(usize::try_from(id).ok()?).cloned(),
            Reference::Lent { .. } => None,
        });
        assert_eq!(back.as_deref(), Ok(&*values));
    }
    assert!(largest > 30, "some were large: {largest}");
}

#[test]
fn random_pools_are_refused_or_read_and_never_panic() {
    let mut random = SplitMix(13);
    let mut good = 0;
    for _ in 0..sized(20_000, 500) {
        let total = random.below(6);
        let nodes: Vec<Node> = (0..total).map(|_| random.node(total)).collect();
        let count = u32::try_from(random.below(3)).expect("few");
        if let Ok(values) = plain(nodes.clone(), count) {
            good += 1;
            // A tree of as many nodes: nothing was dropped, shared or made up.
            let measured = MessageLimits::default()
                .check(&values)
                .expect("it was read within them");
            assert_eq!(
                (values.len(), measured.nodes),
                (count as usize, nodes.len())
            );
        }
    }
    assert!(good > 100, "some were good: {good}");
}

/// Source: Guy Steele, Doug Lea, Christine Flood, *Fast splittable pseudorandom number generators* (2014).
struct SplitMix(u64);

impl SplitMix {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.word() % bound as u64).expect("below a usize")
    }

    fn text(&mut self) -> String {
        (0..self.below(5))
            .map(|_| ['a', 'ß', '\0', '"', '🜁'][self.below(5)])
            .collect()
    }

    fn value(&mut self, depth: usize, objects: &[Object]) -> Value {
        let kinds = if depth < 6 { 11 } else { 8 };
        match self.below(kinds) {
            0 => Value::Null,
            1 => Value::Bool(self.word().is_multiple_of(2)),
            2 => Value::Int(self.word().cast_signed()),
            3 => Value::from(self.word()),
            4 => Value::Float(f64::from(u32::try_from(self.below(1000)).expect("small")) / 7.0),
            5 => Value::from(self.text()),
            6 => Value::from(vec![7; self.below(4)]),
            7 if objects.is_empty() => Value::Null,
            7 => objects[self.below(objects.len())].clone().into(),
            8 | 9 => (0..self.below(5))
                .map(|_| self.value(depth + 1, objects))
                .collect::<Vec<_>>()
                .into(),
            _ => Value::Record(
                (0..self.below(4))
                    .map(|number| Field {
                        name: format!("{number}{}", self.text()).into(),
                        value: self.value(depth + 1, objects),
                    })
                    .collect(),
            ),
        }
    }

    fn place(&mut self, total: usize) -> u32 {
        u32::try_from(self.below(total + 1)).expect("few")
    }

    fn node(&mut self, total: usize) -> Node {
        match self.below(6) {
            0 => Node::Null,
            1 => Node::Uint(self.word()),
            2 => Node::Text(self.text()),
            3 => Node::Fields(
                (0..self.below(3))
                    .map(|_| (self.text(), self.place(total)))
                    .collect(),
            ),
            _ => Node::Items((0..self.below(3)).map(|_| self.place(total)).collect()),
        }
    }
}
