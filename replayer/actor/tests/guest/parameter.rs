//! Kernel parameters, which are the whole host's: in a guest alone.

use std::path::PathBuf;

use ks_vocabulary::decision::{Effect, Sysctl};

use crate::lab::{Lab, Verdict, failed, read, same, write};

fn path(key: Sysctl) -> PathBuf {
    PathBuf::from("/proc/sys").join(key.word().replace('.', "/"))
}

fn text(key: Sysctl) -> Verdict<String> {
    let text = read(path(key))?;
    Ok(text.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
}

fn effect(key: Sysctl, text: &str) -> Effect {
    Effect::Sysctl { key, text: text.to_owned() }
}

/// Has one written and undone; then another one writes in between.
fn of(lab: &mut Lab, key: Sysctl, new: &str, others: &str) -> Verdict {
    lab.only_in_a_guest()?;
    if !path(key).exists() {
        lab.act(effect(key, new))?;
        return failed("it was done without a file");
    }
    let before = text(key)?;
    lab.there_and_back(effect(key, new), || text(key), new.to_owned())?;
    let request = lab.act(effect(key, new))?;
    write(path(key), others)?;
    lab.superseded(request)?;
    same("what another one wrote", text(key)?, others.to_owned())?;
    write(path(key), &before)
}

pub(crate) fn netdev_max_backlog(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::NetdevMaxBacklog, "2000", "1500")
}

pub(crate) fn somaxconn(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::Somaxconn, "8192", "5000")
}

pub(crate) fn port_range(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::IpLocalPortRange, "15000 65000", "20000 65000")
}

pub(crate) fn fin_timeout(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::TcpFinTimeout, "30", "45")
}

pub(crate) fn syn_backlog(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::TcpMaxSynBacklog, "4096", "2048")
}

pub(crate) fn tw_reuse(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::TcpTwReuse, "1", "0")
}

pub(crate) fn conntrack_max(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::NfConntrackMax, "500000", "400000")
}

pub(crate) fn swappiness(lab: &mut Lab) -> Verdict {
    of(lab, Sysctl::Swappiness, "10", "20")
}

/// Of the pair the one that was in force is in force again.
pub(crate) fn dirty_background(lab: &mut Lab) -> Verdict {
    let (ratio, bytes) = (Sysctl::DirtyBackgroundRatio, Sysctl::DirtyBackgroundBytes);
    of(lab, ratio, "5", "7")?;
    let pair = || Ok((text(ratio)?, text(bytes)?));
    let before = text(ratio)?;
    write(path(bytes), "67108864")?;
    same("bytes in force", pair()?, ("0".to_owned(), "67108864".to_owned()))?;
    lab.there_and_back(effect(ratio, "5"), pair, ("5".to_owned(), "0".to_owned()))?;
    write(path(ratio), &before)
}

pub(crate) fn drop_caches(lab: &mut Lab) -> Verdict {
    lab.only_in_a_guest()?;
    let request = lab.act(effect(Sysctl::DropCaches, "1"))?;
    lab.put_back(request)
}
