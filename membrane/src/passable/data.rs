//! Plain data of `std`: crosses as it is.

use super::{Data, Passable};
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

/// Implements both traits for types whose values hold no reference, mutable cell or foreign allocation.
macro_rules! data {
    ($($type:ty $(, |$value:ident| $size:expr)?);* $(;)?) => {
        $(
            impl Passable for $type {
                const BARE: bool = true;

                #[inline(always)]
                fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
                    Ok(self)
                }

                $(
                    fn size_bytes(&self) -> u64 {
                        let $value = self;
                        $size
                    }
                )?
            }

            impl Data for $type {}
        )*
    };
}

data!(
    ();
    bool;
    char;
    i8;
    i16;
    i32;
    i64;
    i128;
    isize;
    u8;
    u16;
    u32;
    u64;
    u128;
    usize;
    f32;
    f64;
    NonZeroI8;
    NonZeroI16;
    NonZeroI32;
    NonZeroI64;
    NonZeroI128;
    NonZeroIsize;
    NonZeroU8;
    NonZeroU16;
    NonZeroU32;
    NonZeroU64;
    NonZeroU128;
    NonZeroUsize;
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
    String, |text| size_of_val(text.as_str()) as u64;
    &'static str, |text| size_of_val(*text) as u64;
    Box<str>, |text| size_of_val(&**text) as u64;
    Arc<str>, |text| size_of_val(&**text) as u64;
    Arc<[u8]>, |bytes| size_of_val(&**bytes) as u64;
    Cow<'static, str>, |text| size_of_val(&**text) as u64;
    OsString, |text| size_of_val(text.as_os_str()) as u64;
    CString, |text| size_of_val(text.as_c_str()) as u64;
    PathBuf, |path| size_of_val(path.as_path()) as u64;
);
