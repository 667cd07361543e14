//! Both bridges between a trait and dynamic calls: what each type looks like as a value, where a value that does not fit says
//! so, what an error becomes, and how objects that are implemented elsewhere are used in Rust.

#[path = "dynamic/descriptions.rs"]
mod descriptions;
#[path = "dynamic/elsewhere.rs"]
mod elsewhere;
#[path = "dynamic/methods.rs"]
mod methods;
#[path = "dynamic/values.rs"]
mod values;

use membrane::{Error, ErrorKind, Passable, Policy, allow, interface};
use runtime::{
    CallError, Dynamic, DynamicInterface, InterfaceHash, Limits, Object, Runtime, Value,
};
use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;

#[derive(Passable, Dynamic, Debug, Clone, PartialEq)]
struct Named {
    name: String,
    r#type: u8,
}

fn list<const N: usize>(items: [Value; N]) -> Value {
    Vec::from(items).into()
}

type Items = Box<dyn Iterator<Item = Result<u8, Error>> + Send>;
type Call2 = Arc<dyn Fn(u8, String) -> Result<String, Error> + Send + Sync>;
type Call4 = Arc<dyn Fn(u8, u8, u8, u8) -> Result<u8, Error> + Send + Sync>;

#[derive(Passable, Dynamic, Debug, PartialEq)]
struct Trouble(Error);

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

#[derive(Passable, Dynamic, Debug, PartialEq)]
enum Problem {
    Membrane(Error),
    Own { code: u8 },
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

#[interface(dynamic)]
trait Base {
    /// Says who it is.
    fn who(&self) -> Result<String, Error>;
    fn default(&self) -> Result<String, Error> {
        Ok("the default, run here".into())
    }
}

#[interface(dynamic)]
trait Middle: Base {
    fn fail(&self, code: u8) -> Result<(), Problem>;
    fn wrapped(&self) -> Result<(), Trouble>;
}

#[interface(dynamic, version = 7)]
trait Top: Middle {
    fn sum(&self, numbers: &[u32], more: Named) -> Result<u32, Error>;
    fn apply(&self, two: Call2, four: Call4) -> Result<String, Error>;
    fn drain(&self, items: Items) -> Result<Vec<u8>, Error>;
    fn make(&self) -> Result<(Call2, Items), Error>;
}

struct Rust;

impl Base for Rust {
    fn who(&self) -> Result<String, Error> {
        Ok("rust".into())
    }
}

impl Middle for Rust {
    fn fail(&self, code: u8) -> Result<(), Problem> {
        Err(match code {
            0 => Problem::Membrane(ErrorKind::Failed.into()),
            code => Problem::Own { code },
        })
    }
    fn wrapped(&self) -> Result<(), Trouble> {
        Err(Error::from(ErrorKind::Exhausted).into())
    }
}

impl Top for Rust {
    fn sum(&self, numbers: &[u32], more: Named) -> Result<u32, Error> {
        Ok(numbers.iter().sum::<u32>() + u32::from(more.r#type))
    }
    fn apply(&self, two: Call2, four: Call4) -> Result<String, Error> {
        two(four(1, 2, 3, 4)?, "x".into())
    }
    fn drain(&self, items: Items) -> Result<Vec<u8>, Error> {
        items.collect()
    }
    fn make(&self) -> Result<(Call2, Items), Error> {
        Ok((
            Arc::new(|n, text| Ok(text.repeat(n.into()))),
            Box::new((0..2).map(Ok)),
        ))
    }
}

fn rust() -> (Runtime, Object) {
    let runtime = Runtime::new();
    let object = runtime.host().own::<dyn Top>(Arc::new(Rust));
    (runtime, object)
}

fn named() -> Value {
    Value::record([("name", "n".into()), ("type", 3.into())])
}
