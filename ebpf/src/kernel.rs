//! The types of the running kernel, against which programs are loaded.

use std::path::Path;

use aya::Btf;

use crate::error::LoadError;
use crate::heap;
use crate::run_time::has_bpf;

/// What the running kernel says of its types. Parsed once for all tracers; it takes tens of
/// megabytes, which go back to the system when it is dropped.
#[derive(Debug)]
pub struct Kernel {
    btf: Option<Btf>,
}

impl Drop for Kernel {
    fn drop(&mut self) {
        self.btf = None;
        heap::trim();
    }
}

impl Kernel {
    /// Reads the types of the running kernel.
    pub fn open() -> Result<Self, LoadError> {
        let why = |error: &_| LoadError::of_btf(error).or_deeper(has_bpf(), Path::new("/sys"));
        let btf = Btf::from_sys_fs().map_err(|error| why(&error))?;
        Ok(Self { btf: Some(btf) })
    }

    pub(crate) fn btf(&self) -> &Btf {
        self.btf.as_ref().expect("it is taken when dropped only")
    }
}
