//! Workers of a session that whoever acts may act on: none of root's, and in no group of ours.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use ks_recorder::clock;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use rustix::process::{Gid, Signal, Uid, getpid, kill_process, setsid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::network::address;
use crate::provoke::job::{Member, Provoker};
use crate::provoke::workers::Plan;

/// A user that nobody has (the same range as that of the actor).
const UID: u32 = 60_940;
/// How often it is looked whether the file is there.
const LOOK: Duration = Duration::from_millis(20);
/// Rounds of work between two looks.
const ROUNDS: u32 = 100_000;

/// Begins a session that is so nice to others, and starts its members.
pub(super) fn begin(members: &[Member], nice: u8, provoker: Provoker) -> anyhow::Result<()> {
    setsid().context("cannot begin a session")?;
    if nice > 0 {
        let written = std::fs::write("/proc/self/autogroup", nice.to_string());
        written.context("this kernel keeps no nice level of a session")?;
    }
    let plan = |member: &Member| Plan::named(member.name.clone(), member.task.clone());
    members.iter().try_for_each(|member| plan(member).ending_with(provoker).leave())
}

/// Ends this process when the provoker does, whoever is its parent.
fn end_with(provoker: Option<Provoker>) {
    let Some(provoker) = provoker else { return };
    std::thread::spawn(move || {
        while provoker.is_there() {
            std::thread::sleep(LOOK);
        }
        let _ = kill_process(getpid(), Signal::KILL);
    });
}

/// Leaves its groups and its user behind.
fn become_another() -> anyhow::Result<()> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").context("no mounts")?;
    for group in topmost(&mounts) {
        // A hierarchy that is read-only, or of a namespace, is left as it is.
        let _ = std::fs::write(group.join("cgroup.procs"), std::process::id().to_string());
    }
    let (uid, gid) = (Uid::from_raw(UID), Gid::from_raw(UID));
    set_thread_groups(&[]).context("cannot leave its groups")?;
    set_thread_res_gid(gid, gid, gid).context("cannot take a group")?;
    set_thread_res_uid(uid, uid, uid).context("cannot take a user")?;
    Ok(())
}

/// Wants a CPU in each thread while the file is there.
pub(super) fn spin_while(
    gate: &Path,
    threads: u32,
    provoker: Option<Provoker>,
) -> anyhow::Result<()> {
    become_another()?;
    end_with(provoker);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| spin_one(gate));
        }
    });
    Ok(())
}

fn spin_one(gate: &Path) {
    loop {
        if gate.exists() {
            (0..ROUNDS).for_each(|_| std::hint::spin_loop());
        } else {
            std::thread::sleep(LOOK);
        }
    }
}

/// Serves one connection after the other in each thread.
pub(super) fn serve(
    backlog: i32,
    threads: u32,
    work_us: u64,
    provoker: Option<Provoker>,
) -> anyhow::Result<()> {
    let rounds = rounds_in(work_us);
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address()).context("cannot bind")?;
    listen(&socket, backlog).context("cannot listen")?;
    let listener = TcpListener::from(socket);
    become_another()?;
    end_with(provoker);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Ok((peer, _)) = listener.accept() {
                    (0..rounds).for_each(|_| std::hint::spin_loop());
                    drop(peer);
                }
            });
        }
    });
    anyhow::bail!("it cannot accept")
}

/// Rounds of work that take so long on a CPU that is free: what a connection costs is work, and
/// takes longer where others have the CPU. The fastest of several tries was disturbed least.
fn rounds_in(work_us: u64) -> u64 {
    const TRY: u64 = 1_000_000;
    let took_ns = |_| {
        let begin = clock::now();
        (0..TRY).for_each(|_| std::hint::spin_loop());
        clock::now().since_ns(begin).max(1)
    };
    let fastest_ns = (0..20).map(took_ns).min().unwrap_or(1);
    (work_us * 1_000).saturating_mul(TRY) / fastest_ns
}

/// The topmost groups of every hierarchy that is mounted.
fn topmost(mounts: &str) -> Vec<PathBuf> {
    let is_groups = |line: &&str| line.contains(" - cgroup");
    let path = |line: &str| line.split(' ').nth(4).map(PathBuf::from);
    mounts.lines().filter(is_groups).filter_map(path).collect()
}
