//! Builds values, and counts what of them is left.

use super::spec::{OBJECTS, Spec};
use super::value::{Function, Record, Stream, Thing, Value};
use crate::panics::violation;
use membrane::{Error, ErrorKind};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// The objects that values hold, and everything else with a life of its own.
pub struct Things {
    /// By number.
    pub objects: Vec<Arc<dyn Thing>>,
    /// Closures that were built, by number.
    pub functions: RefCell<Functions>,
    token: Arc<()>,
}

struct Object(u64, #[allow(dead_code, reason = "counted")] Arc<()>);

impl Thing for Object {
    fn number(&self) -> Result<u64, Error> {
        Ok(self.0)
    }
}

impl Things {
    /// New objects.
    pub fn new() -> Self {
        let token = Arc::new(());
        let objects = (0..OBJECTS as u64)
            .map(|number| Arc::new(Object(number, token.clone())) as Arc<dyn Thing>)
            .collect();
        Self {
            objects,
            functions: RefCell::default(),
            token,
        }
    }

    /// Nobody else has anything of it.
    pub fn nothing_left(&self) {
        for (number, object) in self.objects.iter().enumerate() {
            if Arc::strong_count(object) != 1 {
                violation(format!(
                    "object {number} is held by {} others",
                    Arc::strong_count(object) - 1
                ));
            }
        }
        let others = Arc::strong_count(&self.token) - 1 - OBJECTS;
        if others > 0 {
            violation(format!("{others} closures or iterators are left"));
        }
    }

    /// The value.
    pub fn build(&self, spec: &Spec) -> Value {
        let stock = Stock {
            objects: self.objects.clone(),
            _token: self.token.clone(),
        };
        let mut functions = self.functions.borrow_mut();
        stock.value(spec, Some(&mut functions))
    }
}

impl Default for Things {
    fn default() -> Self {
        Self::new()
    }
}

/// Closures by number.
pub type Functions = HashMap<usize, Weak<dyn Fn(Value) -> Result<Value, Error> + Send + Sync>>;

/// What closures and iterators build from.
#[derive(Clone)]
struct Stock {
    objects: Vec<Arc<dyn Thing>>,
    _token: Arc<()>,
}

impl Stock {
    fn value(&self, spec: &Spec, mut functions: Option<&mut Functions>) -> Value {
        let mut inner = |spec: &Spec| self.value(spec, functions.as_deref_mut());
        match spec {
            Spec::Null => Value::Null,
            Spec::Number(number) => Value::Number(*number),
            Spec::Text(text) => Value::Text(text.clone()),
            Spec::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
            Spec::Object(number) => Value::Object(self.objects[*number].clone()),
            Spec::Objects(numbers) => Value::Objects(
                numbers.map(|number| number.map(|number| self.objects[number].clone())),
            ),
            Spec::Function(number, gives) => {
                let function = self.function(gives);
                if let Some(functions) = functions {
                    functions.insert(*number, Arc::downgrade(&function));
                }
                Value::Function(function)
            }
            Spec::Stream(_, yields) => Value::Stream(self.stream(yields)),
            Spec::Boxed(one) => Value::Boxed(Box::new(inner(one))),
            Spec::Option(one) => Value::Option(one.as_ref().map(|one| Box::new(inner(one)))),
            Spec::List(all) => Value::List(all.iter().map(inner).collect()),
            Spec::Slice(all) => Value::Slice(all.iter().map(inner).collect()),
            Spec::Deque(all) => Value::Deque(all.iter().map(inner).collect()),
            Spec::Array(both) => {
                Value::Array([Box::new(inner(&both[0])), Box::new(inner(&both[1]))])
            }
            Spec::Pair(both) => Value::Pair(Box::new((inner(&both.0), both.1, inner(&both.2)))),
            Spec::Sorted(all) => Value::Sorted((0..).zip(all.iter().map(inner)).collect()),
            Spec::Hashed(all) => Value::Hashed(
                all.iter()
                    .map(inner)
                    .enumerate()
                    .map(|(key, one)| (key.to_string(), one))
                    .collect(),
            ),
            Spec::Outcome(true, one) => Value::Outcome(Box::new(Ok(inner(one)))),
            Spec::Outcome(false, one) => Value::Outcome(Box::new(Err(inner(one)))),
            Spec::Record(one, more) => Value::Record(Box::new(Record {
                label: String::from("record"),
                value: inner(one),
                more: more.as_ref().map(|more| inner(more)),
            })),
            Spec::Named(one) => Value::Named {
                first: Box::new(inner(one)),
                second: 2,
            },
        }
    }

    /// Takes an object home, and gives what it is to give.
    fn function(&self, gives: &Spec) -> Function {
        let (stock, gives) = (self.clone(), gives.clone());
        Arc::new(move |argument| match argument {
            Value::Object(one) if stock.objects.iter().any(|own| Arc::ptr_eq(own, &one)) => {
                Ok(stock.value(&gives, None))
            }
            Value::Null => Ok(stock.value(&gives, None)),
            _ => Err(ErrorKind::Rejected.into()),
        })
    }

    fn stream(&self, yields: &[Spec]) -> Stream {
        let (stock, yields) = (self.clone(), yields.to_vec());
        Box::new(
            yields
                .into_iter()
                .map(move |spec| Ok(stock.value(&spec, None))),
        )
    }
}
