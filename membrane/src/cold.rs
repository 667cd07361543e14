//! What most scopes never have, and what has no room in a scope before it is there.

/// A `T` that is made when it is first changed.
pub(crate) struct Cold<T>(Option<Box<T>>);

impl<T> Default for Cold<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default> Cold<T> {
    /// What is there.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// What is there, to be changed.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    /// What is there from now on.
    pub(crate) fn make(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }

    /// Takes what is there.
    pub(crate) fn take(&mut self) -> T {
        self.0.take().map_or_else(T::default, |value| *value)
    }
}
