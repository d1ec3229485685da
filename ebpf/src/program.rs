//! What a tracer consists of: an object, its programs, and where each is attached.

/// Where a program is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// A tracepoint, with typed arguments.
    Tracepoint(&'static str),
    /// The entry of a function.
    Entry(&'static str),
    /// The return of a function, with its value.
    Exit(&'static str),
}

impl Hook {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tracepoint(name) | Self::Entry(name) | Self::Exit(name) => name,
        }
    }
}

/// One program of an object.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its function.
    pub name: &'static str,
    /// Where it is attached.
    pub hook: Hook,
}

/// Programs of which the first that the kernel takes is attached.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// The variants, the preferred one first.
    pub variants: &'static [Program],
    /// What is missing without it; `None` where the tracer is nothing without it.
    pub loss: Option<&'static str>,
}

/// What a tracer consists of.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// The compiled object.
    pub object: &'static [u8],
    /// What is attached.
    pub choices: &'static [Choice],
}
