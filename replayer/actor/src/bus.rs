//! A connection to a bus, or to systemd itself: opened before a sandbox, and used in it by calls
//! that read, write and wait, and no others.
//!
//! Whoever is there at the other end has to answer in time. What comes that nobody asked for is
//! skipped.

use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use rustix::process::getuid;
use rustix::time::Timespec;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use zbus::wire::{DynamicType, Type};

use crate::bus_message::{Call, HEAD_BYTES, Message, bytes_of};
use crate::clock::{SECOND_NS, boot_ns};
use crate::hexadecimal;

/// An answer that takes longer is none. It is far below what the actor is waited for.
const PATIENCE_NS: u64 = 5 * SECOND_NS;
/// A greeting without an answer is said again after this.
const GREETING_NS: u64 = SECOND_NS / 4;
/// A line of the handshake is short.
const LINE_BYTES_MAX: usize = 512;
const READ_BYTES: usize = 4096;

/// Why a call has no answer.
#[derive(Debug, Error)]
pub(crate) enum BusError {
    /// The connection.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What is said is no message, or not of the types that it should be.
    #[error("not understood: {0}")]
    Wire(#[from] zbus::Error),
    /// Who was called refused.
    #[error("{text} ({name})")]
    Refused {
        /// The name of the error.
        name: String,
        /// What was said about it.
        text: String,
    },
    /// Who was called does not speak so.
    #[error("`{0}` is no answer of a bus")]
    Strange(String),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Bus {
    /// As a file it is read by the plain call, which a sandbox has.
    socket: File,
    received: Vec<u8>,
    serial: u32,
}

impl Bus {
    /// Connects to a socket as the user that this process has.
    pub(crate) fn connect(path: &Path) -> Result<Self, BusError> {
        let socket = File::from(OwnedFd::from(UnixStream::connect(path)?));
        let mut bus = Self { socket, received: Vec::new(), serial: 0 };
        let user = hexadecimal::hex(getuid().to_string().as_bytes());
        bus.socket.write_all(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes())?;
        let line = bus.line()?;
        if !line.starts_with("OK ") {
            return Err(BusError::Strange(line));
        }
        bus.socket.write_all(b"BEGIN\r\n")?;
        Ok(bus)
    }

    fn line(&mut self) -> Result<String, BusError> {
        let until = boot_ns() + PATIENCE_NS;
        loop {
            if let Some(end) = self.received.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.received.drain(..end + 2).take(end).collect();
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if self.received.len() > LINE_BYTES_MAX {
                let said = String::from_utf8_lossy(&self.received).into_owned();
                return Err(BusError::Strange(said));
            }
            self.receive(until)?;
        }
    }

    /// Calls a method, and waits for its answer.
    pub(crate) fn call<A, R>(&mut self, call: &Call<'_>, arguments: &A) -> Result<R, BusError>
    where
        A: Serialize + DynamicType,
        R: DeserializeOwned + Type,
    {
        let answer = self.answer(call, arguments, PATIENCE_NS)?;
        Ok(answer.arguments()?)
    }

    /// The same of one whose answer says nothing but that it was done.
    pub(crate) fn order<A>(&mut self, call: &Call<'_>, arguments: &A) -> Result<(), BusError>
    where
        A: Serialize + DynamicType,
    {
        self.answer(call, arguments, PATIENCE_NS).map(|_| ())
    }

    /// Calls a method that does nothing until it is answered.
    pub(crate) fn greet(&mut self, call: &Call<'_>) -> Result<(), BusError> {
        for _ in 0..PATIENCE_NS / GREETING_NS {
            match self.answer(call, &(), GREETING_NS) {
                Err(BusError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {}
                done => return done.map(|_| ()),
            }
        }
        Err(io::Error::from(io::ErrorKind::TimedOut).into())
    }

    fn answer<A>(
        &mut self,
        call: &Call<'_>,
        arguments: &A,
        patience_ns: u64,
    ) -> Result<Message, BusError>
    where
        A: Serialize + DynamicType,
    {
        self.serial = self.serial.wrapping_add(1).max(1);
        self.send(&call.bytes(self.serial, arguments)?)?;
        let until = boot_ns() + patience_ns;
        loop {
            let message = self.message(until)?;
            if !message.answers(self.serial) {
                continue;
            }
            return match message.error() {
                Some((name, text)) => Err(BusError::Refused { name, text }),
                None => Ok(message),
            };
        }
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            let mut none = SendAncillaryBuffer::default();
            let sent = sendmsg(&self.socket, &[IoSlice::new(left)], &mut none, SendFlags::NOSIGNAL);
            left = match sent {
                Err(rustix::io::Errno::INTR) => left,
                sent => left.get(sent?..).unwrap_or_default(),
            };
        }
        Ok(())
    }

    /// The next message, whoever it is for.
    fn message(&mut self, until: u64) -> Result<Message, BusError> {
        loop {
            if let Some(head) = self.received.first_chunk::<HEAD_BYTES>() {
                let len = bytes_of(head)?;
                if self.received.len() >= len {
                    let bytes: Vec<u8> = self.received.drain(..len).collect();
                    return Ok(Message::read(&bytes)?);
                }
            }
            self.receive(until)?;
        }
    }

    /// Waits for more bytes, until then at most.
    fn receive(&mut self, until: u64) -> io::Result<()> {
        let left_ns = until.checked_sub(boot_ns()).ok_or(io::ErrorKind::TimedOut)?;
        let seconds = i64::try_from(left_ns / SECOND_NS).unwrap_or(i64::MAX);
        let nanos = i64::try_from(left_ns % SECOND_NS).unwrap_or(0);
        let left = Timespec { tv_sec: seconds, tv_nsec: nanos };
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Err(rustix::io::Errno::INTR) => return Ok(()),
            ready => ready?,
        };
        let mut bytes = [0; READ_BYTES];
        match self.socket.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            len => {
                self.received.extend_from_slice(&bytes[..len]);
                Ok(())
            }
        }
    }
}
