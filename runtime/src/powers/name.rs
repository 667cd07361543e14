//! The name of an entry.
//!
//! A name is bytes, the same on every target: a guest for which the standard library has no way to make an `OsString` of
//! any bytes (one in Wasm) still gets each name as the system spells it, and can give it back.
//!
//! The type promises nothing about the bytes. Who makes a name is often the holder of a directory, hence hostile; whether
//! a name is one plain component is checked where the power is implemented, at each call.

use std::fmt::{self, Write};

use membrane::Passable;

use crate::call_error::Mismatch;
use crate::domain::Domain;
use crate::dynamic::{Dynamic, bytes_of, text_or_bytes};
use crate::interface::{Describing, Type};
use crate::value::Value;

/// The name of one entry of a directory: its bytes, as the system spells it. They need not be UTF-8.
///
/// Plain data: it crosses a membrane bare. `Display` and `Debug` lose nothing and cannot steer a terminal: a byte that is
/// not UTF-8 is written `\xNN`, a backslash `\\`, and a character that controls, or that changes the look of others
/// without being seen, as in Rust source.
///
/// # Authority
/// None: a name is nothing without a [`Dir`](crate::Dir) to look it up in, and that one judges it.
///
/// # Examples
/// ```
/// use runtime::Name;
///
/// let plain = Name::from("notes.txt");
/// assert_eq!(plain, "notes.txt");
/// assert_eq!(plain.to_str(), Some("notes.txt"));
///
/// let odd = Name::new(*b"caf\xe9\n");
/// assert_eq!(odd.as_bytes(), b"caf\xe9\n");
/// assert_eq!(odd.to_str(), None);
/// assert_eq!(odd.to_string(), r"caf\xe9\n");
/// ```
#[derive(Passable, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Vec<u8>);

impl Name {
    /// The name of these bytes. Nothing is checked: it may be empty, `..`, or a whole path, and a call with such a one is
    /// [`FileError::InvalidName`](crate::FileError::InvalidName).
    ///
    /// # Examples
    /// ```
    /// use runtime::Name;
    ///
    /// assert_eq!(Name::new(*b"../up").as_bytes(), b"../up");
    /// ```
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as text, if it is UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }

    /// The name as the standard library takes it. Unix only.
    ///
    /// # Examples
    /// ```
    /// use std::ffi::OsStr;
    /// use runtime::Name;
    ///
    /// assert_eq!(Name::from("a").as_os_str(), OsStr::new("a"));
    /// ```
    #[cfg(unix)]
    pub fn as_os_str(&self) -> &std::ffi::OsStr {
        std::os::unix::ffi::OsStrExt::from_bytes(&self.0)
    }

    /// As [`as_os_str`](Name::as_os_str), as a copy. Unix only.
    #[cfg(unix)]
    pub fn to_os_string(&self) -> std::ffi::OsString {
        self.as_os_str().to_owned()
    }

    /// Writes the name so that nothing is lost, and what `also` says after a backslash, too.
    fn escape(&self, f: &mut fmt::Formatter<'_>, also: Option<char>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                if letter == '\\' || Some(letter) == also {
                    write!(f, "\\{letter}")?;
                } else if letter.is_control() || is_invisible(letter) {
                    write!(f, "{}", letter.escape_default())?;
                } else {
                    f.write_char(letter)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Marks that change the direction or the look of other text without being seen.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.escape(f, None)
    }
}

/// As [`Display`](fmt::Display), in quotes.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        self.escape(f, Some('"'))?;
        f.write_char('"')
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<Vec<u8>> for Name {
    fn from(name: Vec<u8>) -> Self {
        Self(name)
    }
}

#[cfg(unix)]
impl From<std::ffi::OsString> for Name {
    fn from(name: std::ffi::OsString) -> Self {
        Self(std::os::unix::ffi::OsStringExt::into_vec(name))
    }
}

#[cfg(unix)]
impl From<&std::ffi::OsStr> for Name {
    fn from(name: &std::ffi::OsStr) -> Self {
        Self::new(std::os::unix::ffi::OsStrExt::as_bytes(name))
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// Text where it is UTF-8, as names are most of the time, and bytes otherwise.
impl Dynamic for Name {
    fn ty(_: &mut Describing) -> Type {
        Type::TextOrBytes
    }

    fn into_value(self, _: &Domain) -> Value {
        text_or_bytes(self.0)
    }

    fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
        bytes_of(value).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_names_are_written_differently() {
        let names: [&[u8]; 9] = [
            b"a\xff",
            b"a\\xff",
            b"a\\\\xff",
            b"a\xc3",
            b"a\xc3\xbf",
            b"a\n",
            b"a\\n",
            b"",
            b"a\0",
        ];
        assert_eq!(
            names.map(|name| Name::new(name).to_string()),
            [
                r"a\xff",
                r"a\\xff",
                r"a\\\\xff",
                r"a\xc3",
                "aÿ",
                r"a\n",
                r"a\\n",
                "",
                r"a\u{0}"
            ]
        );
    }

    #[test]
    fn a_written_name_cannot_steer_the_terminal() {
        let name = Name::from("\u{1b}[2J\r\nfile\u{202e}txt.exe\t\u{85}");
        let escaped = r"\u{1b}[2J\r\nfile\u{202e}txt.exe\t\u{85}";
        assert_eq!(name.to_string(), escaped);
        assert_eq!(format!("{name:?}"), format!("\"{escaped}\""));
        let plain = Name::from("Straße 'n' \"x\" 日本");
        assert_eq!(plain.to_string(), "Straße 'n' \"x\" 日本");
        assert_eq!(format!("{plain:?}"), r#""Straße 'n' \"x\" 日本""#);
    }

    #[test]
    fn a_name_is_data_that_crosses_bare() {
        fn data<T: membrane::Data>() -> bool {
            T::BARE
        }
        assert!(data::<Name>());
    }

    #[cfg(unix)]
    #[test]
    fn a_name_of_the_system_comes_back_byte_for_byte() {
        use std::{
            ffi::{OsStr, OsString},
            os::unix::ffi::OsStrExt,
        };

        let every_byte: Vec<u8> = (0..=u8::MAX).collect();
        let system = OsStr::from_bytes(&every_byte);
        let name = Name::from(system);
        assert_eq!(name, Name::from(OsString::from(system)));
        assert_eq!(name.as_bytes(), every_byte);
        assert_eq!(name.as_os_str(), system);
        assert_eq!(name.to_os_string(), system);
    }
}
