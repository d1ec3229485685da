//! One condition is one incident, on however many places it is measured.

use super::*;

fn disk_named(name: &str) -> Entity {
    Entity::Disk(name.as_bytes().to_vec())
}

#[test]
fn disks_that_saturate_at_once_are_one_incident() {
    let busy = |id: u64, onset_s: u64| {
        signal(id, BlockDeviceSaturation, disk_named(&std::format!("sd{id}")), onset_s)
    };
    let mut lab = Lab::default();
    lab.raise((1..=5).map(|id| busy(id, 100)));
    assert_eq!(lab.episodes(), [[1, 2, 3, 4, 5]]);
    let apart = |one: Signal, other: Signal| {
        let mut lab = Lab::default();
        lab.raise([one, other]);
        assert_eq!(lab.episodes(), [[1], [2]]);
    };
    apart(busy(1, 100), busy(2, 111));
    let by_one = |id: u64, pid: u64| by(busy(id, 100), pid, Metric::IoBytes);
    apart(by_one(1, WRITER), by_one(2, LEAK));
    let nics = |form: Subtype| {
        let on = |id: u64, form: Subtype| {
            let nic = Entity::Nic(std::format!("eth{id}").into_bytes());
            in_form(signal(id, NetworkDegradation, nic, 100), form)
        };
        let mut lab = Lab::default();
        lab.raise([on(1, Subtype::CarrierLost), on(2, form)]);
        lab.episodes().len()
    };
    assert_eq!((nics(Subtype::CarrierLost), nics(Subtype::Errors)), (1, 2));
}

#[test]
fn a_device_and_the_disk_below_it_are_one_incident_at_the_disk() {
    let disks = BTreeMap::from([("dm-0", "sda")]);
    for upper_s in [100, 130] {
        for is_upper_first in [true, false] {
            let mut lab = Lab { disks: disks.clone(), ..Lab::default() };
            let mut signals = [
                signal(1, BlockDeviceSaturation, disk_named("dm-0"), upper_s),
                signal(2, BlockDeviceSaturation, disk_named("sda"), 115),
            ];
            if !is_upper_first {
                signals.reverse();
            }
            lab.raise(signals);
            assert_eq!(lab.episodes().len(), 1, "{upper_s} {:?}", lab.episodes());
            let causes = &lab.last(1).causes;
            let named: Vec<&Entity> = causes.iter().map(|cause| &cause.entity).collect();
            assert_eq!(named, [&disk_named("sda")], "{upper_s} {is_upper_first}");
            assert!(told(&causes[0]).contains("lies on others"), "{}", told(&causes[0]));
        }
    }
    let mut lab = Lab { disks, ..Lab::default() };
    lab.raise([
        by(signal(1, BlockDeviceSaturation, disk_named("dm-0"), 100), WRITER, Metric::IoBytes),
        signal(2, BlockDeviceSaturation, disk_named("sda"), 130),
    ]);
    assert_eq!(lab.episodes(), [[1, 2]]);
    assert_eq!(lab.first_cause(1), &process(WRITER), "who is convicted comes before a place");
}

#[test]
fn ports_that_run_out_are_one_incident_with_the_calls_and_the_load_that_they_lead_to() {
    let naming = |mut signal: Signal, pid: u64, metric: Metric| {
        signal.culprits.push(named(process(pid), metric, false));
        signal
    };
    let raise = |worker: u64| {
        let ports = in_form(signal(1, TcpExhaustion, Entity::Netns(3), 100), Subtype::Ports);
        let refused = in_form(host(2, Syscall, 102), Subtype::Refused);
        let load = in_form(host(3, LoadMismatch, 104), Subtype::CpuBound);
        let mut lab = Lab::default();
        lab.raise([
            ports,
            naming(refused, WORKER, Metric::RefusedCalls),
            naming(load, worker, Metric::CpuTime),
            in_form(host(4, TcpExhaustion, 106), Subtype::Ports),
        ]);
        lab.episodes()
    };
    assert_eq!(raise(WORKER), [[1, 2, 3, 4]]);
    assert_eq!(raise(WRITER), [vec![1, 2, 4], vec![3]], "a load of somebody else's");
}

#[test]
fn what_only_a_group_is_short_of_is_one_incident_of_the_host_and_the_group() {
    let raise = |victim: &str| {
        let mut lab = Lab { groups: BTreeMap::from([(LEAK, "/job")]), ..Lab::default() };
        let wide = by(host(1, MemoryPressure, 100), WRITER, Metric::MemoryGrowth);
        let mut own = signal(2, MemoryPressure, group("/job"), 102);
        own.severity = Severity::Low;
        lab.raise([hurting(wide, group(victim)), by(own, LEAK, Metric::MemoryGrowth)]);
        lab
    };
    assert_eq!(raise("/job").episodes(), [[1, 2]]);
    assert_eq!(raise("/other").episodes(), [[1], [2]]);
    let mut lab = Lab::default();
    lab.raise([
        in_form(signal(1, Scheduler, group("/job"), 100), Subtype::Throttled),
        hurting(host(2, Scheduler, 101), group("/job")),
    ]);
    assert_eq!(lab.episodes(), [[1, 2]], "its quota is what the host's tasks wait for");
}
