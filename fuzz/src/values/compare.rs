//! Compares a value with its description, wherever it has got to.

use super::build::Things;
use super::describe;
use super::spec::{OBJECTS, Spec};
use super::value::{Thing, Value};
use crate::panics::violation;
use std::sync::Arc;

/// What stands for each object, and each closure, at one place.
pub struct Place<'a> {
    things: &'a Things,
    at_home: bool,
    /// Whether objects that are sent home from here get there as themselves.
    unwraps: bool,
    objects: [Option<Arc<dyn Thing>>; OBJECTS],
}

impl<'a> Place<'a> {
    /// Where objects are themselves.
    pub fn home(things: &'a Things) -> Self {
        Self {
            things,
            at_home: true,
            unwraps: false,
            objects: Default::default(),
        }
    }

    /// Where they are proxies: the first seen of each.
    pub fn away(things: &'a Things, unwraps: bool) -> Self {
        Self {
            things,
            at_home: false,
            unwraps,
            objects: Default::default(),
        }
    }

    fn object(&mut self, number: usize, real: &Arc<dyn Thing>) {
        let own = self
            .things
            .objects
            .iter()
            .position(|own| Arc::ptr_eq(own, real));
        match own {
            Some(own) if self.at_home && own == number => {}
            None if !self.at_home => {
                let first = self.objects[number]
                    .get_or_insert_with(|| real.clone())
                    .clone();
                if !Arc::ptr_eq(&first, real) {
                    violation(format!("object {number} has two proxies"));
                }
                let same = self
                    .objects
                    .iter()
                    .flatten()
                    .filter(|other| Arc::ptr_eq(other, real))
                    .count();
                if same != 1 {
                    violation(format!("{same} objects have one proxy"));
                }
            }
            _ => violation(format!(
                "object {number} is here as object {own:?}, home: {}",
                self.at_home
            )),
        }
        match real.number() {
            Ok(answer) if answer == number as u64 => {}
            other => violation(format!("object {number} answers {other:?}")),
        }
    }

    fn function(&self, number: usize, address: usize) {
        let functions = self.things.functions.borrow();
        let own = functions.get(&number).filter(|own| own.strong_count() > 0);
        let own = own.map(|own| own.as_ptr().cast::<()>().addr());
        let is_own = own == Some(address);
        // A closure that another one gave was built in passing.
        if own.is_some() && is_own != self.at_home {
            violation(format!(
                "closure {number} is itself: {is_own}; home: {}",
                self.at_home
            ));
        }
    }

    /// No proxy here is one there.
    pub fn differs_from(&self, other: &Self) {
        for (here, there) in self.objects.iter().zip(&other.objects) {
            if let (Some(here), Some(there)) = (here, there)
                && Arc::ptr_eq(here, there)
            {
                violation(String::from("two membranes have one proxy"));
            }
        }
    }
}

/// Compares, and gives the value back. If `run`, closures are called and iterators run to their end; what is given back then
/// has iterators at their end.
pub fn same(mut value: Value, spec: &Spec, place: &mut Place<'_>, run: bool) -> Value {
    look(&mut value, spec, place, run);
    value
}

