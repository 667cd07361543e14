//! Plain data of `std`: crosses as it is.

use super::{Data, Inspected, Passable, Shape};
use crate::crossing::Crossing;
use crate::error::{Error, ErrorKind};
use crate::reason::Reason;
use std::borrow::Cow;
use std::ffi::{CString, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Implements both traits for types whose values hold no reference, mutable cell or foreign allocation; and says how rules that
/// are data see them, if they do.
macro_rules! data {
    ($($(#[$shape:expr, |$value:ident| $view:expr])? $type:ty $(, |$sized:ident| $size:expr)?);* $(;)?) => {
        $(
            impl Passable for $type {
                const BARE: bool = true;

                #[inline(always)]
                fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
                    Ok(self)
                }

                $(
                    const SHAPE: Shape = $shape;

                    #[allow(clippy::useless_conversion, reason = "one of the types is what is shown")]
                    fn inspected(&self) -> Inspected<'_> {
                        let $value = self;
                        $view
                    }
                )?

                $(
                    fn size_bytes(&self) -> u64 {
                        let $sized = self;
                        $size
                    }
                )?
            }

            impl Data for $type {}
        )*
    };
}

/// The same for types that are seen in one way.
macro_rules! all {
    ($shape:expr, |$value:ident| $view:expr; $($type:ty),* $(,)?) => {
        $(data!(#[$shape, |$value| $view] $type);)*
    };
}

all!(Shape::Integer, |value| Inspected::Integer(i128::from(*value)); i8, i16, i32, i64, i128, u8, u16, u32, u64);
all!(Shape::Integer, |value| i128::try_from(*value).map_or(Inspected::Greater, Inspected::Integer); isize, usize, u128);
all!(
    Shape::Integer, |value| Inspected::Integer(i128::from(value.get()));
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64,
);
all!(
    Shape::Integer, |value| i128::try_from(value.get()).map_or(Inspected::Greater, Inspected::Integer);
    NonZeroIsize, NonZeroUsize, NonZeroU128,
);
all!(Shape::Float, |value| Inspected::Float(f64::from(*value)); f32, f64);

data!(
    #[Shape::Bool, |value| Inspected::Bool(*value)] bool;
    #[Shape::Text, |value| Inspected::Text(Cow::Owned(value.to_string()))] char;
    ();
    Duration;
    Instant;
    SystemTime;
    IpAddr;
    Ipv4Addr;
    Ipv6Addr;
    SocketAddr;
    SocketAddrV4;
    SocketAddrV6;
    std::cmp::Ordering;
    std::convert::Infallible;
    ErrorKind;
    Reason;
);

// What counts by its length, which is the size of what it owns.
data!(
    #[Shape::Text, |text| Inspected::text(Some(text))] String, |text| size_of_val(text.as_str()) as u64;
    #[Shape::Text, |text| Inspected::text(Some(text))] &'static str, |text| size_of_val(*text) as u64;
    #[Shape::Text, |text| Inspected::text(Some(text))] Box<str>, |text| size_of_val(&**text) as u64;
    #[Shape::Text, |text| Inspected::text(Some(text))] Arc<str>, |text| size_of_val(&**text) as u64;
    #[Shape::Text, |text| Inspected::text(Some(text))] Cow<'static, str>, |text| size_of_val(&**text) as u64;
    #[Shape::Text, |text| Inspected::text(text.to_str())] OsString, |text| size_of_val(text.as_os_str()) as u64;
    #[Shape::Text, |text| Inspected::text(text.to_str().ok())] CString, |text| size_of_val(text.as_c_str()) as u64;
    #[Shape::Text, |path| Inspected::text(path.to_str())] PathBuf, |path| size_of_val(path.as_path()) as u64;
    #[Shape::List(&Shape::Integer), |bytes| Inspected::list(&**bytes)] Arc<[u8]>, |bytes| size_of_val(&**bytes) as u64;
);
