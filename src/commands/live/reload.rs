//! The configuration, read again on SIGHUP. One that makes no sense is told of, and the one before
//! it holds.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use anyhow::Context;
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::Config;
use signal_hook::consts::SIGHUP;

use crate::agent_options;
use crate::cli::agent::Agent;
use crate::pace::signal_pipe;
use crate::render;

/// See the module.
#[derive(Debug)]
pub(super) struct Reload {
    file: PathBuf,
    /// What the command line says on top.
    options: Agent,
    /// How far an agent may go at most: further needs an actor, which is started at the beginning.
    furthest: Mode,
    called: UnixStream,
}

impl Reload {
    /// Reads `file` again on SIGHUP. Without a file the signal ends the daemon, as it ends others.
    pub(super) fn of(file: PathBuf, options: Agent, furthest: Mode) -> anyhow::Result<Self> {
        let called = signal_pipe(&[SIGHUP]).context("cannot listen for signals")?;
        called.set_nonblocking(true).context("cannot listen for signals")?;
        Ok(Self { file, options, furthest, called })
    }

    /// The configuration, where it is to be taken anew.
    pub(super) fn take(&self) -> Option<Config> {
        let file = &self.file;
        let called = (&self.called).read(&mut [0; 64]).is_ok_and(|read| read > 0);
        if !called {
            return None;
        }
        match agent_options::config(Some(file), &self.options) {
            Ok(config) => {
                render::note(&format!("`{}` is read again", file.display()));
                config.map(|(config, _)| self.bounded(config))
            }
            Err(error) => {
                render::note(&format!("{error:#}; the configuration stays as it was"));
                None
            }
        }
    }

    fn bounded(&self, mut config: Config) -> Config {
        let wanted = config.agent.mode;
        if wanted > self.furthest {
            config.agent.mode = self.furthest;
            render::note(&format!(
                "mode {wanted} needs a new start of `ks live`: it goes on in mode {}",
                self.furthest
            ));
        }
        config
    }
}

impl AsFd for Reload {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.called.as_fd()
    }
}
