//! The closed grammar, written down apart from the catalogue, and a matcher for it.

/// Each line that may be said. Holes are `<low..high>` for a number, `<P>` for a process id, `<G>`
/// for the path of a group, `<D>` for a device, `<L>` for a list of CPUs, `<H>` for the number of
/// a handle, and `<a|b>` for one of some words.
pub(super) const LINES: &[&str] = &[
    "renice -n <1..19> -p <P>",
    "autogroup -n <1..19> -p <P>",
    "chrt -b -p 0 <P>",
    "chrt -i -p 0 <P>",
    "taskset -c -p <L> <P>",
    "cpulimit -p <P> -l <1..100>",
    "cgset -r cpu.max=<1000..100000>:100000 <G>",
    "cgset -r cpu.weight=<1..99> <G>",
    "cgset -r pids.max=<1..4194304> <G>",
    "kill -STOP <P>",
    "kill -CONT <P>",
    "kill -TERM <P>",
    "cgset -r cgroup.freeze=1 <G>",
    "cgset -r cgroup.freeze=0 <G>",
    "ionice -c 2 -n <4..7> -p <P>",
    "ionice -c 3 -p <P>",
    "cgset -r io.weight=<1..99> <G>",
    "cgset -r io.max=<D>:<rbps|wbps>=<65536..17592186044416> <G>",
    "cgset -r io.max=<D>:<riops|wiops>=<10..10000000> <G>",
    "sync -f mnt#<H>",
    "sysctl -w vm.dirty_background_ratio=<1..20>",
    "blockdev --setra-kb <16..4096> <D>",
    "sysctl -w vm.swappiness=<1..100>",
    "sysctl -w vm.drop_caches=<1..3>",
    "cgset -r memory.high=<16777216..17592186044416> <G>",
    "cgset -r memory.reclaim=<4096..17592186044416> <G>",
    "cgset -r memory.swap.max=<4096..17592186044416> <G>",
    "choom -n <1..900> -p <P>",
    "sysctl -w net.ipv4.tcp_max_syn_backlog=<128..65536>",
    "sysctl -w net.core.somaxconn=<128..65535>",
    "sysctl -w net.ipv4.tcp_fin_timeout=<15..60>",
    "sysctl -w net.ipv4.ip_local_port_range=<1024..32768>:<32769..65535>",
    "sysctl -w net.ipv4.tcp_tw_reuse=1",
    "sysctl -w net.netfilter.nf_conntrack_max=<1024..16777216>",
    "sysctl -w net.core.netdev_max_backlog=<128..65536>",
    "ethtool -s if#<H> speed <100..400000> duplex full autoneg on",
    "info top-memory -n <1..50>",
    "info top-cpu -n <1..50>",
    "info io-activity -n <1..50>",
    "info network-stats",
    "info tcp-stats",
    "info swap -t <1..10>",
    "info blocked-tasks -n <1..50>",
    "info cgroup cg#<H>",
    "info process proc#<H>",
    "info disk-space",
    "info sockets proc#<H>",
    "info pressure",
];

/// How many lines of the grammar a text is.
pub(super) fn matching(text: &str) -> usize {
    LINES.iter().filter(|line| is_line(line, text)).count()
}

fn is_line(line: &str, text: &str) -> bool {
    let Some((before, rest)) = line.split_once('<') else { return line == text };
    let Some(text) = text.strip_prefix(before) else { return false };
    let (hole, after) = rest.split_once('>').unwrap();
    // What fills a hole ends before what stands behind it.
    let stop = after.chars().next();
    let is_end = |letter: char| Some(letter) == stop && !(hole == "D" && stop == Some(':'));
    let mut end = text.find(is_end).unwrap_or(text.len());
    if hole == "D" && stop == Some(':') {
        end = text.match_indices(':').nth(1).map_or(text.len(), |(at, _)| at);
    }
    fills(hole, &text[..end]) && is_line(after, &text[end..])
}

fn fills(hole: &str, text: &str) -> bool {
    match hole {
        "P" => is_number(text, 3, 4_194_304),
        "H" => is_number(text, 1, 999_999_999),
        "D" => text.split_once(':').is_some_and(|(major, minor)| {
            is_number(major, 1, 4095) && is_number(minor, 0, 1_048_575)
        }),
        "L" => text.split([',', '-']).all(|cpu| is_number(cpu, 0, 8191)),
        "G" => !text.contains("..") && text.split('/').all(is_segment),
        _ => match hole.split_once("..") {
            Some((low, high)) => is_number(text, low.parse().unwrap(), high.parse().unwrap()),
            None => hole.split('|').any(|word| word == text),
        },
    }
}

fn is_number(text: &str, low: u64, high: u64) -> bool {
    let number = text.parse::<u64>();
    number.is_ok_and(|number| number.to_string() == text && (low..=high).contains(&number))
}

fn is_segment(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphanumeric() || "_@:".contains(first))
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_@:.-".contains(letter))
}
