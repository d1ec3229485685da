//! The forbidden rules: what no text may hold, whatever else it looks like.
//!
//! They are no defence of their own, since lists of what is bad are always too short: only what an
//! allowed form matches passes at all. They catch what an allowed form should never have let
//! through. Words are compared as whole tokens and without regard to case.

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// Its number, from 1.
    pub number: usize,
    /// What it forbids, in words.
    pub meaning: &'static str,
    sign: Sign,
}

/// By what a rule knows what it forbids.
#[derive(Debug, PartialEq, Eq)]
enum Sign {
    /// Any of these characters.
    Characters(&'static str),
    /// A byte beyond ASCII, a control character, or a space too many.
    NotPlain,
    /// The first token is one of these; a star at the end stands for any end.
    Command(&'static [&'static str]),
    /// The text begins with a token of the first list and holds one of the second.
    Both(&'static [&'static str], &'static [&'static str]),
    /// A signal that is not one of the three that stop, continue or ask to end.
    OtherSignal,
    /// A process id that is 0, 1 or 2, negative, written with a leading zero, or one of several.
    BadPid,
    /// A key of sysctl that is not listed.
    OtherKey(&'static [&'static str]),
    /// A token that leads elsewhere: `..`, a path from the root, or a name that begins with a dash.
    Path,
    /// A file of a control group that begins so.
    File(&'static [&'static str]),
}

