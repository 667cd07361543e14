//! Interfaces with everything that makes names hard: inheritance, a diamond, a clash of methods, a clash of names.
//!
//! Beside each the list of what it has, written by hand.

use membrane::{Direction, Error, Interfaces, Policy, interface};

/// Inherited by most.
#[interface]
pub trait Named {
    /// A method.
    fn name(&self) -> Result<u64, Error>;
}

/// Has a namesake.
#[interface]
pub trait Account: Named {
    /// A method.
    fn balance(&self) -> Result<u64, Error>;
    /// A method.
    fn close(&self) -> Result<u64, Error>;
}

/// Where the namesake is.
pub mod other {
    use membrane::{Error, interface};

    /// The namesake.
    #[interface]
    pub trait Account {
        /// A method.
        fn balance(&self) -> Result<u64, Error>;
        /// A method.
        fn drain(&self) -> Result<u64, Error>;
    }
}

/// One side of the diamond.
#[interface]
pub trait Left: Named {
    /// Clashes with the other side's.
    fn go(&self) -> Result<u64, Error>;
    /// A method.
    fn left(&self) -> Result<u64, Error>;
}

/// The other side of the diamond.
#[interface]
pub trait Right: Named {
    /// Clashes with the other side's.
    fn go(&self) -> Result<u64, Error>;
    /// A method.
    fn right(&self) -> Result<u64, Error>;
}

/// The end of the diamond: `name` is inherited twice and is one method; `go` is two.
#[interface]
pub trait Both: Left + Right {
    /// A method.
    fn both(&self) -> Result<u64, Error>;
}

/// Has nothing.
#[interface]
pub trait Empty {}

/// What is written down of an interface.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// As in the source.
    pub name: &'static str,
    /// All methods, in the library's order: own ones, then inherited ones.
    pub methods: &'static [&'static str],
    /// Methods that are two.
    pub clashing: &'static [&'static str],
    /// Whether a policy allows a method of it.
    pub allows: fn(&Policy, Direction, &str) -> bool,
}

/// By number.
pub const ALL: [Entry; 7] = [
    Entry {
        name: "Named",
        methods: &["name"],
        clashing: &[],
        allows: |p, d, m| p.allows::<dyn Named>(d, m),
    },
    Entry {
        name: "Account",
        methods: &["balance", "close", "name"],
        clashing: &[],
        allows: |p, d, m| p.allows::<dyn Account>(d, m),
    },
    Entry {
        name: "Account",
        methods: &["balance", "drain"],
        clashing: &[],
        allows: |p, d, m| p.allows::<dyn other::Account>(d, m),
    },
    Entry {
        name: "Left",
        methods: &["go", "left", "name"],
        clashing: &[],
        allows: |p, d, m| p.allows::<dyn Left>(d, m),
    },
    Entry {
        name: "Right",
        methods: &["go", "right", "name"],
        clashing: &[],
        allows: |p, d, m| p.allows::<dyn Right>(d, m),
    },
    Entry {
        name: "Both",
        methods: &["both", "go", "left", "name", "go", "right", "name"],
        clashing: &["go"],
        allows: |p, d, m| p.allows::<dyn Both>(d, m),
    },
    Entry {
        name: "Empty",
        methods: &[],
        clashing: &[],
        allows: |p, d, m| p.allows::<dyn Empty>(d, m),
    },
];

/// Those whose bits are set, in order.
pub fn entries(bits: u8) -> impl Iterator<Item = (usize, Entry)> {
    ALL.into_iter()
        .enumerate()
        .filter(move |(number, _)| bits & 1 << number != 0)
}

/// The same, for the library.
pub fn interfaces(bits: u8) -> Interfaces {
    entries(bits).fold(Interfaces::new(), |known, (number, _)| match number {
        0 => known.with::<dyn Named>(),
        1 => known.with::<dyn Account>().with::<dyn Account>(),
        2 => known.with::<dyn other::Account>(),
        3 => known.with::<dyn Left>(),
        4 => known.with::<dyn Right>(),
        5 => known.with::<dyn Both>(),
        _ => known.with::<dyn Empty>(),
    })
}