fn look(value: &mut Value, spec: &Spec, place: &mut Place<'_>, run: bool) {
    match (value, spec) {
        (Value::Null, Spec::Null) | (Value::Option(None), Spec::Option(None)) => {}
        (Value::Number(real), Spec::Number(number)) if real == number => {}
        (Value::Text(real), Spec::Text(text)) if real == text => {}
        (Value::Bytes(real), Spec::Bytes(bytes)) if **real == **bytes => {}
        (Value::Object(real), Spec::Object(number)) => place.object(*number, real),
        (Value::Objects(real), Spec::Objects(numbers)) => {
            for (real, number) in real.iter().zip(numbers) {
                match (real, number) {
                    (Some(real), Some(number)) => place.object(*number, real),
                    (None, None) => {}
                    _ => differs(spec),
                }
            }
        }
        (Value::Function(real), Spec::Function(number, gives)) => {
            place.function(*number, Arc::as_ptr(real).cast::<()>().addr());
            if run {
                // An object that is known here goes home with the call.
                let argument = place
                    .objects
                    .iter()
                    .flatten()
                    .next()
                    .filter(|_| place.unwraps)
                    .cloned()
                    .map_or(Value::Null, Value::Object);
                call(real, argument, gives, place);
            }
        }
        (Value::Stream(real), Spec::Stream(_, yields)) => {
            if run {
                let mut expected = yields.iter();
                for item in real {
                    match (item, expected.next()) {
                        (Ok(mut item), Some(one)) => look(&mut item, one, place, true),
                        (Err(error), Some(_)) if too_deep(error, yields) => {}
                        (other, _) => {
                            violation(format!("{:?} from {}", other.map(drop), describe(spec)))
                        }
                    }
                }
            }
        }
        (Value::Boxed(real), Spec::Boxed(one))
        | (Value::Option(Some(real)), Spec::Option(Some(one)))
        | (
            Value::Named {
                first: real,
                second: 2,
            },
            Spec::Named(one),
        ) => look(real, one, place, run),
        (Value::List(real), Spec::List(all)) => each(real, all, spec, place, run),
        (Value::Slice(real), Spec::Slice(all)) => each(real, all, spec, place, run),
        (Value::Deque(real), Spec::Deque(all)) => {
            each(real.make_contiguous(), all, spec, place, run);
        }
        (Value::Array([first, second]), Spec::Array(both)) => {
            look(first, &both[0], place, run);
            look(second, &both[1], place, run);
        }
        (Value::Pair(real), Spec::Pair(both)) if real.1 == both.1 => {
            look(&mut real.0, &both.0, place, run);
            look(&mut real.2, &both.2, place, run);
        }
        (Value::Sorted(real), Spec::Sorted(all)) if real.len() == all.len() => {
            for ((key, real), (index, one)) in real.iter_mut().zip(all.iter().enumerate()) {
                if usize::from(*key) != index {
                    differs(spec);
                }
                look(real, one, place, run);
            }
        }
        (Value::Hashed(real), Spec::Hashed(all)) if real.len() == all.len() => {
            for (index, one) in all.iter().enumerate() {
                match real.get_mut(&index.to_string()) {
                    Some(real) => look(real, one, place, run),
                    None => differs(spec),
                }
            }
        }
        (Value::Outcome(real), Spec::Outcome(fine, one)) => match (&mut **real, fine) {
            (Ok(real), true) | (Err(real), false) => look(real, one, place, run),
            _ => differs(spec),
        },
        (Value::Record(real), Spec::Record(one, more)) if real.label == "record" => {
            look(&mut real.value, one, place, run);
            match (&mut real.more, more) {
                (Some(real), Some(more)) => look(real, more, place, run),
                (None, None) => {}
                _ => differs(spec),
            }
        }
        _ => differs(spec),
    }
}

fn differs(spec: &Spec) -> ! {
    violation(format!("is not {}", describe(spec)))
}

fn each(real: &mut [Value], all: &[Spec], spec: &Spec, place: &mut Place<'_>, run: bool) {
    if real.len() != all.len() {
        differs(spec);
    }
    for (real, one) in real.iter_mut().zip(all) {
        look(real, one, place, run);
    }
}

fn call(function: &super::value::Function, argument: Value, gives: &Spec, place: &mut Place<'_>) {
    match function(argument) {
        Ok(mut value) => look(&mut value, gives, place, true),
        Err(error) if too_deep(error, std::slice::from_ref(gives)) => {}
        Err(error) => violation(format!(
            "a closure that gives {} answered {error:?}",
            describe(gives)
        )),
    }
}

/// Whether the answer is right for one of these.
fn too_deep(error: membrane::Error, specs: &[Spec]) -> bool {
    error.kind() == membrane::ErrorKind::TooDeep
        && specs.iter().any(|spec| spec.levels() > super::spec::LEVELS)
}
