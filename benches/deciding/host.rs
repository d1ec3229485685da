//! A host on which there is something to decide: a tenant takes the CPUs of its sibling.

use ks_scenarios::scenario::Scenario;

const HOST: &str = include_str!("../../tests/hostile/burst.toml");

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
    with(duration, "")
}

/// The same with three hundred more.
pub(crate) fn wide(duration: &str) -> Scenario {
    with(duration, IDLERS)
}

fn with(duration: &str, more: &str) -> Scenario {
    let lasts = format!("\"{duration}\"");
    let host = HOST.replace("\"4m\"", &lasts).replace("\"idle\"", "\"web\"");
    Scenario::parse(&(host + more), "deciding.toml").unwrap()
}
