//! References: objects and closures.

use super::{Dynamic, DynamicInterface, answer, arguments};
use crate::call_error::{CallError, Mismatch};
use crate::domain::Domain;
use crate::fault::{self, Fault};
use crate::foreign::{Imported, known};
use crate::interface::{Describing, Interface, Type, interface, method};
use crate::value::Value;
use membrane::{Error, ErrorKind, Passable};
use std::sync::Arc;

impl<T: ?Sized + DynamicInterface> Dynamic for Arc<T> {
    fn ty(describing: &mut Describing) -> Type {
        describing.object(T::title(), known::<T>)
    }

    fn into_value(self, side: &Domain) -> Value {
        Value::Object(side.hold(self))
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        let expected = || format!("an object {}", T::title());
        let Value::Object(object) = value else {
            return Err(Mismatch::new(expected(), value));
        };
        if object.holder() != side.id() && !fault::on(Fault::AnyHolder) {
            return Err(Mismatch::words(
                "a reference of the calling domain's",
                "another domain's: send it there",
            ));
        }
        object
            .typed()
            .ok_or_else(|| Mismatch::words(expected(), "an object of another interface"))
    }
}

macro_rules! closures {
    ($(($count:literal $($arg:ident $value:ident),*))*) => {
        $(
            impl<$($arg: Passable + Dynamic,)* R, E> DynamicInterface for dyn Fn($($arg),*) -> Result<R, E> + Send + Sync
            where
                R: Passable + Dynamic,
                E: Passable + Dynamic + From<Error>,
            {
                fn interface() -> &'static Interface {
                    interface::<Self>(|describing| {
                        let parameters: [Type; $count] = [$($arg::ty(describing)),*];
                        let result = (R::ty(describing), E::ty(describing));
                        let types: Vec<String> = parameters.iter().map(Type::to_string).collect();
                        let name = format!("Fn({}) -> {} or {}", types.join(", "), result.0, result.1);
                        let named = parameters.into_iter().map(|ty| ("", ty)).collect();
                        (name, 1, "", vec![method("call", "", named, result)])
                    })
                }

                fn title() -> String {
                    Self::interface().name().into()
                }

                #[allow(unused_mut, unused_variables, reason = "a closure without arguments")]
                fn invoke(target: &Self, number: u32, args: &[Value], side: &Domain) -> Result<Value, CallError> {
                    if number != 0 {
                        return Err(ErrorKind::Refused.into());
                    }
                    let mut index = 0..;
                    let [$($value),*] = arguments::<$count>(args)?;
                    $(
                        let at = index.next().unwrap_or(0);
                        let $value = $arg::from_value($value, side)
                            .map_err(|error| CallError::Arguments(error.in_argument(at, "")))?;
                    )*
                    answer(target($($value),*), side)
                }

                fn import(imported: Imported<Self>) -> Arc<Self> {
                    Arc::new(move |$($value: $arg),*| {
                        imported.__call(0, &[$($value.into_value(imported.side())),*])
                    })
                }
            }
        )*
    };
}

closures! {
    (0)
    (1 A a)
    (2 A a, B b)
    (3 A a, B b, C c)
    (4 A a, B b, C c, D d)
}
