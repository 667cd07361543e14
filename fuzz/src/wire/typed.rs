//! Values that are of a type's form, or almost, and what the type makes of them.

use super::Tally;
use super::judge::{difference, writing};
use super::tree::{Shape, shape};
use super::world::{Bell, LENT, Lamp, World};
use crate::panics::violation;
use arbitrary::{Arbitrary, Result as Made, Unstructured};
use membrane::{Error, Passable};
use runtime::wire::{Node, Reference};
use runtime::{Describing, Dynamic, DynamicInterface, Kind, Type, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A record.
#[derive(Passable, Dynamic)]
struct Plate {
    number: u32,
    label: Option<String>,
    lamp: Arc<dyn Lamp>,
    forms: Vec<Form>,
}

/// Each kind of case.
#[derive(Passable, Dynamic)]
enum Form {
    Empty,
    Round(f64),
    Long(i8, Option<()>),
    Named { bytes: Vec<u8>, flag: bool },
}

type Agree = fn(&World, &Value, &mut Tally);
/// A type: its description, whether there are values that fit this and not the type, and its check.
type Entry = (fn(&mut Describing) -> Type, Agree);

macro_rules! types {
    (plain: $($plain:ty),*; picky: $($picky:ty),*;) => {
        &[
            $((<$plain as Dynamic>::ty, agree::<$plain, false>),)*
            $((<$picky as Dynamic>::ty, agree::<$picky, true>),)*
        ]
    };
}

const TYPES: &[Entry] = types! {
    plain: u8, i16, u32, i64, u64, f32, f64, bool, (), String, Arc<str>, Vec<u8>, Arc<[u8]>, Vec<u16>, Box<[String]>,
        VecDeque<i32>, Option<bool>, Option<Option<u8>>, Option<Vec<String>>, Result<u8, String>, (u8, String, Vec<u8>),
        Box<Option<String>>, PathBuf, Error, Arc<dyn Lamp>, Vec<Option<Arc<dyn Lamp>>>, Arc<dyn Bell>,
        Result<Arc<dyn Bell>, Error>, Form, Plate, Vec<Plate>;
    picky: char, [u16; 2], Duration, SystemTime, BTreeMap<String, Form>, BTreeSet<i8>, BTreeMap<u8, Arc<dyn Bell>>;
};

/// A value for a type.
#[derive(Clone, Debug)]
pub struct Typed {
    which: usize,
    shape: Shape,
}

impl<'a> Arbitrary<'a> for Typed {
    fn arbitrary(u: &mut Unstructured<'a>) -> Made<Self> {
        let which = usize::from(u.arbitrary::<u8>()?) % TYPES.len();
        let ty = TYPES[which].0(&mut Describing::default());
        let mut shape = of_type(u, &ty)?;
        if u.arbitrary::<u8>().unwrap_or(0) & 1 == 1 {
            change(u, &mut shape)?;
        }
        Ok(Self { which, shape })
    }
}

/// Replaces a part.
fn change(u: &mut Unstructured<'_>, at: &mut Shape) -> Made<()> {
    let code: u8 = u.arbitrary()?;
    let further = usize::from(code >> 2);
    match at {
        Shape::List(all) if code & 3 > 0 && !all.is_empty() => {
            let at = further % all.len();
            change(u, &mut all[at])?;
        }
        Shape::List(all) if code & 4 == 0 => drop(all.pop()),
        Shape::Record(all) if code & 3 > 0 && !all.is_empty() => {
            let at = further % all.len();
            change(u, &mut all[at].1)?;
        }
        Shape::Record(all) if code & 4 == 0 && !all.is_empty() => {
            let at = further % all.len();
            all[at].0.push('?');
        }
        other => *other = shape(u, 9, &mut 20)?,
    }
    Ok(())
}

const KINDS: [&str; 10] = [
    "refused",
    "revoked",
    "panicked",
    "too deep",
    "rejected",
    "failed",
    "exhausted",
    "suspended",
    "expired",
    "busy",
];

/// A value as the description says.
fn of_type(u: &mut Unstructured<'_>, ty: &Type) -> Made<Shape> {
    let code: u8 = u.arbitrary().unwrap_or(0);
    let some = usize::from(code >> 5);
    Ok(Shape::Leaf(match ty {
        Type::Bool => Node::Bool(code & 1 == 1),
        Type::Integer(least, most) => {
            let integer = match code % 4 {
                0 => *least,
                1 => *most,
                _ => (*least).max(i128::from(code >> 2)),
            };
            match (i64::try_from(integer), u64::try_from(integer)) {
                // The longer form is as good, by hand.
                (Ok(int), Err(_)) => Node::Int(int),
                (Ok(int), _) if code & 0x40 == 0 => Node::Int(int),
                (_, Ok(uint)) => Node::Uint(uint),
                _ => Node::Null,
            }
        }
        Type::Float => Node::Float(f64::from_bits(u.arbitrary().unwrap_or(0))),
        Type::Text => Node::Text("é".repeat(some)),
        Type::Bytes | Type::TextOrBytes if code & 1 == 1 => Node::Bytes(vec![code; some]),
        Type::Bytes => Node::Bytes(Vec::new()),
        Type::TextOrBytes => Node::Text("a".repeat(some)),
        Type::MembraneError => Node::Text(KINDS[usize::from(code) % KINDS.len()].into()),
        Type::Object(name) if name == <dyn Lamp>::interface().name() => {
            Node::Object(Reference::Lent {
                place: u32::from(code) % LENT,
                id: 0,
                interface: 0,
            })
        }
        Type::Object(_) => Node::Object(Reference::Own {
            id: u64::from(code % 4),
            interface: <dyn Bell>::interface().hash().to_bits(),
        }),
        Type::List(ty) => {
            let all = (0..some % 5).map(|_| of_type(u, ty));
            return Ok(Shape::List(all.collect::<Made<_>>()?));
        }
        Type::Tuple(types) => {
            let all = types.iter().map(|ty| of_type(u, ty));
            return Ok(Shape::List(all.collect::<Made<_>>()?));
        }
        Type::Optional(ty) if code & 3 > 0 => return of_type(u, ty),
        Type::Record(_, fields) => {
            let all = fields.iter();
            let all = all.map(|field| Ok((field.name.into(), of_type(u, &field.ty)?)));
            let mut all = all.collect::<Made<Vec<_>>>()?;
            // In any order.
            let middle = some % (all.len() + 1);
            all.rotate_left(middle);
            return Ok(Shape::Record(all));
        }
        Type::Choice(_, cases) => {
            let case = &cases[usize::from(code) % cases.len()];
            match &case.with {
                None => Node::Text(case.name.into()),
                Some(ty) => return Ok(Shape::Record(vec![(case.name.into(), of_type(u, ty)?)])),
            }
        }
        _ => Node::Null,
    }))
}

/// Whether a value is as the description says.
fn conforms(value: &Value, ty: &Type) -> bool {
    match (ty, value) {
        (Type::Integer(least, most), Value::Int(int)) => {
            (*least..=*most).contains(&i128::from(*int))
        }
        (Type::Integer(least, most), Value::Uint(uint)) => {
            (*least..=*most).contains(&i128::from(*uint))
        }
        (Type::Bool, Value::Bool(_))
        | (Type::Null | Type::Optional(_), Value::Null)
        | (Type::Float, Value::Float(_))
        | (Type::Text | Type::TextOrBytes, Value::Text(_))
        | (Type::Bytes | Type::TextOrBytes, Value::Bytes(_)) => true,
        (Type::MembraneError, Value::Text(text)) => KINDS.contains(&&**text),
        (Type::Object(name), Value::Object(object)) => object.interface().name() == name,
        (Type::Optional(ty), value) => conforms(value, ty),
        (Type::List(ty), Value::List(all)) => all.iter().all(|value| conforms(value, ty)),
        (Type::Tuple(types), Value::List(all)) => {
            types.len() == all.len() && types.iter().zip(all).all(|(ty, value)| conforms(value, ty))
        }
        (Type::Record(_, fields), Value::Record(all)) => {
            let fits = |name: &str, ty| value.field(name).is_some_and(|value| conforms(value, ty));
            fields.len() == all.len() && fields.iter().all(|field| fits(field.name, &field.ty))
        }
        (Type::Choice(_, cases), Value::Text(text)) => {
            let alone = |name: &str| name == &**text;
            cases
                .iter()
                .any(|case| case.with.is_none() && alone(case.name))
        }
        (Type::Choice(_, cases), Value::Record(all)) => {
            let [field] = &**all else { return false };
            cases.iter().any(|case| {
                case.name == field.name
                    && case
                        .with
                        .as_ref()
                        .is_some_and(|ty| conforms(&field.value, ty))
            })
        }
        _ => false,
    }
}

/// Takes the value.
pub fn check(world: &World, typed: &Typed, tally: &mut Tally) {
    let value = typed.shape.build(world);
    TYPES[typed.which].1(world, &value, tally);
}

/// Where two values differ, as nodes.
fn differ(world: &World, one: &Value, other: &Value) -> bool {
    let nodes = |value: &Value| writing(world, [value.clone()].into_iter().collect());
    difference(&nodes(one), &nodes(other)).is_some()
}

fn agree<T: Dynamic, const PICKY: bool>(world: &World, value: &Value, tally: &mut Tally) {
    let side = &world.side;
    let ty = T::ty(&mut Describing::default());
    let fits = conforms(value, &ty);
    let told = |what: &str| -> ! {
        let kind: Kind = value.kind();
        violation(format!("{what}: {value} ({kind}) as {ty}"))
    };
    let looked = T::from_value(value, side);
    match (looked, T::take_value(value.clone(), side)) {
        (Err(one), Err(other)) if one == other => {
            tally.mismatched += 1;
            if fits && !PICKY {
                told("as it should be, and a mismatch");
            }
        }
        (Ok(one), Ok(other)) => {
            tally.taken += 1;
            if !fits {
                told("not as it should be, and taken");
            }
            let (one, other) = (one.into_value(side), other.into_value(side));
            if differ(world, &one, &other) {
                told("looked at and taken differ");
            }
            if !conforms(&one, &ty) {
                told("given back otherwise than it should be");
            }
            match T::from_value(&one, side).map(|again| again.into_value(side)) {
                Ok(again) if !differ(world, &again, &one) => {}
                _ => told("what is given back is not the same"),
            }
        }
        _ => told("taken or not, as one looks"),
    }
}
