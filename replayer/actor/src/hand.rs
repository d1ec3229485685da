//! The daemon's side of an actor: it is started, asked, and killed where it does not answer.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::time::Timespec;
use thiserror::Error;

use crate::approval::{Shown, Token};
use crate::message::{Ask, MESSAGE_BYTES_MAX, Said};
use crate::perform::{Done, Left};

/// An answer that takes longer does not come any more.
const ANSWER: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// An actor does not act.
#[derive(Debug, Error)]
pub enum HandError {
    /// It cannot be started, or spoken to.
    #[error("the actor: {0}")]
    Io(#[from] io::Error),
    /// It said why it cannot act.
    #[error("the actor cannot act: {0}")]
    Failed(String),
    /// It ended.
    #[error("the actor ended: {0}")]
    Ended(String),
    /// It took too long, and was killed.
    #[error("the actor gave no answer within 30 s and was killed")]
    TooLate,
    /// It said something that is no answer.
    #[error("the actor said something unexpected: {0}")]
    Strange(String),
}

/// What an actor says when it is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Began {
    /// What became of what an earlier one left.
    pub left: Vec<Left>,
    /// Requests of which it was said that they stay, and that can be undone still.
    pub kept: Vec<u64>,
    /// The highest number that a request ever had.
    pub last: u64,
}

/// An actor that is there. It ends with this, and undoes what nobody said of that it stays.
#[derive(Debug)]
pub struct Hand {
    socket: File,
    child: Child,
    /// What it undid by itself and was not taken yet.
    over: VecDeque<(u64, Done)>,
}

impl Hand {
    /// Starts one by a command, which is given the socket as its standard input and nothing else.
    /// The return value is what an earlier actor left, too.
    pub fn start(command: &mut Command) -> Result<(Self, Began), HandError> {
        let (own, other): (OwnedFd, OwnedFd) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .map_err(io::Error::from)?;
        command.env_clear().stdin(Stdio::from(other)).stdout(Stdio::null());
        let child = command.spawn()?;
        // The command holds the other end as well: with it the end of a child would not be heard.
        command.stdin(Stdio::null());
        let mut hand = Self { socket: own.into(), child, over: VecDeque::new() };
        match hand.hear()? {
            Said::Ready { left, kept, last } => Ok((hand, Began { left, kept, last })),
            Said::Failed { problem } => Err(HandError::Failed(problem)),
            other @ (Said::Sealed { .. }
            | Said::Done { .. }
            | Said::Over { .. }
            | Said::Refused { .. }) => Err(HandError::Strange(format!("{other:?}"))),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has what a person is about to be shown sealed.
    pub fn seal(&mut self, shown: Shown) -> Result<Token, HandError> {
        self.tell(&serde_json::to_vec(&Ask::Seal { shown }).map_err(io::Error::from)?)?;
        loop {
            match self.hear()? {
                Said::Sealed { token } => return Ok(token),
                Said::Over { request, done } => self.over.push_back((request, done)),
                other @ (Said::Ready { .. }
                | Said::Done { .. }
                | Said::Failed { .. }
                | Said::Refused { .. }) => return Err(HandError::Strange(format!("{other:?}"))),
            }
        }
    }

    /// Asks for something, and waits for what comes of it.
    pub fn ask(&mut self, ask: &Ask) -> Result<Done, HandError> {
        self.tell(&serde_json::to_vec(ask).map_err(io::Error::from)?)?;
        loop {
            match self.hear()? {
                Said::Done { done, .. } => return Ok(done),
                Said::Over { request, done } => self.over.push_back((request, done)),
                Said::Refused { problem } => return Err(HandError::Strange(problem)),
                Said::Failed { problem } => return Err(HandError::Failed(problem)),
                other @ (Said::Ready { .. } | Said::Sealed { .. }) => {
                    return Err(HandError::Strange(format!("{other:?}")));
                }
            }
        }
    }

    /// What it undid by itself, since its time was over; without waiting.
    pub fn over(&mut self) -> Result<Option<(u64, Done)>, HandError> {
        if self.over.is_empty()
            && self.is_heard(AT_ONCE)?
            && let Said::Over { request, done } = self.read()?
        {
            self.over.push_back((request, done));
        }
        Ok(self.over.pop_front())
    }

    /// Says something to it, whatever it is.
    pub fn tell(&mut self, bytes: &[u8]) -> Result<(), HandError> {
        // A datagram is written whole, or not at all.
        match self.socket.write_all(bytes) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.lost(error)),
        }
    }

    /// Waits for what it says.
    pub fn hear(&mut self) -> Result<Said, HandError> {
        if !self.is_heard(ANSWER)? {
            self.child.kill()?;
            self.child.wait()?;
            return Err(HandError::TooLate);
        }
        self.read()
    }

    fn read(&mut self) -> Result<Said, HandError> {
        let mut bytes = vec![0; MESSAGE_BYTES_MAX];
        match self.socket.read(&mut bytes) {
            Err(error) => Err(self.lost(error)),
            Ok(0) => Err(self.ended()),
            Ok(len) => {
                let said = serde_json::from_slice(&bytes[..len]);
                said.map_err(|error| HandError::Strange(error.to_string()))
            }
        }
    }

    fn is_heard(&self, within: Timespec) -> io::Result<bool> {
        let mut heard = [PollFd::new(&self.socket, PollFlags::IN)];
        loop {
            match poll(&mut heard, Some(&within)) {
                Err(rustix::io::Errno::INTR) => {}
                ready => return Ok(ready? > 0),
            }
        }
    }

    /// Where the other end is gone, with or without having read everything, it ended.
    fn lost(&mut self, error: io::Error) -> HandError {
        let gone = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        if gone.contains(&error.kind()) { self.ended() } else { error.into() }
    }

    fn ended(&mut self) -> HandError {
        let how = self.child.wait().map_or_else(|error| error.to_string(), |how| how.to_string());
        HandError::Ended(how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_ends_before_it_is_ready_is_told_at_once() {
        let ended = Hand::start(&mut Command::new("true"));
        assert!(matches!(ended, Err(HandError::Ended(_))), "{ended:?}");
    }
}
