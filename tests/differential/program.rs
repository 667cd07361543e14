//! Random calls.

use quickcheck::{Arbitrary, Gen};

/// One call, and what the target does in it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) method: Method,
    pub(crate) behaviour: Behaviour,
    pub(crate) numbers: [u64; 2],
    pub(crate) flag: bool,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    None,
    Two,
    Four,
    Six,
    Text,
    Lent,
    Wide,
    Own,
    Same,
    Make,
    Unlisted,
}

const METHODS: [Method; 11] = [
    Method::None,
    Method::Two,
    Method::Four,
    Method::Six,
    Method::Text,
    Method::Lent,
    Method::Wide,
    Method::Own,
    Method::Same,
    Method::Make,
    Method::Unlisted,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Answer,
    Fail,
    Panic,
    /// Revokes what the call came through, and answers.
    Revoke,
}

#[derive(Clone, Debug)]
pub(crate) struct Program(pub(crate) Vec<Step>);

impl Arbitrary for Step {
    fn arbitrary(g: &mut Gen) -> Self {
        let behaviour = match u8::arbitrary(g) % 16 {
            0 => Behaviour::Panic,
            1 => Behaviour::Revoke,
            2..5 => Behaviour::Fail,
            _ => Behaviour::Answer,
        };
        Self {
            method: *g.choose(&METHODS).expect("there are some"),
            behaviour,
            numbers: [u64::arbitrary(g), u64::arbitrary(g)],
            flag: bool::arbitrary(g),
            text: String::arbitrary(g),
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let step = self.clone();
        let smaller = (
            self.numbers[0],
            self.numbers[1],
            self.flag,
            self.text.clone(),
        )
            .shrink();
        Box::new(smaller.map(move |(a, b, flag, text)| Self {
            numbers: [a, b],
            flag,
            text,
            ..step.clone()
        }))
    }
}

impl Arbitrary for Program {
    fn arbitrary(g: &mut Gen) -> Self {
        let length = usize::arbitrary(g) % 12;
        Self((0..=length).map(|_| Step::arbitrary(g)).collect())
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(self.0.shrink().map(Self))
    }
}
