//! The tables of allowed and refused texts, and what holds of all rules together.

use std::string::String;
use std::vec::Vec;

use super::*;
use proptest::prelude::*;

/// Texts of `docs`' table: what each allowed form accepts, and what looks like it and is refused.
const TEXTS: [(&str, &str); 48] = [
    ("renice -n 10 -p 5678", "renice -n -10 -p 5678"),
    ("autogroup -n 19 -p 5678", "autogroup -n 20 -p 5678"),
    ("chrt -b -p 0 5678", "chrt -f -p 99 5678"),
    ("chrt -i -p 0 5678", "chrt -r -p 1 5678"),
    ("taskset -c -p 0-3 5678", "taskset -p ff 5678"),
    ("cpulimit -p 5678 -l 50", "cpulimit -p 5678 -l 0"),
    ("cgset -r cpu.max=50000:100000 a.slice", "cgset -r cpu.max=max a.slice"),
    ("cgset -r cpu.weight=20 a.slice", "cgset -r cpu.weight=10000 a.slice"),
    ("cgset -r pids.max=400 a.slice", "cgset -r pids.max=0 a.slice"),
    ("kill -STOP 5678", "kill -STOP 1"),
    ("kill -CONT 5678", "kill -CONT -5678"),
    ("kill -TERM 5678", "kill -9 5678"),
    ("cgset -r cgroup.freeze=1 a.slice", "cgset -r cgroup.freeze=1 /"),
    ("cgset -r cgroup.freeze=0 a.slice", "cgset -r cgroup.freeze=2 a.slice"),
    ("ionice -c 2 -n 7 -p 5678", "ionice -c 2 -n 0 -p 5678"),
    ("ionice -c 3 -p 5678", "ionice -c 1 -n 0 -p 5678"),
    ("cgset -r io.weight=20 a.slice", "cgset -r io.weight=0 a.slice"),
    ("cgset -r io.max=8:0:rbps=10485760 a.slice", "cgset -r io.max=8:0:rbps=0 a.slice"),
    ("cgset -r io.max=8:0:wbps=10485760 a.slice", "cgset -r io.max=8:0:wbps=1e9 a.slice"),
    ("cgset -r io.max=8:0:riops=500 a.slice", "cgset -r io.max=8:0:riops=-1 a.slice"),
    ("cgset -r io.max=8:0:wiops=500 a.slice", "cgset -r io.max=8:0:wiops=0x10 a.slice"),
    ("sync -f mnt#2", "sync -f /etc/passwd"),
    ("sysctl -w vm.dirty_background_ratio=5", "sysctl -w vm.dirty_background_ratio=0"),
    ("blockdev --setra-kb 64 8:0", "blockdev --setrw 8:0"),
    ("sysctl -w vm.swappiness=10", "sysctl -w vm.swappiness=999999"),
    ("sysctl -w vm.drop_caches=1", "sysctl -w vm.drop_caches=4"),
    ("cgset -r memory.high=838860800 a.slice", "cgset -r memory.max=1 a.slice"),
    ("cgset -r memory.reclaim=104857600 a.slice", "cgset -r memory.reclaim=-1 a.slice"),
    ("cgset -r memory.swap.max=268435456 a.slice", "cgset -r memory.swap.max=1;id a.slice"),
    ("choom -n 500 -p 5678", "choom -n -1000 -p 5678"),
    ("sysctl -w net.ipv4.tcp_max_syn_backlog=4096", "sysctl -w net.ipv4.tcp_max_syn_backlog=0"),
    ("sysctl -w net.core.somaxconn=4096", "sysctl -w net.core.somaxconn=70000"),
    ("sysctl -w net.ipv4.tcp_fin_timeout=30", "sysctl -w net.ipv4.tcp_fin_timeout=120"),
    (
        "sysctl -w net.ipv4.ip_local_port_range=15000:65000",
        "sysctl -w net.ipv4.ip_local_port_range=1:65535",
    ),
    ("sysctl -w net.ipv4.tcp_tw_reuse=1", "sysctl -w net.ipv4.tcp_tw_reuse=3"),
    (
        "sysctl -w net.netfilter.nf_conntrack_max=262144",
        "sysctl -w net.netfilter.nf_conntrack_max=0",
    ),
    (
        "sysctl -w net.core.netdev_max_backlog=4000",
        "sysctl -w net.core.netdev_max_backlog=99999999",
    ),
    (
        "ethtool -s if#1 speed 1000 duplex full autoneg on",
        "ethtool -s if#1 speed 10 duplex half autoneg off",
    ),
    ("info top-memory -n 10", "info top-memory -n 10 > /x"),
    ("info top-cpu -n 10", "info top-cpu -n 51"),
    ("info io-activity -n 10", "info io-activity -n -1"),
    ("info network-stats", "info network-stats eth0"),
    ("info swap -t 5", "info swap -t 3600"),
    ("info blocked-tasks -n 10", "info blocked-tasks -n 0"),
    ("info cgroup cg#4", "info cgroup ../../etc"),
    ("info process proc#7", "info process 5678"),
    ("info sockets proc#7", "info sockets proc#07"),
    ("info pressure", "ps -p 1 -o pid; id"),
];

