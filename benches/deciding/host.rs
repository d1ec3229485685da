//! A host on which there is something to decide: a tenant takes the CPUs of its sibling.

use ks_scenarios::scenario::Scenario;

const HOST: &str = r#"
summary = "A tenant takes the CPUs of its sibling."
duration = "$"

[host]
cpus = 4

[background]
mix = "web"

[[process]]
name = "hog"
group = "/tenants.slice/b.service"
threads = 16
during = "burst"
demand = { spin = 16.0 }

[[process]]
name = "worker"
group = "/tenants.slice/a.service"
threads = 4
demand = { cpu = 0.2, burst = "2ms" }

[[fault]]
name = "burst"
at = "20s"
"#;

/// Processes that sleep, each in a unit of its own.
const IDLERS: &str = r#"
[[process]]
name = "idler"
group = "/system.slice/idler-{}.service"
count = 300
demand = { cpu = 0.0001, memory = "4MiB" }
"#;

/// A host of some seventy processes.
pub(crate) fn burst(duration: &str) -> Scenario {
    Scenario::parse(&HOST.replace('$', duration), "deciding.toml").unwrap()
}

/// The same with three hundred more.
pub(crate) fn wide(duration: &str) -> Scenario {
    let text = format!("{HOST}{IDLERS}").replace('$', duration);
    Scenario::parse(&text, "deciding.toml").unwrap()
}
