//! What runs on a host all the time: mixes of processes as common hosts have them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::demand::{Demand, Requests};
use crate::units::{Bytes, Duration};

/// A mix of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mix {
    /// Nothing but the daemons of a distribution.
    Idle,
    /// A web server, an application, a database and a cache.
    Web,
    /// A database that reads and writes more than it computes.
    Database,
}

/// One process of a mix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resident {
    pub(crate) comm: &'static str,
    pub(crate) group: &'static str,
    pub(crate) threads: f64,
    /// Port that it listens on; 0 for none.
    pub(crate) port: u64,
    pub(crate) demand: Demand,
}

const MIB: u64 = 1 << 20;

fn daemon(comm: &'static str, group: &'static str, memory_mib: u64) -> Resident {
    let demand = Demand {
        cpu: 0.0005,
        calls: 30.0,
        memory: Bytes { bytes: memory_mib * MIB },
        hot: Some(0.1),
        ..Demand::default()
    };
    Resident { comm, group, threads: 2.0, port: 0, demand }
}

/// Daemons of any distribution.
fn daemons() -> Vec<Resident> {
    vec![
        daemon("systemd", "/init.scope", 8),
        daemon("systemd-journal", "/system.slice/systemd-journald.service", 24),
        daemon("systemd-udevd", "/system.slice/systemd-udevd.service", 6),
        daemon("systemd-logind", "/system.slice/systemd-logind.service", 5),
        daemon("dbus-daemon", "/system.slice/dbus.service", 4),
        daemon("sshd", "/system.slice/ssh.service", 6),
        daemon("cron", "/system.slice/cron.service", 3),
        daemon("chronyd", "/system.slice/chrony.service", 3),
        daemon("rsyslogd", "/system.slice/rsyslog.service", 10),
        daemon("containerd", "/system.slice/containerd.service", 48),
        daemon("node_exporter", "/system.slice/node-exporter.service", 20),
    ]
}

fn service(comm: &'static str, group: &'static str, threads: f64, demand: &Demand) -> Resident {
    Resident { comm, group, threads, port: 0, demand: *demand }
}

/// Each rate is for one CPU of the host and is scaled by their number.
fn web() -> Vec<Resident> {
    let nginx = Demand {
        cpu: 0.03,
        system_share: Some(0.5),
        burst: Some(Duration { ns: 200_000 }),
        memory: Bytes { bytes: 64 * MIB },
        calls: 2_000.0,
        segments: 900.0,
        arrivals: 12.0,
        accepts: 400.0,
        file_hot: Bytes { bytes: 40 * MIB },
        file_touches: 200.0,
        ..Demand::default()
    };
    let app = Demand {
        cpu: 0.10,
        burst: Some(Duration { ns: 2_000_000 }),
        memory: Bytes { bytes: 700 * MIB },
        hot: Some(0.6),
        touches: 20_000.0,
        minor_faults: 60.0,
        calls: 1_500.0,
        segments: 400.0,
        file_hot: Bytes { bytes: 80 * MIB },
        file_touches: 300.0,
        ..Demand::default()
    };
    let cache = Demand {
        cpu: 0.01,
        memory: Bytes { bytes: 300 * MIB },
        hot: Some(0.8),
        touches: 5_000.0,
        calls: 800.0,
        segments: 300.0,
        ..Demand::default()
    };
    let mut all = vec![
        Resident { port: 443, ..service("nginx", "/system.slice/nginx.service", 8.0, &nginx) },
        service("app", "/system.slice/app.service", 32.0, &app),
        service("redis-server", "/system.slice/redis.service", 4.0, &cache),
    ];
    all.extend(database(0.3));
    all
}

fn database(part: f64) -> Vec<Resident> {
    let size = |bytes: u64| Bytes { bytes };
    let postgres = Demand {
        cpu: 0.12 * part,
        memory: size(600 * MIB),
        hot: Some(0.7),
        touches: 10_000.0,
        minor_faults: 40.0,
        calls: 2_000.0 * part,
        read: Requests { threads: part, think: Duration { ns: 12_000_000 }, size: size(8192) },
        file_hot: size(300 * MIB),
        file_touches: 500.0,
        ..Demand::default()
    };
    let wal = Demand {
        cpu: 0.01 * part,
        memory: size(20 * MIB),
        sync: Requests {
            threads: 0.5 * part,
            think: Duration { ns: 20_000_000 },
            size: size(16_384),
        },
        write: 200_000.0 * part,
        ..Demand::default()
    };
    vec![
        service("postgres", "/system.slice/postgresql.service", 24.0, &postgres),
        service("walwriter", "/system.slice/postgresql.service", 2.0, &wal),
    ]
}

/// Memory of a resident on a host with so much of it: the mixes are made for 8 GiB.
pub(crate) fn scaled(bytes: u64, host_bytes: u64) -> u64 {
    let scale = host_bytes as f64 / (8u64 << 30) as f64;
    crate::grain::whole(bytes as f64 * scale.clamp(0.02, 16.0))
}

/// The processes of a mix.
pub(crate) fn residents(mix: Mix) -> Vec<Resident> {
    let mut all = daemons();
    match mix {
        Mix::Idle => {}
        Mix::Web => all.extend(web()),
        Mix::Database => all.extend(database(2.0)),
    }
    all
}