/// What each forbidden rule refuses, and a text like it that the rule lets pass.
const FORBIDDEN: [(usize, &str, &str); 22] = [
    (1, "renice -n 10 -p 5678; id", "renice -n 10 -p 5678"),
    (2, "kill -TERM ٥٦٧٨", "kill -TERM 5678"),
    (3, "rm -r -f /var", "cgset -r cpu.weight=9 rm.slice"),
    (4, "mkfs.ext4 8:0", "blockdev --setra-kb 64 8:0"),
    (5, "dd of=/dev/sda", "info disk-space"),
    (6, "reboot", "cgset -r cpu.weight=9 reboot-notifier.service"),
    (7, "kill -KILL 5678", "kill -TERM 5678"),
    (8, "kill -TERM -1", "kill -TERM 4194304"),
    (9, "chmod 777 /etc", "choom -n 500 -p 5678"),
    (10, "iptables -F", "info network-stats"),
    (11, "systemctl stop ssh", "cgset -r cpu.weight=9 ssh-batch.service"),
    (12, "sudo renice -n 10 -p 5678", "info process proc#7"),
    (13, "bash -c id", "info cgroup cg#4"),
    (14, "curl x", "info tcp-stats"),
    (15, "passwd root", "info pressure"),
    (16, "modprobe x", "info blocked-tasks -n 5"),
    (17, "swapoff -a", "info swap -t 5"),
    (18, "sysctl -w kernel.core_pattern=x", "sysctl -w vm.swappiness=10"),
    (19, "ionice -c 1 -n 0 -p 5678", "ionice -c 3 -p 5678"),
    (20, "cgset -r cpu.weight=9 ../x", "cgset -r cpu.weight=9 a.slice/b.service"),
    (21, "cgset -r cgroup.procs=1 a.slice", "cgset -r cgroup.freeze=1 a.slice"),
    (22, "docker kill x", "cgset -r pids.max=400 docker.slice"),
];

#[test]
fn each_allowed_text_passes_and_its_hostile_twin_does_not() {
    let policy = TextPolicy::new();
    for (good, bad) in TEXTS {
        assert!(policy.check_text(good).is_ok(), "{good}: {:?}", policy.check_text(good));
        assert!(policy.check_text(bad).is_err(), "{bad}");
    }
}

#[test]
fn every_form_of_the_catalogue_has_a_pattern_and_a_text() {
    let policy = TextPolicy::new();
    for kind in ActionKind::ALL {
        assert!(policy.allowed().iter().any(|allowed| allowed.kind == kind), "{kind:?}");
    }
    let mut unused: Vec<usize> = policy.allowed().iter().map(|allowed| allowed.number).collect();
    for (good, _) in TEXTS {
        let number = policy.check_text(good).unwrap().number;
        unused.retain(|one| *one != number);
    }
    let unused: Vec<&str> = unused.iter().map(|at| policy.allowed()[at - 1].template).collect();
    assert_eq!(unused, ["info tcp-stats", "info disk-space"], "they have no parameter");
    assert!(policy.allowed().len() >= 40 && policy.forbidden().len() >= 15);
}

#[test]
fn each_forbidden_rule_finds_its_own_and_lets_its_near_miss_pass() {
    let policy = TextPolicy::new();
    for (number, bad, near) in FORBIDDEN {
        let rule = &policy.forbidden()[number - 1];
        assert_eq!(rule.number, number);
        assert!(rule.finds(bad), "{number}: {bad}");
        assert!(!rule.finds(near), "{number}: {near}");
        assert!(policy.check_text(near).is_ok(), "{near}: {:?}", policy.check_text(near));
    }
}

