//! Why an action of the catalogue did nothing to the modelled host.
//!
//! A process is named by its name, of which the eldest is meant, or as `process:PID:START`; a
//! control group by its path. The model does what a kernel would do: whether an action is wise, or
//! allowed, is not its business.

/// Why an action did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is nothing of that name.
    #[error("there is no {what} `{name}`")]
    Missing {
        /// A process, a control group, a disk, an interface or a mounted filesystem.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The kernel does not take the value.
    #[error("{what}: {text}")]
    Invalid {
        /// Which parameter.
        what: &'static str,
        /// What is wrong with it.
        text: String,
    },
    /// What an action wrote is there no more, so that what was before it is not put back.
    #[error("superseded: {what} is not what the action wrote")]
    Superseded {
        /// Which setting of what.
        what: String,
    },
    /// The model has nothing that it could change, or is no host to look at.
    #[error("`{action}` is not modelled")]
    NotModelled {
        /// Its form.
        action: &'static str,
    },
}
