//! Why access was taken back: a text, interned so that an error stays one word.

use crate::authority::visible;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Distinct texts kept; further ones become [`Reason::UNSPECIFIED`].
const MAX_REASONS: usize = 65_536;
/// Bytes kept of one text.
const MAX_BYTES: usize = 256;

/// A revoker's reason, shown to whoever uses what was revoked.
///
/// Made from a text, of which the first 256 bytes are kept. Equal texts are one reason. Texts are kept for the life of
/// the process, up to 65,536 different ones; after that a new text becomes [`Reason::UNSPECIFIED`]. So do not put a
/// counter or a time into it, and nothing that the other side must not read.
///
/// # Examples
///
/// ```
/// use membrane::Reason;
///
/// let reason = Reason::from("maintenance");
/// assert_eq!(reason.as_str(), "maintenance");
/// assert_eq!(reason, Reason::from("maintenance"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reason(u32);

impl std::hash::Hash for Reason {
    /// Hashes the text. The number would tell whoever brings a hasher how many reasons the process has used, and, by a text of
    /// its own, whether somebody used that one before.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

#[derive(Default)]
struct Interner {
    texts: Vec<&'static str>,
    numbers: HashMap<&'static str, u32>,
}

fn interner() -> &'static Mutex<Interner> {
    static INTERNER: OnceLock<Mutex<Interner>> = OnceLock::new();
    INTERNER.get_or_init(Mutex::default)
}

impl Reason {
    /// No reason was given.
    pub const UNSPECIFIED: Self = Self(0);

    /// The text.
    pub fn as_str(self) -> &'static str {
        let Some(index) = self.0.checked_sub(1) else {
            return "no reason given";
        };
        let interner = interner().lock().unwrap_or_else(PoisonError::into_inner);
        interner
            .texts
            .get(index as usize)
            .copied()
            .unwrap_or("no reason given")
    }

    /// At most 24 bits.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    pub(crate) const fn from_number(number: u32) -> Self {
        Self(number)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            return Self::UNSPECIFIED;
        }
        let kept = &text[..text.floor_char_boundary(MAX_BYTES)];
        let mut interner = interner().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = interner.numbers.get(kept) {
            return Self(*number);
        }
        if interner.texts.len() >= MAX_REASONS {
            return Self::UNSPECIFIED;
        }
        let kept: &'static str = Box::leak(kept.into());
        interner.texts.push(kept);
        let number = u32::try_from(interner.texts.len()).expect("at most MAX_REASONS");
        interner.numbers.insert(kept, number);
        Self(number)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl std::fmt::Display for Reason {
    /// The text, with what would act on a terminal or a log shown instead: a holder further down gives reasons, too, which an
    /// owner's audit hook hears of.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&visible(self.as_str()))
    }
}

impl std::fmt::Debug for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reason").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character() {
        let reason = Reason::from("ä".repeat(200));
        assert_eq!(reason.as_str(), "ä".repeat(128));
    }

    /// Fails if the text is written as it is.
    #[test]
    fn text_that_would_steer_a_terminal_is_shown() {
        let reason = Reason::from("done\n\u{1b}[2Jowner: \u{202e}all is well");
        let shown = r"done\n\u{1b}[2Jowner: \u{202e}all is well";
        assert_eq!(reason.to_string(), shown);
        assert_eq!(
            crate::Error::revoked(reason).to_string(),
            format!("revoked: {shown}")
        );
    }

    #[test]
    fn empty_text_is_unspecified() {
        assert_eq!(Reason::from(""), Reason::UNSPECIFIED);
        assert_eq!(Reason::UNSPECIFIED.as_str(), "no reason given");
    }
}
