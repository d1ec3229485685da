//! Tracers that count inside the kernel, and the loader that puts them there.
//!
//! Each tracer is one C file (`src/NAME.bpf.c`, layouts in `src/NAME.h`), compiled once with CO-RE
//! and committed under `objects/`, so that no build needs a BPF compiler; `make bpf` builds the
//! objects anew. What a tracer needs and offers is a [`Description`]; [`load`] gives a [`Tracer`]
//! or says why the kernel takes none. This crate knows nothing of recordings.

mod attach;
pub mod descriptions;
mod error;
pub mod events;
mod heap;
mod kernel;
pub mod layout;
pub mod processes;
mod program;
mod run_time;
mod tracer;

pub use error::LoadError;
pub use kernel::Kernel;
pub use program::{Choice, Description, Hook, Program};
pub use run_time::RunTime;
pub use tracer::{Tracer, load};
