//! A made load: processes that work in every tick, processes that sleep, control groups they are
//! in. All are children of the bench and end with it.

mod status;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

pub use status::status_kb;

const ROLE: &str = "KS_BENCH_ROLE";
const GROUPS: &str = "/sys/fs/cgroup";

/// In a child that is to play a role, plays it for ever; else returns.
pub fn play_role() {
    match std::env::var(ROLE).as_deref() {
        Ok("busy") => busy(),
        Ok("idle") => loop {
            std::thread::sleep(Duration::from_hours(1));
        },
        Ok(_) | Err(_) => {}
    }
}

/// Some work and some fresh pages five times a second, never twice the same amount.
fn busy() {
    let mut state = u64::from(std::process::id());
    loop {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pages = 64 + (state >> 32) % 64;
        let length = usize::try_from(pages * 4096).expect("less than a megabyte");
        let memory = vec![1u8; length];
        std::hint::black_box(&memory);
        drop(memory);
        std::thread::sleep(Duration::from_millis(150 + (state >> 40) % 100));
    }
}

/// A load that runs until it is dropped.
pub struct Mix {
    /// The processes, those that work first.
    pub children: Vec<Child>,
    /// Control groups that could be made.
    pub groups: Vec<PathBuf>,
}

impl Mix {
    /// Starts `busy` and `idle` processes, spread over `groups` control groups.
    pub fn start(busy: usize, idle: usize, groups: usize) -> Self {
        let mut mix = Self { children: Vec::new(), groups: Vec::new() };
        mix.make_groups(groups);
        let own = std::env::current_exe().expect("this program has a path");
        for at in 0..busy + idle {
            let role = if at < busy { "busy" } else { "idle" };
            let child = Command::new(&own).env(ROLE, role).spawn().expect("a child starts");
            mix.place(at, child.id());
            mix.children.push(child);
        }
        std::thread::sleep(Duration::from_secs(2));
        mix
    }

    fn make_groups(&mut self, count: usize) {
        let version_1 = Path::new(GROUPS).join("cpuacct");
        let parent = if version_1.exists() { version_1 } else { PathBuf::from(GROUPS) };
        for at in 0..count {
            let path = parent.join(format!("ks-bench-{}-{at}", std::process::id()));
            if std::fs::create_dir(&path).is_ok() {
                self.groups.push(path);
            }
        }
    }

    fn place(&self, at: usize, pid: u32) {
        if let Some(group) = at.checked_rem(self.groups.len()).map(|at| &self.groups[at]) {
            let _ = std::fs::write(group.join("cgroup.procs"), pid.to_string());
        }
    }
}

impl Drop for Mix {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        for group in &self.groups {
            let _ = std::fs::remove_dir(group);
        }
    }
}

/// Seconds to measure for: `KS_BENCH_SECONDS`, or this bench's default.
pub fn seconds(default: u64) -> u64 {
    std::env::var("KS_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
