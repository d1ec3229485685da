//! How each fault is made: what runs all the time, and what begins with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use ks_replayer::expectations::label::Wrong;
use ks_vocabulary::kind::Kind;

use super::Provoked;
use super::job::Task;
use super::made::Made;
use super::sessions;
use super::staged::{Stage, on_host};
use super::things::said;
use super::workers::{Plan, Worker};

const MIB: u64 = 1 << 20;
/// Memory of the control groups in which memory is short.
const GROUP_BYTES: u64 = 64 * MIB;
/// Files and memory that do not fit into it.
const TOO_MUCH_BYTES: u64 = 2 * GROUP_BYTES;

pub(super) fn set(fault: Provoked, intensity: f64, made: &mut Made) -> anyhow::Result<Stage> {
    match fault {
        Provoked::Quiet => Ok(Stage::default()),
        Provoked::CpuOverload => cpu_overload(intensity, made),
        Provoked::MemoryPressure => memory_pressure(intensity, made),
        Provoked::OutOfMemory => out_of_memory(intensity, made),
        Provoked::SwapThrashing => swap_thrashing(intensity, made),
        Provoked::DiskSaturation => disk_saturation(intensity, made),
        Provoked::SyscallStorm => Ok(syscall_storm(intensity)),
        Provoked::FaultStorm => fault_storm(intensity, made),
        Provoked::ListenOverflow => listen_overflow(intensity),
        Provoked::PortExhaustion => port_exhaustion(intensity),
        Provoked::PacketLoss => packet_loss(intensity),
        Provoked::HogOneSession => sessions::hog(intensity, true, made),
        Provoked::HogTwoSessions => sessions::hog(intensity, false, made),
    }
}

/// Four busy processes for each CPU. Their group has a small share, so that others get theirs.
fn cpu_overload(intensity: f64, made: &mut Made) -> anyhow::Result<Stage> {
    let cpus = std::thread::available_parallelism()?.get();
    let count = (4.0 * cpus as f64 * intensity).round();
    let group = made.modest_group()?;
    let plan = Plan::new("ks-spin", Task::Spin).within(&group);
    let plans = std::iter::successors(Some(1.0), |at| Some(at + 1.0))
        .take_while(|at| *at <= count)
        .map(|_| plan.clone())
        .collect();
    let wrong = [Kind::LoadMismatch, Kind::Scheduler].map(|kind| on_host(kind, "ks-spin"));
    Ok(Stage::of(plans, wrong.to_vec()))
}

/// The file is read through the page cache of a group that holds half of it.
fn memory_pressure(intensity: f64, made: &mut Made) -> anyhow::Result<Stage> {
    let folder = made.folder(TOO_MUCH_BYTES)?;
    let file = filled(&folder, TOO_MUCH_BYTES)?;
    cold(&file)?;
    let group = made.memory_group(GROUP_BYTES, false)?;
    let task = Task::Reread { file, per_s: 800.0 * MIB as f64 * intensity };
    let plan = Plan::new("ks-reread", task).within(&group);
    // The host has memory left, and makes no room.
    let wrong = Wrong { entity: entity_of(&group), ..on_host(Kind::MemoryPressure, "ks-reread") };
    Ok(Stage::of(vec![plan], vec![wrong]))
}

fn out_of_memory(intensity: f64, made: &mut Made) -> anyhow::Result<Stage> {
    let group = made.memory_group(GROUP_BYTES, false)?;
    let task = Task::Grow { bytes_per_s: 16.0 * MIB as f64 * intensity };
    let mut plan = Plan::new("ks-grow", task).within(&group);
    plan.restarts = true;
    let wrong = Wrong { entity: entity_of(&group), ..on_host(Kind::MemoryPressure, "ks-grow") };
    Ok(Stage::of(vec![plan], vec![wrong]))
}

/// A memory group as recordings call it.
fn entity_of(group: &Path) -> String {
    let name = group.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_first = group.join("memory.limit_in_bytes").exists();
    format!("cgroup:{}/{name}", if is_first { "memory:" } else { "" })
}

fn swap_thrashing(intensity: f64, made: &mut Made) -> anyhow::Result<Stage> {
    let group = made.memory_group(GROUP_BYTES, true)?;
    made.zram_swap(4 * GROUP_BYTES)?;
    let bytes = usize::try_from(TOO_MUCH_BYTES).context("too much memory")?;
    let task = Task::Touch { bytes, per_s: 10_000.0 * intensity };
    let plan = Plan::new("ks-touch", task).within(&group);
    let kinds = [Kind::SwapThrashing, Kind::PageFault];
    Ok(Stage::of(vec![plan], kinds.map(|kind| on_host(kind, "ks-touch")).to_vec()))
}

/// The device stands over a file that is in memory, so that no disk of the host is pressed.
fn disk_saturation(intensity: f64, made: &mut Made) -> anyhow::Result<Stage> {
    let folder = made.folder(TOO_MUCH_BYTES)?;
    let file = filled(&folder, TOO_MUCH_BYTES)?;
    let device = made.loop_device(&file)?;
    let name = device.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let threads = ks_scenarios::grain::whole(4.0 * intensity);
    let threads = u32::try_from(threads).context("too many threads")?;
    let task = Task::ReadDevice { device, bytes: TOO_MUCH_BYTES, threads };
    let plan = Plan::new("ks-reader", task);
    let wrong = Wrong {
        kind: Kind::BlockDeviceSaturation,
        entity: format!("disk:{name}"),
        culprit: Some("ks-reader".to_owned()),
    };
    Ok(Stage::of(vec![plan], vec![wrong]))
}

