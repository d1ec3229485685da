//! Giving memory back after loading.
#![expect(unsafe_code, reason = "the allocator's own call, which takes a number only")]

/// The kernel's types take tens of megabytes while tracers are loaded, in many small pieces that
/// glibc keeps for itself when they are freed: this asks it to return what it can.
pub(crate) fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes no pointer and may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
