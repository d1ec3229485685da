//! What the tests share: processes of ours, and an actor that this program is when it is told so.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ks_actor::audit;
use ks_actor::hand::{Hand, HandError};
use ks_actor::message::{Ask, Origin};
use ks_actor::perform::{Done, Order};
use ks_actor::process::Setup;
use ks_actor::stat::Stat;
use ks_vocabulary::decision::Effect;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::process::{Pid, getpriority_process};

/// Users that nobody has: of each test its own, since two runs on one host are no strangers to it.
pub(crate) const IDS: std::ops::Range<u32> = 61_200..61_800;

/// A process of ours that does nothing; it ends with this.
pub(crate) struct Sleeper(pub(crate) Child);

impl Sleeper {
    pub(crate) fn new() -> Self {
        let mut command = Command::new("setsid");
        let child = Self(command.args(["sleep", "1000"]).stdin(Stdio::null()).spawn().unwrap());
        child.wait_for(b'S');
        child
    }

    pub(crate) fn exact(&self) -> Exact {
        let start = self.stat().start_ticks;
        Exact(Entity::Process(u64::from(self.0.id()), start))
    }

    pub(crate) fn stat(&self) -> Stat {
        Stat::of(Path::new(&format!("/proc/{}", self.0.id()))).unwrap()
    }

    pub(crate) fn nice(&self) -> i32 {
        getpriority_process(Some(Pid::from_child(&self.0))).unwrap()
    }

    pub(crate) fn wait_for(&self, state: u8) {
        wait(|| self.stat().state == state);
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn wait(is_so: impl Fn() -> bool) {
    for _ in 0..2000 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(5));
    }
    unreachable!("ten seconds are enough");
}

/// The user of an actor with this folder: it and the next one are in use.
pub(crate) fn id_of(folder: &Path) -> u32 {
    let bytes = folder.as_os_str().as_encoded_bytes().iter();
    let mixed =
        bytes.fold(0_u32, |mixed, byte| mixed.wrapping_mul(31).wrapping_add((*byte).into()));
    let pairs = (IDS.end - IDS.start) / 2;
    IDS.start + 2 * (mixed % pairs)
}

pub(crate) fn setup(folder: &Path) -> Setup {
    Setup { state: folder.join("state"), id: id_of(folder), weak: false }
}

/// Starts this program again as an actor, and gives what an earlier one left.
pub(crate) fn start(folder: &Path) -> Result<(Hand, Vec<ks_actor::perform::Left>), HandError> {
    Hand::start(&mut setup(folder).actor()).map(|(hand, began)| (hand, began.left))
}

pub(crate) fn order(request: u64, effect: Effect) -> Order {
    Order { request, action: "a test".to_owned(), effects: vec![effect], lasts_s: None }
}

pub(crate) fn perform(hand: &mut Hand, order: Order) -> Done {
    hand.ask(&Ask::Perform { order, origin: Origin::Agent }).unwrap()
}

pub(crate) fn whole_log(folder: &Path) -> u64 {
    audit::verify(&setup(folder).audit()).unwrap().lines
}

pub(crate) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}
