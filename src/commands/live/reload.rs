//! The configuration, read again on SIGHUP. One that makes no sense is told of, and the one before
//! it holds.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use anyhow::Context;
use ks_replayer::config_file;
use ks_vocabulary::input::Config;
use signal_hook::consts::SIGHUP;

use crate::pace::signal_pipe;
use crate::render;

/// See the module.
pub(super) struct Reload {
    file: PathBuf,
    called: UnixStream,
}

impl Reload {
    /// Reads `file` again on SIGHUP. Without a file the signal ends the daemon, as it ends others.
    pub(super) fn of(file: PathBuf) -> anyhow::Result<Self> {
        let called = signal_pipe(&[SIGHUP]).context("cannot listen for signals")?;
        called.set_nonblocking(true).context("cannot listen for signals")?;
        Ok(Self { file, called })
    }

    /// The configuration, where it is to be taken anew.
    pub(super) fn take(&self) -> Option<Config> {
        let file = &self.file;
        let called = (&self.called).read(&mut [0; 64]).is_ok_and(|read| read > 0);
        if !called {
            return None;
        }
        match config_file::load(file) {
            Ok(config) => {
                render::note(&format!("`{}` is read again", file.display()));
                Some(config)
            }
            Err(error) => {
                render::note(&format!("{error}; the configuration stays as it was"));
                None
            }
        }
    }
}

impl AsFd for Reload {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.called.as_fd()
    }
}