#[test]
fn command_texts_of_the_catalogue_of_attacks_are_refused() {
    let policy = TextPolicy::new();
    let long = std::format!("kill -TERM {}", "5".repeat(10_000));
    let hostile = [
        "ps -p 1 -o pid; id > /tmp/x",
        "renice -n 10 -p 5678 && curl http://x/y | sh",
        "ps -p 1 -o `id`",
        "renice -n 10 -p $(id)",
        "kill -TERM 5678\nkill -TERM 5679",
        "kill -TERM 5678\n",
        "kill -TERM 5678\0",
        " kill -TERM 5678",
        "KILL -TERM 5678",
        "kill -TERM 5678 5679",
        "kill -TERM  5678",
        "kill -TERM 05678",
        "kill -TERM +5678",
        "kill -TERM 0",
        "kill -TERM 4194305",
        "renice -n 10 -p 1",
        "renice -n 1e1 -p 5678",
        "renice -n 0x10 -p 5678",
        "renice -n true -p 5678",
        "cgset -r cpu.weight=20 a.slice/../..",
        "cgset -r cpu.weight=20 /a.slice",
        "cgset -r cpu.weight=20 -a.slice",
        "cgset -r cgroup.kill=1 a.slice",
        "sysctl -w vm.swappiness=10 kernel.sysrq=1",
        "ethtool -s eth0 speed 1000 duplex full autoneg on",
        "",
        long.as_str(),
    ];
    for text in hostile {
        assert!(policy.check_text(text).is_err(), "{text:?}");
    }
}

/// No pattern may take what nobody wrote down: no dot, no negated class, no repetition without an
/// end but of the letters of a group's path and of the CPUs in a list.
#[test]
fn no_pattern_is_open() {
    for allowed in TextPolicy::new().allowed() {
        let pattern = &allowed.pattern;
        assert!(pattern.starts_with(r"\A(?-u:") && pattern.ends_with(r")\z"), "{pattern}");
        let plain = pattern.replace(r"\.", "").replace("[.]", "");
        let closed = ["[A-Za-z0-9_@:-])*", "[A-Za-z0-9_@:-])*?"];
        let rest = closed.iter().fold(plain, |rest, known| rest.replace(known, ")"));
        assert!(!rest.contains('.') && !rest.contains("[^") && !rest.contains(r"\w"), "{pattern}");
        let is_path_or_list =
            pattern.contains("A-Za-z") || allowed.kind == ActionKind::SetCpuAffinity;
        assert!(is_path_or_list || !rest.contains(['*', '+']), "{pattern}");
    }
}

/// Text that is built of the pieces that commands are made of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(std::vec![
        "kill",
        "renice",
        "-TERM",
        "-n",
        "-p",
        "-r",
        "cgset",
        "sysctl",
        "-w",
        "5678",
        "1",
        "0",
        "-1",
        "cpu.weight=20",
        "a.slice",
        "..",
        "/",
        ";",
        "vm.swappiness=10",
        "kernel.panic=1",
        "info",
        "pressure",
        "10",
        "ionice",
        "-c",
        "3",
        "2",
        "proc#7",
        "rm",
        "*",
        "$x",
        "autogroup",
    ]);
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.join(" "))
}

/// A text is held against the forms of its first word alone: no other could be like it.
#[test]
fn every_form_begins_with_a_word_of_its_own() {
    for allowed in TextPolicy::new().allowed() {
        let word = first_word(allowed.template);
        assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()) && !word.is_empty(), "{word}");
        assert!(allowed.pattern.contains(&format!("\\A(?-u:{word} ")), "{}", allowed.pattern);
    }
}

proptest! {
    #[test]
    fn what_passes_is_one_allowed_form_and_nothing_forbidden(text in pieces()) {
        let policy = TextPolicy::new();
        if let Ok(allowed) = policy.check_text(&text) {
            let count = policy.matches(&text).count();
            prop_assert_eq!(count, 1, "{}", text);
            prop_assert!(policy.forbidden().iter().all(|rule| !rule.finds(&text)), "{}", text);
            prop_assert!(allowed.number <= policy.allowed().len());
        }
    }

    #[test]
    fn any_bytes_are_answered(text in ".{0,260}") {
        let _ = TextPolicy::new().check_text(&text);
    }
}

#[test]
fn an_action_must_read_as_itself_and_name_what_it_is_done_to() {
    let policy = TextPolicy::new();
    let parse = |text: &str| serde_json::from_str::<Action>(text).unwrap();
    let action = parse(r#"{"lower_process_priority":{"process":"process:5678:99","nice":10}}"#);
    assert_eq!(policy.check(&action).unwrap().kind, ActionKind::LowerProcessPriority);
    let action = parse(r#"{"lower_process_priority":{"process":"proc#7","nice":10}}"#);
    assert_eq!(policy.check(&action).unwrap_err(), Refusal::Unresolved { parameter: "process" });
    let refusal = policy.check_text("kill -KILL 5678").unwrap_err();
    assert_eq!(std::format!("{refusal}"), "forbidden rule 7: SIGKILL, and signals by number");
}
