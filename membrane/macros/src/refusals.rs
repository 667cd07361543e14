//! What is wrong with one item, collected.
//!
//! A macro that stops at its first complaint makes its user compile once per mistake. Checks therefore go on after a
//! refusal, and all refusals of one item reach the compiler together.

use quote::ToTokens;

/// The refusals found so far.
#[derive(Default)]
pub(crate) struct Refusals(Option<syn::Error>);

impl Refusals {
    /// Refuses `tokens`; `message` says what is wrong and what to write instead.
    pub(crate) fn refuse(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value of a part that parsed, or nothing and one more refusal.
    pub(crate) fn take<T>(&mut self, part: syn::Result<T>) -> Option<T> {
        part.map_err(|error| self.add(error)).ok()
    }

    /// Everything that was refused, or `value` if nothing was.
    pub(crate) fn finish<T>(self, value: T) -> syn::Result<T> {
        match self.0 {
            Some(all) => Err(all),
            None => Ok(value),
        }
    }
}
