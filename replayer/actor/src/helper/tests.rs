//! What a helper is asked for, and a setter that is asked for more than it may.

use std::thread;

use super::*;
use crate::child::Child as Process;

const UNIT: &str = r#""unit":"/system.slice/a.service""#;

fn want(rest: &str) -> Result<Want, serde_json::Error> {
    serde_json::from_str(&format!("{{{rest}}}"))
}

#[test]
fn no_other_property_and_no_other_unit_can_be_asked_for() {
    let set = |limit: &str| want(&format!(r#""want":"set_unit",{UNIT},"limit":{limit}"#));
    assert!(set(r#"{"tasks":300}"#).is_ok());
    for limit in [r#"{"ExecStart":"id"}"#, r#"{"TasksMax":1}"#, r#""tasks""#, r#"{"tasks":"1"}"#] {
        assert!(set(limit).is_err(), "{limit}");
    }
    for unit in ["/a.socket", "/a.mount", "/a.timer", "/", "a.service", "/a b.service"] {
        let text = format!(r#""want":"set_unit","unit":"{unit}","limit":{{"tasks":300}}"#);
        assert!(want(&text).is_err(), "{unit}");
    }
}

#[test]
fn each_does_its_own_and_no_others_work() {
    let set = || want(&format!(r#""want":"set_unit",{UNIT},"limit":{{"tasks":300}}"#)).unwrap();
    let key = || want(r#""want":"set","key":"vm.swappiness","text":"x""#).unwrap();
    for (role, want) in [
        (Role::Opener, set()),
        (Role::Setter, set()),
        (Role::Opener, key()),
        (Role::Manager, key()),
        (Role::Setter, key()),
    ] {
        let done = fulfil(role, None, &mut Settable::default(), &want);
        assert!(matches!(done, Err(Failure::Refused { .. })), "{role:?} {want:?}");
    }
}

/// In a network namespace of its own: parameters of the host are not ours.
#[test]
fn a_setter_writes_what_the_catalogue_has_and_what_stood_there() {
    let Some(child) = Process::in_own_network() else { return };
    let tested = thread::spawn(move || {
        use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
        let own = File::open(format!("/proc/{}/ns/net", child.pid())).unwrap();
        move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        let (key, mut settable) = (Sysctl::TcpFinTimeout, Settable::default());
        let read = || Place::Sysctl(key).text().unwrap().unwrap().trim().to_owned();
        Place::Sysctl(key).write_to(&Place::Sysctl(key).to_write().unwrap(), "77").unwrap();
        let mut set = |text: &str| {
            let want = Want::Set { key, text: text.to_owned() };
            fulfil(Role::Setter, None, &mut settable, &want).is_ok()
        };
        assert!(!set("78") && !set("77") && !set("0"));
        assert_eq!(read(), "77");
        assert!(set("30") && read() == "30");
        assert!(!set("78") && read() == "30");
        assert!(set("77") && read() == "77", "it stood there");
    });
    tested.join().unwrap();
}
