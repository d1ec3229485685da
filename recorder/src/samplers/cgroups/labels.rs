//! What the path of a control group says of its owner: systemd unit, container, pod.

use ks_vocabulary::model::{Cgroup, CgroupName};

const ID: usize = 64;

/// Sets the labels that `path` tells.
pub(super) fn set_labels(path: &[u8], row: &mut Cgroup) {
    let parts = || path.split(|byte| *byte == b'/').filter(|part| !part.is_empty());
    if let Some(unit) = parts().rfind(|part| is_unit(part)) {
        row.set_name(CgroupName::unit, unit);
    }
    if let Some(container) = parts().rev().find_map(container) {
        row.set_name(CgroupName::container, container);
    } else if let Some(name) = lxc(path) {
        row.set_name(CgroupName::container, name);
    }
    if let Some(pod) = parts().rev().find_map(pod) {
        row.set_name(CgroupName::pod, &pod);
    }
}

/// Units of these types have groups of their own (`systemd.resource-control(5)`).
fn is_unit(part: &[u8]) -> bool {
    const ENDS: [&[u8]; 6] = [b".service", b".scope", b".slice", b".socket", b".mount", b".swap"];
    ENDS.iter().any(|end| part.len() > end.len() && part.ends_with(end))
}

/// The id of a container: a part of 64 hexadecimal digits, alone (cgroupfs driver) or as
/// `RUNTIME-ID.scope` (systemd driver).
fn container(part: &[u8]) -> Option<&[u8]> {
    let stem = part.strip_suffix(b".scope").unwrap_or(part);
    let id = stem.get(stem.len().checked_sub(ID)?..)?;
    let before = &stem[..stem.len() - ID];
    // `libpod-conmon-ID.scope` holds what watches the container, not the container.
    let watched = before.ends_with(b"conmon-");
    let named = before.is_empty() || (before.ends_with(b"-") && !watched);
    (named && id.iter().all(u8::is_ascii_hexdigit)).then_some(id)
}

/// `/lxc/NAME` and `/lxc.payload.NAME`.
fn lxc(path: &[u8]) -> Option<&[u8]> {
    let rest = path.strip_prefix(b"/lxc/").or_else(|| path.strip_prefix(b"/lxc.payload."))?;
    rest.split(|byte| *byte == b'/').next().filter(|name| !name.is_empty())
}

/// The uid of a Kubernetes pod: `podUID`, or `kubepods-...-podUID.slice` with `_` for `-`.
fn pod(part: &[u8]) -> Option<Vec<u8>> {
    let stem = part.strip_suffix(b".slice").unwrap_or(part);
    let uid = match stem.strip_prefix(b"pod") {
        Some(uid) => uid,
        None if stem.starts_with(b"kubepods") => {
            let at = stem.windows(4).rposition(|window| window == b"-pod")?;
            stem.get(at + 4..)?
        }
        None => return None,
    };
    let is_uid =
        uid.len() >= 32 && uid.iter().all(|byte| byte.is_ascii_hexdigit() || is_dash(*byte));
    is_uid.then(|| uid.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect())
}

fn is_dash(byte: u8) -> bool {
    matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONTAINER: &str = "8d1a5f3e0b7c49d2a6e4f1908b3c7d5e2f6a1b4c8d9e0f7a3b5c6d1e2f4a7b90";
    const POD: &str = "0f9a8b7c-6d5e-4f3a-2b1c-0d9e8f7a6b5c";

    fn labels(path: &str) -> [Option<String>; 3] {
        let mut row = Cgroup::default();
        set_labels(path.as_bytes(), &mut row);
        [row.unit(), row.container(), row.pod()]
            .map(|name| name.map(|name| String::from_utf8_lossy(name).into_owned()))
    }

    #[test]
    fn owners_are_read_from_the_path() {
        let check = |path: &str, unit: Option<&str>, container: Option<&str>, pod: Option<&str>| {
            let expected = [unit, container, pod].map(|name| name.map(str::to_owned));
            assert_eq!(labels(path), expected, "{path}");
        };
        check("/", None, None, None);
        check("/system.slice/ssh.service", Some("ssh.service"), None, None);
        check("/system.slice/dev-vdb.swap", Some("dev-vdb.swap"), None, None);
        check("/system.slice/ssh.service/inner", Some("ssh.service"), None, None);
        check(&format!("/docker/{CONTAINER}"), None, Some(CONTAINER), None);
        let scope = format!("docker-{CONTAINER}.scope");
        check(&format!("/system.slice/{scope}"), Some(&scope), Some(CONTAINER), None);
        let scope = format!("libpod-conmon-{CONTAINER}.scope");
        check(&format!("/machine.slice/{scope}"), Some(&scope), None, None);
        let path = format!("/kubepods/burstable/pod{POD}/{CONTAINER}");
        check(&path, None, Some(CONTAINER), Some(POD));
        let slice = format!("kubepods-besteffort-pod{}.slice", POD.replace('-', "_"));
        let scope = format!("cri-containerd-{CONTAINER}.scope");
        let path = format!("/kubepods.slice/{slice}/{scope}");
        check(&path, Some(&scope), Some(CONTAINER), Some(POD));
        check("/lxc/web/init", None, Some("web"), None);
        check("/lxc.payload.web", None, Some("web"), None);
        check("/podman", None, None, None);
        check("/.service", None, None, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            set_labels(&bytes, &mut Cgroup::default());
        }
    }
}
