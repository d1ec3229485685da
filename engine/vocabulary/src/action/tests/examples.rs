//! One action of each form: as JSON, as canonical text, and what is written to perform it.

/// See the module.
pub(super) const EXAMPLES: &[(&str, &str, Option<&str>)] = &[
    (
        r#"{"lower_process_priority":{"process":"process:5678:99","nice":10}}"#,
        "renice -n 10 -p 5678",
        None,
    ),
    (
        r#"{"lower_autogroup_priority":{"process":"process:5678:99","nice":10}}"#,
        "autogroup -n 10 -p 5678",
        Some("10"),
    ),
    (
        r#"{"demote_scheduling_class":{"process":"process:5678:99","class":"batch"}}"#,
        "chrt -b -p 0 5678",
        None,
    ),
    (
        r#"{"set_cpu_affinity":{"process":"process:5678:99","cpus":"0-3"}}"#,
        "taskset -c -p 0-3 5678",
        None,
    ),
    (
        r#"{"throttle_cpu":{"process":"process:5678:99","percent":50}}"#,
        "cpulimit -p 5678 -l 50",
        Some("50000 100000"),
    ),
    (
        r#"{"limit_cgroup_cpu":{"group":"/work.slice/batch.service","percent":50}}"#,
        "cgset -r cpu.max=50000:100000 work.slice/batch.service",
        Some("50000 100000"),
    ),
    (
        r#"{"lower_cpu_weight":{"group":"/work.slice/batch.service","weight":20}}"#,
        "cgset -r cpu.weight=20 work.slice/batch.service",
        Some("20"),
    ),
    (
        r#"{"limit_cgroup_pids":{"group":"/work.slice/batch.service","max":400}}"#,
        "cgset -r pids.max=400 work.slice/batch.service",
        Some("400"),
    ),
    (r#"{"pause_process":{"process":"process:5678:99","lasts":60}}"#, "kill -STOP 5678", None),
    (r#"{"resume_process":{"process":"process:5678:99"}}"#, "kill -CONT 5678", None),
    (
        r#"{"freeze_cgroup":{"group":"/work.slice/batch.service","lasts":60}}"#,
        "cgset -r cgroup.freeze=1 work.slice/batch.service",
        Some("1"),
    ),
    (
        r#"{"thaw_cgroup":{"group":"/work.slice/batch.service"}}"#,
        "cgset -r cgroup.freeze=0 work.slice/batch.service",
        Some("0"),
    ),
    (r#"{"terminate_process":{"process":"process:5678:99"}}"#, "kill -TERM 5678", None),
    (
        r#"{"lower_io_priority":{"process":"process:5678:99","level":7}}"#,
        "ionice -c 2 -n 7 -p 5678",
        None,
    ),
    (
        r#"{"lower_io_weight":{"group":"/work.slice/backup.service","weight":20}}"#,
        "cgset -r io.weight=20 work.slice/backup.service",
        Some("20"),
    ),
    (
        r#"{"throttle_io":{"group":"/a.slice/b.service","disk":"8:0","limit":{"wbps":10485760}}}"#,
        "cgset -r io.max=8:0:wbps=10485760 a.slice/b.service",
        Some("8:0 wbps=10485760"),
    ),
    (r#"{"flush_buffers":{"mount":"mnt#2"}}"#, "sync -f mnt#2", None),
    (
        r#"{"lower_dirty_background":{"percent":5}}"#,
        "sysctl -w vm.dirty_background_ratio=5",
        Some("5"),
    ),
    (r#"{"reduce_readahead":{"disk":"8:0","kb":64}}"#, "blockdev --setra-kb 64 8:0", Some("64")),
    (r#"{"reduce_swappiness":{"value":10}}"#, "sysctl -w vm.swappiness=10", Some("10")),
    (r#"{"clear_page_cache":{"level":1}}"#, "sysctl -w vm.drop_caches=1", Some("1")),
    (
        r#"{"limit_cgroup_memory_high":{"group":"/work.slice/b.service","bytes":838860800}}"#,
        "cgset -r memory.high=838860800 work.slice/b.service",
        Some("838860800"),
    ),
    (
        r#"{"reclaim_cgroup_memory":{"group":"/work.slice/b.service","bytes":104857600}}"#,
        "cgset -r memory.reclaim=104857600 work.slice/b.service",
        Some("104857600"),
    ),
    (
        r#"{"limit_cgroup_swap":{"group":"/work.slice/b.service","bytes":268435456}}"#,
        "cgset -r memory.swap.max=268435456 work.slice/b.service",
        Some("268435456"),
    ),
    (
        r#"{"raise_oom_score":{"process":"process:5678:99","adj":500}}"#,
        "choom -n 500 -p 5678",
        Some("500"),
    ),
    (
        r#"{"increase_tcp_backlog":{"value":4096}}"#,
        "sysctl -w net.ipv4.tcp_max_syn_backlog=4096",
        Some("4096"),
    ),
    (r#"{"increase_somaxconn":{"value":4096}}"#, "sysctl -w net.core.somaxconn=4096", Some("4096")),
    (
        r#"{"reduce_fin_timeout":{"seconds":30}}"#,
        "sysctl -w net.ipv4.tcp_fin_timeout=30",
        Some("30"),
    ),
    (
        r#"{"widen_port_range":{"low":15000,"high":65000}}"#,
        "sysctl -w net.ipv4.ip_local_port_range=15000:65000",
        Some("15000 65000"),
    ),
    (r#""enable_tw_reuse""#, "sysctl -w net.ipv4.tcp_tw_reuse=1", Some("1")),
    (
        r#"{"raise_conntrack_max":{"value":262144}}"#,
        "sysctl -w net.netfilter.nf_conntrack_max=262144",
        Some("262144"),
    ),
    (
        r#"{"raise_netdev_backlog":{"value":4000}}"#,
        "sysctl -w net.core.netdev_max_backlog=4000",
        Some("4000"),
    ),
    (
        r#"{"force_network_speed":{"nic":"if#1","mbit":1000}}"#,
        "ethtool -s if#1 speed 1000 duplex full autoneg on",
        None,
    ),
    (r#"{"list_top_memory":{"count":10}}"#, "info top-memory -n 10", None),
    (r#"{"list_top_cpu":{"count":10}}"#, "info top-cpu -n 10", None),
    (r#"{"check_io_activity":{"count":10}}"#, "info io-activity -n 10", None),
    (r#""check_network_stats""#, "info network-stats", None),
    (r#""check_tcp_stats""#, "info tcp-stats", None),
    (r#"{"monitor_swap":{"lasts":5}}"#, "info swap -t 5", None),
    (r#"{"list_blocked_tasks":{"count":10}}"#, "info blocked-tasks -n 10", None),
    (r#"{"show_cgroup_usage":{"group":"cg#4"}}"#, "info cgroup cg#4", None),
    (r#"{"show_process":{"process":"proc#7"}}"#, "info process proc#7", None),
    (r#""check_disk_space""#, "info disk-space", None),
    (r#"{"list_sockets":{"process":"proc#7"}}"#, "info sockets proc#7", None),
    (r#""check_pressure""#, "info pressure", None),
];
