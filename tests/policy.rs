//! What a policy allows, how it is derived and read, and every way in which one is wrong.

#[path = "policy/allowed.rs"]
mod allowed;
#[path = "policy/deriving.rs"]
mod deriving;
#[path = "policy/mistakes.rs"]
mod mistakes;
#[path = "policy/names.rs"]
mod names;

use membrane::{
    Direction, Error, Homecoming, Interfaces, Membrane, NamedRule, OnPanic, Policy, PolicyProblem,
    allow, interface,
};

const DIRECTIONS: [Direction; 2] = [Direction::Inbound, Direction::Outbound];

#[interface]
trait Named {
    fn name(&self) -> Result<u64, Error>;
    fn close(&self) -> Result<u64, Error>;
}

#[interface]
trait Dated {
    fn date(&self) -> Result<u64, Error>;
    fn close(&self) -> Result<u64, Error>;
}

/// Inherits two methods `close`, and has one `date` of its own.
#[interface]
trait Account: Named + Dated {
    fn balance(&self) -> Result<u64, Error>;
    fn deposit(&self) -> Result<u64, Error>;
    fn r#type(&self) -> Result<u64, Error>;
    fn date(&self) -> Result<u64, Error>;
}

#[interface]
trait Left: Named {
    fn left(&self) -> Result<u64, Error>;
}

#[interface]
trait Right: Named {
    fn right(&self) -> Result<u64, Error>;
}

/// Inherits `Named` twice.
#[interface]
trait Diamond: Left + Right {
    fn top(&self) -> Result<u64, Error>;
}

#[interface]
trait Empty {}

mod elsewhere {
    use membrane::{Error, interface};

    #[interface]
    pub(crate) trait Named {
        fn other(&self) -> Result<u64, Error>;
    }
}

fn known() -> Interfaces {
    Interfaces::new()
        .with::<dyn Account>()
        .with::<dyn Named>()
        .with::<dyn Diamond>()
        .with::<dyn Empty>()
}

fn rule<'a>(interface: &'a str, methods: &'a [&'a str]) -> NamedRule<'a> {
    NamedRule {
        direction: Direction::Inbound,
        interface,
        methods,
    }
}