fn syscall_storm(intensity: f64) -> Stage {
    let plan = Plan::new("ks-storm", Task::Refused { per_s: 20_000.0 * intensity });
    Stage::of(vec![plan], vec![on_host(Kind::Syscall, "ks-storm")])
}

fn fault_storm(intensity: f64, made: &mut Made) -> anyhow::Result<Stage> {
    let folder = made.folder(TOO_MUCH_BYTES)?;
    let file = filled(&folder, TOO_MUCH_BYTES)?;
    cold(&file)?;
    let group = made.memory_group(GROUP_BYTES, false)?;
    let task = Task::Fault { file, per_s: 1_000.0 * intensity };
    let plan = Plan::new("ks-fault", task).within(&group);
    Ok(Stage::of(vec![plan], vec![on_host(Kind::PageFault, "ks-fault")]))
}

/// A server in a network namespace of its own, with what the fault does to the namespace.
fn served(name: &'static str, task: Task) -> anyhow::Result<(Worker, PathBuf)> {
    let mut server = Plan::new(name, task).start_apart()?;
    let namespace = PathBuf::from(format!("/proc/{}/ns/net", server.pid()));
    let own = std::fs::read_link("/proc/self/ns/net").context("no network namespaces")?;
    // It is in its namespace once `unshare` has made it.
    for _ in 0..50 {
        server.look()?;
        if std::fs::read_link(&namespace).is_ok_and(|link| link != own) {
            std::thread::sleep(Duration::from_millis(200));
            return Ok((server, namespace));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("no network namespace could be made")
}

/// Whose sockets they are is not recorded, so nobody can be to blame.
fn in_netns(kind: Kind, namespace: &Path) -> anyhow::Result<Wrong> {
    let link = std::fs::read_link(namespace).context("the namespace is gone")?;
    let text = link.to_string_lossy();
    let inode = text.trim_start_matches("net:[").trim_end_matches(']');
    Ok(Wrong { kind, entity: format!("netns:{inode}"), culprit: None })
}

/// A server that accepts fewer connections than arrive, beside a client that it can serve.
fn listen_overflow(intensity: f64) -> anyhow::Result<Stage> {
    let (server, namespace) = served("ks-listen", Task::Listen { backlog: 16, per_s: 50.0 })?;
    let client = Task::Connect { per_s: 10.0, holds_ms: 0 };
    let client = Plan::new("ks-client", client).inside(&namespace).start()?;
    let flood = Task::Connect { per_s: 200.0 * intensity, holds_ms: 500 };
    let plan = Plan::new("ks-flood", flood).inside(&namespace);
    let wrong = in_netns(Kind::TcpExhaustion, &namespace)?;
    Ok(Stage { steady: vec![server, client], ..Stage::of(vec![plan], vec![wrong]) })
}

/// A client that closes first keeps each port for 60 s.
fn port_exhaustion(intensity: f64) -> anyhow::Result<Stage> {
    let (server, namespace) = served("ks-listen", Task::Listen { backlog: 512, per_s: 5000.0 })?;
    let client = Task::Connect { per_s: 10.0, holds_ms: 0 };
    let client = Plan::new("ks-client", client).inside(&namespace).start()?;
    let many = Task::Connect { per_s: 800.0 * intensity, holds_ms: 0 };
    let plan = Plan::new("ks-connect", many).inside(&namespace);
    let wrong = in_netns(Kind::TcpExhaustion, &namespace)?;
    Ok(Stage { steady: vec![server, client], ..Stage::of(vec![plan], vec![wrong]) })
}

fn packet_loss(intensity: f64) -> anyhow::Result<Stage> {
    said(Command::new("nft").arg("--version")).context("segments are lost by the packet filter")?;
    let (server, namespace) = served("ks-echo", Task::Echo)?;
    let ask = Plan::new("ks-ask", Task::Ask { per_s: 1_000.0 }).inside(&namespace).start()?;
    let of_1000 = ks_scenarios::grain::whole(60.0 * intensity);
    let rules = format!(
        "table inet ks {{\nchain lost {{\ntype filter hook input priority 0;\n\
         meta l4proto tcp numgen random mod 1000 < {of_1000} drop\n}}\n}}\n"
    );
    let wrong = in_netns(Kind::NetworkDegradation, &namespace)?;
    Ok(Stage {
        steady: vec![server, ask],
        rules: Some((namespace, rules)),
        ..Stage::of(Vec::new(), vec![wrong])
    })
}

/// A file of so many bytes that no compression makes smaller.
fn filled(folder: &Path, bytes: u64) -> anyhow::Result<PathBuf> {
    let path = folder.join("data");
    let cannot = || format!("cannot write `{}`", path.display());
    let mut file = std::fs::File::create(&path).with_context(cannot)?;
    let block = super::tasks::noise(1 << 20);
    for _ in 0..bytes / MIB {
        file.write_all(&block).with_context(cannot)?;
    }
    file.sync_all().with_context(cannot)?;
    Ok(path)
}

/// Puts a file out of memory, so that its pages belong to who reads them next.
fn cold(path: &Path) -> anyhow::Result<()> {
    let file = std::fs::File::open(path).with_context(|| format!("`{}`", path.display()))?;
    Ok(rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?)
}
