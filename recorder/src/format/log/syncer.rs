//! Makes a growing log durable every so often, from a thread of its own: the device may be slow
//! just when it matters what happens, and the recorder does not wait for it.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// See the module. The default makes nothing durable.
#[derive(Debug, Default)]
pub(super) struct Syncer {
    every: Option<Duration>,
    shared: Option<Arc<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    written: AtomicBool,
    stop: Mutex<bool>,
    stopped: Condvar,
}

impl Syncer {
    /// One that does so at most this often, while there is something new.
    pub(super) fn every(every: Duration) -> Self {
        Self { every: Some(every), shared: None }
    }

    /// Something was written to the log at `path`. The thread begins with the first call, since
    /// capabilities are given up before there are threads.
    pub(super) fn written(&mut self, path: &Path) {
        let Some(every) = self.every else { return };
        if self.shared.is_none() {
            // A file of its own: a lock on the log is the writer's alone.
            let Ok(file) = File::open(path) else { return };
            let shared = Arc::new(Shared::default());
            let theirs = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name("ks-sync".to_owned());
            // Without a thread the log is as durable as the system makes it.
            let _ = thread.spawn(move || sync(&file, every, &theirs));
            self.shared = Some(shared);
        }
        if let Some(shared) = &self.shared {
            shared.written.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            *shared.stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
            shared.stopped.notify_all();
        }
    }
}

fn sync(file: &File, every: Duration, shared: &Shared) {
    let mut stop = shared.stop.lock().unwrap_or_else(PoisonError::into_inner);
    while !*stop {
        let waited = shared.stopped.wait_timeout(stop, every);
        stop = waited.unwrap_or_else(PoisonError::into_inner).0;
        if shared.written.swap(false, Ordering::Relaxed) {
            // A device that cannot is told of by the write that fails.
            let _ = file.sync_data();
        }
    }
}
