//! Somebody's value, whose drop is foreign code.

use object_membrane_gate::drop_flat;

/// A value whose `Drop` neither panics at whoever drops this last nor nests on the stack without a bound.
///
/// For what one side gives the membrane to keep and another side may come to drop: it may own proxies, whose membranes keep
/// more of the same.
pub(crate) struct Flat<T: 'static>(Option<T>);

impl<T> Flat<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn get(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => unreachable!("it is taken by the drop only"),
        }
    }
}

impl<T> Drop for Flat<T> {
    fn drop(&mut self) {
        drop_flat(self.0.take());
    }
}

/// Runs `f` where [`drop_flat`] would drop: on a bounded stack, its panic caught.
///
/// What is called when something is dropped may own what is dropped next.
pub(crate) fn run_flat(f: impl FnOnce() + 'static) {
    struct Run<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for Run<F> {
        fn drop(&mut self) {
            if let Some(f) = self.0.take() {
                f();
            }
        }
    }
    drop_flat(Run(Some(f)));
}
