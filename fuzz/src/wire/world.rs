//! The two sides of a message: who lends, and who has objects of its own to pass.

use crate::panics::violation;
use arbitrary::{Result as Made, Unstructured};
use membrane::{Error, interface};
use runtime::wire::Reference;
use runtime::{
    CallError, Domain, DynamicInterface, Foreign, InterfaceHash, MessageLimits, Object, Runtime,
    Value,
};
use std::cell::Cell;
use std::sync::Arc;

/// How many objects are lent.
pub const LENT: u32 = 4;

/// What is lent.
#[interface(dynamic)]
pub trait Lamp {
    /// Tells which.
    fn number(&self) -> Result<u64, Error>;
}

/// What is passed.
#[interface(dynamic)]
pub trait Bell {
    /// Rings.
    fn ring(&self, times: u64) -> Result<u64, Error>;
}

/// A lamp.
pub struct Numbered(pub u64);

impl Lamp for Numbered {
    fn number(&self) -> Result<u64, Error> {
        Ok(self.0)
    }
}

/// The implementation of what was imported. Says when it goes, as it must.
struct Elsewhere {
    side: Domain,
    key: u64,
    _token: Arc<()>,
}

impl Foreign for Elsewhere {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
        Ok(Value::Null)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.side.forget_import(self.key);
    }
}

/// Everything around a message.
pub struct World {
    /// Holds all references.
    pub side: Domain,
    lamps: Vec<Arc<dyn Lamp>>,
    token: Arc<()>,
    found: Cell<usize>,
}

impl World {
    /// A new one.
    pub fn new() -> Self {
        let runtime = Runtime::new();
        runtime.know::<dyn Lamp>();
        runtime.know::<dyn Bell>();
        let lamps = (0..u64::from(LENT)).map(|number| Arc::new(Numbered(number)) as Arc<dyn Lamp>);
        Self {
            side: runtime.host().clone(),
            lamps: lamps.collect(),
            token: Arc::new(()),
            found: Cell::new(0),
        }
    }

    /// Whether there is an object for this reference.
    pub fn has(reference: &Reference) -> bool {
        match reference {
            Reference::Lent { place, .. } => *place < LENT,
            Reference::Own { interface, .. } => known().contains(interface),
        }
    }

    /// The object of a reference.
    pub fn find(&self, reference: &Reference) -> Option<Object> {
        let found = match *reference {
            Reference::Lent { place, .. } => {
                let lamp = self.lamps.get(usize::try_from(place).ok()?)?;
                self.side.own(lamp.clone())
            }
            Reference::Own { id, interface } => {
                let make = || -> Arc<dyn Foreign> {
                    Arc::new(Elsewhere {
                        side: self.side.clone(),
                        key: id,
                        _token: self.token.clone(),
                    })
                };
                let interface = InterfaceHash::from_bits(interface);
                self.side.import(id, interface, make).ok()?
            }
        };
        self.found.set(self.found.get() + 1);
        Some(found)
    }

    /// How many objects were found since this was last asked.
    pub fn take_found(&self) -> usize {
        self.found.take()
    }

    /// The reference to an object; what is of no meaning there is zero.
    pub fn refer(&self, object: &Object) -> Reference {
        if let Some(id) = self.side.import_key(object) {
            let interface = object.interface().hash().to_bits();
            return Reference::Own { id, interface };
        }
        let place = object.typed::<dyn Lamp>().and_then(|lamp| {
            let same = |own: &Arc<dyn Lamp>| Arc::ptr_eq(own, &lamp);
            self.lamps.iter().position(same)
        });
        match place.map(u32::try_from) {
            Some(Ok(place)) => Reference::Lent {
                place,
                id: 0,
                interface: 0,
            },
            _ => violation(format!("{object:?} is nobody's")),
        }
    }

    /// Nobody holds anything.
    pub fn nothing_left(&self) {
        for (number, lamp) in self.lamps.iter().enumerate() {
            let others = Arc::strong_count(lamp) - 1;
            if others > 0 {
                violation(format!("lamp {number} is held by {others} others"));
            }
        }
        let others = Arc::strong_count(&self.token) - 1;
        if others > 0 || self.side.imports() > 0 {
            let imports = self.side.imports();
            violation(format!("{others} imports are left, {imports} remembered"));
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

fn known() -> [u64; 2] {
    [
        <dyn Lamp>::interface().hash().to_bits(),
        <dyn Bell>::interface().hash().to_bits(),
    ]
}

/// A reference, of which there is most often an object.
///
/// # Errors
///
/// There are no bytes left.
pub fn reference(u: &mut Unstructured<'_>) -> Made<Reference> {
    let code: u8 = u.arbitrary()?;
    let interface = match code >> 4 {
        0..=6 => known()[0],
        7..=13 => known()[1],
        _ => u.arbitrary()?,
    };
    Ok(match code % 16 {
        0..=6 => Reference::Lent {
            place: u32::from(code >> 4) % LENT,
            id: interface,
            interface,
        },
        7 => Reference::Lent {
            place: u.arbitrary()?,
            id: 0,
            interface: 0,
        },
        few => Reference::Own {
            id: u64::from(few % 4),
            interface,
        },
    })
}

/// Where a limit is: far from what there is, or at it, or one below.
///
/// # Errors
///
/// There are no bytes left.
pub fn limits(
    u: &mut Unstructured<'_>,
    bytes: usize,
    nodes: usize,
    depth: usize,
) -> Made<MessageLimits> {
    let wide = MessageLimits::default();
    let mut near = |there: usize, wide: usize| {
        Ok(match u.arbitrary::<u8>()? % 16 {
            0 => there.saturating_sub(1),
            1 | 2 => there,
            3 => 0,
            4 => usize::MAX,
            _ => wide,
        })
    };
    Ok(MessageLimits {
        bytes: near(bytes, wide.bytes)?,
        nodes: near(nodes, wide.nodes)?,
        depth: near(depth, wide.depth)?,
    })
}
