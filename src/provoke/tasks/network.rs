//! Workers that talk over the loopback interface of a network namespace of their own.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Command;

use anyhow::Context;
use ks_recorder::clock;
use ks_vocabulary::time::Timestamp;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, connect as connect_socket, listen as listen_on,
    socket_with, sockopt,
};

use super::Rate;
use crate::provoke::things::said;

const PORT: u16 = 7000;
const MESSAGE_BYTES: usize = 2000;
/// Connections of who asks, each with one message at a time.
const CONNECTIONS: usize = 50;

pub(super) fn address() -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, PORT)
}

/// Makes a new namespace fit to talk in: its loopback interface is down, and the kernel uses ports
/// of loopback again at once, which it does for no other interface.
fn prepare() -> anyhow::Result<()> {
    said(Command::new("ip").args(["link", "set", "lo", "up"]))?;
    std::fs::write("/proc/sys/net/ipv4/tcp_tw_reuse", "0").context("tcp_tw_reuse")
}

fn listening(backlog: i32) -> anyhow::Result<OwnedFd> {
    prepare()?;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address()).context("cannot bind")?;
    listen_on(&socket, backlog).context("cannot listen")?;
    Ok(socket)
}

/// Accepts so many connections a second, and closes each once its peer has.
pub(super) fn listen(backlog: i32, per_s: f64) -> anyhow::Result<()> {
    let listener = TcpListener::from(listening(backlog)?);
    listener.set_nonblocking(true).context("cannot set a socket")?;
    let mut rate = Rate::new(per_s);
    let mut open: Vec<TcpStream> = Vec::new();
    loop {
        for _ in 0..rate.wait() {
            let Ok((peer, _)) = listener.accept() else { break };
            peer.set_nonblocking(true).context("cannot set a socket")?;
            open.push(peer);
        }
        let waits = |peer: &mut TcpStream| {
            let read = peer.read(&mut [0; 16]);
            read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        open.retain_mut(waits);
    }
}

/// Opens connections at a rate, without waiting for any, and closes each after a time.
pub(super) fn connect(per_s: f64, holds_ms: u64) -> anyhow::Result<()> {
    let mut rate = Rate::new(per_s);
    let mut open: VecDeque<(Timestamp, OwnedFd)> = VecDeque::new();
    loop {
        for _ in 0..rate.wait() {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)
                .context("cannot make a socket")?;
            // Without a port it cannot, and is closed at once.
            if let Ok(()) | Err(rustix::io::Errno::INPROGRESS) = connect_socket(&socket, &address())
            {
                open.push_back((clock::now(), socket));
            }
        }
        let now = clock::now();
        while open.front().is_some_and(|(at, _)| now.since_ns(*at) >= holds_ms * 1_000_000) {
            open.pop_front();
        }
    }
}

/// Sends each message back.
pub(super) fn echo() -> anyhow::Result<()> {
    let listener = TcpListener::from(listening(512)?);
    loop {
        let (mut peer, _) = listener.accept().context("cannot accept")?;
        peer.set_nodelay(true).context("cannot set a socket")?;
        std::thread::spawn(move || {
            let mut message = [0; MESSAGE_BYTES];
            while peer.read_exact(&mut message).is_ok() && peer.write_all(&message).is_ok() {}
        });
    }
}

/// Asks at a rate; a connection whose answer is late asks less often.
pub(super) fn ask(per_s: f64) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let one = move || -> anyhow::Result<()> {
            let mut peer = TcpStream::connect(address()).context("cannot connect")?;
            peer.set_nodelay(true).context("cannot set a socket")?;
            let mut message = [7; MESSAGE_BYTES];
            let mut rate = Rate::new(per_s / CONNECTIONS as f64);
            loop {
                rate.wait();
                peer.write_all(&message).context("cannot send")?;
                peer.read_exact(&mut message).context("cannot receive")?;
            }
        };
        let asking: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(one)).collect();
        asking.into_iter().try_for_each(|one| match one.join() {
            Ok(outcome) => outcome,
            Err(_) => anyhow::bail!("a connection has ended"),
        })
    })
}
