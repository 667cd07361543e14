//! What a domain may know of an object: everything of its own, of others what it may call.

use crate::domain::Domain;
use crate::fault::{self, Fault};
use crate::interface::Method;
use crate::object::Object;
use membrane::{Error, ErrorKind};

/// What an object can do, as far as the asking domain may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    interface: String,
    version: u32,
    doc: &'static str,
    is_own: bool,
    methods: Vec<(u32, &'static Method)>,
}

impl Description {
    /// The interface's name.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The interface's version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The interface's documentation; of another domain's object, nothing, since it may speak of methods that are not
    /// allowed.
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// Whether it is an object of the asking domain's own.
    pub fn is_own(&self) -> bool {
        self.is_own
    }

    /// The methods that may be called, with their numbers.
    pub fn methods(&self) -> &[(u32, &'static Method)] {
        &self.methods
    }
}

impl Domain {
    /// Describes an object that this domain holds: its own whole, another's by its allowed methods alone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] if this domain does not hold it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Policy, allow, interface};
    /// # use runtime::{Limits, Runtime};
    /// # use std::sync::Arc;
    /// #[interface(dynamic)]
    /// pub trait Door {
    ///     /// Knocks.
    ///     fn knock(&self) -> Result<(), Error>;
    ///     fn open(&self) -> Result<(), Error>;
    /// }
    /// # struct Oak; impl Door for Oak { fn knock(&self) -> Result<(), Error> { Ok(()) } fn open(&self) -> Result<(), Error> { Ok(()) } }
    /// let runtime = Runtime::new();
    /// let visitor = runtime.domain("visitor", Limits::default());
    /// runtime.join(runtime.host(), &visitor, Policy::builder().inbound(allow!(dyn Door: knock)).build()?)?;
    /// let door = runtime.host().own::<dyn Door>(Arc::new(Oak));
    /// assert_eq!(runtime.host().describe(&door)?.methods().len(), 2);
    ///
    /// let lent = runtime.host().send(&door, &visitor)?;
    /// let description = visitor.describe(&lent)?;
    /// let [(0, knock)] = description.methods() else { panic!() };
    /// assert_eq!((knock.name(), knock.doc()), ("knock", "Knocks."));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn describe(&self, object: &Object) -> Result<Description, Error> {
        if object.holder() != self.id() {
            return Err(ErrorKind::Rejected.into());
        }
        let interface = object.interface();
        let is_own = object.home() == self.id();
        Ok(Description {
            interface: interface.name().into(),
            version: interface.version(),
            doc: if is_own { interface.doc() } else { "" },
            is_own,
            methods: (0..)
                .zip(interface.methods())
                .filter(|(number, _)| object.allows(*number) || fault::on(Fault::DescribesAll))
                .collect(),
        })
    }
}
