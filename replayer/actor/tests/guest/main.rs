//! Every effect of the catalogue by an actor in its sandbox, on the kernel that this runs on: done,
//! looked at, undone exactly, looked at; and what happens to others meanwhile. `make test-kernels`
//! runs it in guests of other kernels, with `--guest`, and in one whose first process is systemd,
//! with `--systemd` and, where it has no bus yet, with `--systemd-without-bus`. Without these it
//! touches what it made alone.
//!
//! Each check prints one line: `ok NAME`, `cannot NAME: why` for what this kernel cannot do,
//! `skipped: NAME: why` for what is not here, or `FAILED NAME: why`.
#![expect(clippy::print_stdout, reason = "a test")]

mod child;
mod files;
mod first;
mod group;
mod identity;
mod lab;
mod meanwhile;
mod parameter;
mod process;
mod systemd;

use std::process::ExitCode;

use ks_actor::process::Setup;

use lab::{Lab, No, Verdict};

type Check = fn(&mut Lab) -> Verdict;

const CHECKS: [(&str, Check); 56] = [
    ("nice", process::nice_level),
    ("policy_batch", process::policy_batch),
    ("policy_idle", process::policy_idle),
    ("affinity", process::affinity),
    ("io_priority_idle", process::io_priority_idle),
    ("io_priority_best_effort", process::io_priority_best_effort),
    ("autogroup", process::autogroup),
    ("oom_score_adj", process::oom_score),
    ("oom_score_adj_protected", process::oom_score_protected),
    ("signal_stop", process::stop),
    ("signal_stop_for_a_time", process::stop_for_a_time),
    ("signal_continue", process::go_on),
    ("signal_terminate", process::terminate),
    ("link_mode", process::link_mode),
    ("cpu.max", files::cpu_max),
    ("cpu.weight", files::cpu_weight),
    ("io.max", files::io_max),
    ("io.weight", files::io_weight),
    ("io.bfq.weight", files::io_bfq_weight),
    ("memory.high", files::memory_high),
    ("memory.reclaim", files::memory_reclaim),
    ("memory.swap.max", files::memory_swap_max),
    ("pids.max", files::pids_max),
    ("cgroup.freeze", files::freeze),
    ("cpu.cfs_quota_us", first::quota),
    ("cpu.shares", first::shares),
    ("pids.max_of_version_1", first::pids_max),
    ("blkio.throttle", first::throttle),
    ("freezer.state", first::freeze),
    ("another_wrote_of_version_1", first::another_wrote),
    ("read_ahead", files::read_ahead),
    ("sync_filesystem", files::sync_filesystem),
    ("netdev_max_backlog", parameter::netdev_max_backlog),
    ("somaxconn", parameter::somaxconn),
    ("ip_local_port_range", parameter::port_range),
    ("tcp_fin_timeout", parameter::fin_timeout),
    ("tcp_max_syn_backlog", parameter::syn_backlog),
    ("tcp_tw_reuse", parameter::tw_reuse),
    ("nf_conntrack_max", parameter::conntrack_max),
    ("swappiness", parameter::swappiness),
    ("dirty_background", parameter::dirty_background),
    ("drop_caches", parameter::drop_caches),
    ("recycled_id", identity::recycled_id),
    ("group_made_anew", identity::group_made_anew),
    ("controller_off_and_on", identity::controller_off_and_on),
    ("controller_off", identity::controller_off),
    ("zombie", identity::zombie),
    ("kernel_thread", identity::kernel_thread),
    ("threads_that_appear", meanwhile::threads_that_appear),
    ("children_made_since", meanwhile::children_made_since),
    ("frozen", meanwhile::frozen),
    ("frozen_and_terminated", meanwhile::frozen_and_terminated),
    ("another_gave_a_nice_level", meanwhile::another_gave_a_nice_level),
    ("another_gave_a_policy_or_io_priority", meanwhile::another_gave_a_policy_or_io_priority),
    ("another_wrote_an_oom_score", meanwhile::another_wrote_an_oom_score),
    ("another_wrote_a_limit", meanwhile::another_wrote_a_limit),
];

/// What systemd says over its own socket; a new start of systemd itself ends that.
const WITHOUT_BUS: [(&str, Check); 3] = [
    ("systemd_reload_without_bus", systemd::reload),
    ("systemd_set_property_without_bus", systemd::set_property),
    ("systemd_restart_without_bus", systemd::restart),
];

const UNDER_SYSTEMD: [(&str, Check); 4] = [
    ("systemd_reload", systemd::reload),
    ("systemd_reexec", systemd::reexec),
    ("systemd_set_property", systemd::set_property),
    ("systemd_restart", systemd::restart),
];

/// Prints the line of a check; true where it is not as it has to be.
fn tell(name: &str, verdict: Verdict, is_guest: bool) -> bool {
    match verdict {
        Ok(()) => println!("ok {name}"),
        Err(No::Cannot(why)) if is_guest => println!("cannot {name}: {}", lasting(&why)),
        Err(No::Cannot(why) | No::Skipped(why)) => println!("skipped: {name}: {why}"),
        Err(No::Failed(why)) => {
            println!("FAILED {name}: {why}");
            return true;
        }
    }
    false
}

/// A reason without the ids of processes, which are others in each run.
fn lasting(why: &str) -> String {
    let mut parts = why.split("process ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| {
        told + "process" + part.trim_start_matches(|one: char| one.is_ascii_digit())
    })
}

fn all(checks: &[(&str, Check)], is_guest: bool) -> bool {
    let mut lab = match Lab::new(is_guest) {
        Ok(lab) => lab,
        Err(why) => return tell("actor", Err(why), is_guest),
    };
    let mut is_wrong = tell("actor", Ok(()), is_guest);
    for (name, check) in checks {
        if tell(name, check(&mut lab), is_guest) {
            is_wrong = true;
            // What one check left is none of the next one's, nor that an actor ended.
            match Lab::new(is_guest) {
                Ok(another) => lab = another,
                Err(why) => return tell("another_actor", Err(why), is_guest) | is_wrong,
            }
        }
    }
    is_wrong | tell("audit_log", lab.end(), is_guest)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((setup, role)) = Setup::called(&arguments) {
        return if setup.be(role).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if arguments == [child::WORD] {
        return if child::be().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: not root, and an actor is started by root");
        return ExitCode::SUCCESS;
    }
    let is_wrong = match arguments.first().map(String::as_str) {
        Some("--systemd-without-bus") => all(&WITHOUT_BUS, true),
        Some("--systemd") => all(&UNDER_SYSTEMD, true),
        Some("--guest") => all(&CHECKS, true),
        Some(_) | None => all(&CHECKS, false),
    };
    if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