/// All rules, in the order in which they are asked.
pub(super) static RULES: [Forbidden; 22] = [
    rule(
        1,
        "characters that a shell would heed",
        Sign::Characters(";&|`$<>\\'\"()[]{}*?!~^\n\r\t\0"),
    ),
    rule(2, "letters beyond ASCII, control characters, spaces too many", Sign::NotPlain),
    rule(3, "removing files", Sign::Command(&["rm", "unlink", "shred", "find", "truncate"])),
    rule(
        4,
        "making or wiping filesystems",
        Sign::Command(&["mkfs*", "wipefs", "blkdiscard", "fdisk", "parted", "sgdisk"]),
    ),
    rule(5, "copying to devices", Sign::Command(&["dd", "cat", "tee", "cp", "mv"])),
    rule(
        6,
        "switching the host off or over",
        Sign::Command(&["shutdown", "reboot", "poweroff", "halt", "kexec", "sysrq", "init"]),
    ),
    rule(7, "SIGKILL, and signals by number", Sign::OtherSignal),
    rule(8, "process ids that are none to act on", Sign::BadPid),
    rule(
        9,
        "changing rights and owners",
        Sign::Command(&["chmod", "chown", "chgrp", "chattr", "setfacl", "setcap"]),
    ),
    rule(
        10,
        "firewalls and routes",
        Sign::Command(&["iptables*", "ip6tables*", "nft", "ip", "tc", "route", "ifconfig"]),
    ),
    rule(11, "control of services", Sign::Command(&["systemctl", "service", "initctl"])),
    rule(
        12,
        "other privileges or namespaces",
        Sign::Command(&["sudo", "su", "doas", "pkexec", "nsenter", "unshare", "chroot", "setpriv"]),
    ),
    rule(
        13,
        "interpreters",
        Sign::Command(&[
            "sh", "bash", "dash", "zsh", "ksh", "python*", "perl*", "ruby*", "node", "awk", "gawk",
            "sed", "xargs", "env", "eval", "exec",
        ]),
    ),
    rule(
        14,
        "fetching and sending",
        Sign::Command(&["curl", "wget", "nc", "ncat", "socat", "ssh", "scp", "sftp", "rsync"]),
    ),
    rule(
        15,
        "accounts and schedules",
        Sign::Command(&["useradd", "userdel", "usermod", "passwd", "crontab", "at", "batch"]),
    ),
    rule(
        16,
        "modules of the kernel, and debugging",
        Sign::Command(&["insmod", "modprobe", "rmmod", "gdb", "ptrace", "strace", "bpftool"]),
    ),
    rule(
        17,
        "mounts and swap",
        Sign::Command(&["mount", "umount", "swapoff", "swapon", "losetup"]),
    ),
    rule(
        18,
        "kernel parameters that are not listed",
        Sign::OtherKey(&[
            "vm.dirty_background_ratio",
            "vm.swappiness",
            "vm.drop_caches",
            "net.ipv4.tcp_max_syn_backlog",
            "net.core.somaxconn",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.tcp_tw_reuse",
            "net.netfilter.nf_conntrack_max",
            "net.core.netdev_max_backlog",
        ]),
    ),
    rule(
        19,
        "realtime classes",
        Sign::Both(&["chrt", "ionice"], &["-f", "-r", "-d", "1", "-c1", "--fifo", "--rr"]),
    ),
    rule(20, "paths that lead elsewhere", Sign::Path),
    rule(
        21,
        "files that end, delegate or fill control groups",
        Sign::File(&["cgroup.kill", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"]),
    ),
    rule(
        22,
        "containers and packages",
        Sign::Command(&[
            "docker", "podman", "nerdctl", "crictl", "kubectl", "apt*", "dpkg", "dnf", "yum",
            "rpm", "pip*", "npm",
        ]),
    ),
];

const fn rule(number: usize, meaning: &'static str, sign: Sign) -> Forbidden {
    Forbidden { number, meaning, sign }
}

impl Forbidden {
    /// Whether the rule finds what it forbids.
    pub fn finds(&self, text: &str) -> bool {
        let tokens = || text.split_ascii_whitespace();
        let command = || tokens().next().unwrap_or_default();
        match &self.sign {
            Sign::Characters(bad) => text.contains(|letter| bad.contains(letter)),
            Sign::NotPlain => {
                let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
                !is_plain || text.contains("  ") || text.starts_with(' ') || text.ends_with(' ')
            }
            Sign::Command(words) => words.iter().any(|word| is_word(command(), word)),
            Sign::Both(commands, words) => {
                commands.iter().any(|word| is_word(command(), word))
                    && tokens().skip(1).any(|token| words.iter().any(|word| is_word(token, word)))
            }
            Sign::OtherSignal => {
                is_word(command(), "kill") && !tokens().skip(1).take(1).all(is_signal)
            }
            Sign::BadPid => has_bad_pid(text),
            Sign::OtherKey(keys) => {
                is_word(command(), "sysctl") && !settings(text).all(|(key, _)| keys.contains(&key))
            }
            Sign::Path => tokens().any(leads_elsewhere),
            Sign::File(files) => {
                settings(text).any(|(key, _)| files.iter().any(|it| is_word(key, it)))
            }
        }
    }
}

/// Whether a token is a word, or what a word with a star stands for.
fn is_word(token: &str, word: &str) -> bool {
    match word.strip_suffix('*') {
        Some(begin) => token.get(..begin.len()).is_some_and(|it| it.eq_ignore_ascii_case(begin)),
        None => token.eq_ignore_ascii_case(word),
    }
}

fn is_signal(token: &str) -> bool {
    ["-STOP", "-CONT", "-TERM"].contains(&token)
}

/// What is set to what, as in `key=value`.
fn settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split_ascii_whitespace().filter_map(|token| token.split_once('='))
}

/// Of `kill` all that follows the signal are process ids; elsewhere what stands behind `-p`.
fn has_bad_pid(text: &str) -> bool {
    let mut tokens = text.split_ascii_whitespace();
    let command = tokens.next().unwrap_or_default();
    if is_word(command, "kill") {
        let mut pids = tokens.skip(1);
        return pids.next().is_some_and(is_bad_pid) || pids.next().is_some();
    }
    let mut after = tokens.skip_while(|token| *token != "-p").skip(1);
    after.next().is_some_and(|token| command != "taskset" && command != "chrt" && is_bad_pid(token))
}

fn is_bad_pid(token: &str) -> bool {
    let is_number = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    !is_number || token.starts_with('0') || token.parse::<u32>().is_ok_and(|pid| pid <= 2)
}

/// Paths of control groups begin with no slash and with no dash in the grammar.
fn leads_elsewhere(token: &str) -> bool {
    let is_flag = token.strip_prefix('-').is_some_and(|flag| {
        !flag.is_empty() && flag.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
    });
    let names = token.split('/').any(|part| part.starts_with('-') || part == "." || part == "..");
    token.contains("..")
        || token.starts_with('/')
        || token.contains('/') && names
        || token.starts_with('-') && !is_flag && token.parse::<i64>().is_err()
}
