//! Processes of ours: this program again, which does nothing in as many threads as it is told to.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write, stdin, stdout};
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, sleep};
use std::time::Duration;

use ks_actor::stat::Stat;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::lab::{No, Verdict, failed, wait};

/// By what this program is told to be one.
pub(crate) const WORD: &str = "child";
/// So many threads a storm makes; all of them stay.
const STORM: usize = 200;
const FOR_LONG: Duration = Duration::from_secs(1000);
static STORMS: AtomicBool = AtomicBool::new(false);

/// Is one, in a session of its own, until nobody tells it more.
pub(crate) fn be() -> io::Result<()> {
    let _ = rustix::process::setsid();
    let (mut children, mut open) = (Vec::new(), Vec::new());
    println!("ready");
    for line in stdin().lines() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("thread", _) => thread()?,
            ("storm", _) => {
                STORMS.store(true, Ordering::SeqCst);
                Builder::new().stack_size(64 << 10).spawn(storm)?;
            }
            ("calm", _) => {
                while STORMS.load(Ordering::SeqCst) {
                    sleep(Duration::from_millis(5));
                }
            }
            ("fork", _) => {
                let mut command = Command::new("/proc/self/exe");
                let child =
                    command.arg(WORD).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
                println!("{}", child.id());
                children.push(child);
            }
            ("read", path) => {
                // What is cached of a disk goes when nobody has it open.
                let mut file = File::open(path)?;
                io::copy(&mut file, &mut io::sink())?;
                open.push(file);
            }
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
        println!("ready");
        stdout().flush()?;
    }
    for mut child in children {
        let _ = (child.kill(), child.wait());
    }
    Ok(())
}

fn thread() -> io::Result<()> {
    Builder::new().stack_size(64 << 10).spawn(|| sleep(FOR_LONG)).map(drop)
}

/// Threads that make a thread each now and then, so that those of several makers appear.
fn storm() {
    for _ in 0..STORM {
        let _ = thread();
        sleep(Duration::from_micros(200));
    }
    STORMS.store(false, Ordering::SeqCst);
    sleep(FOR_LONG);
}

/// One of them; it ends with this.
pub(crate) struct Child {
    process: process::Child,
    tells: ChildStdin,
    says: BufReader<ChildStdout>,
    start_ticks: u64,
}

impl Child {
    /// One of three threads.
    pub(crate) fn new() -> Verdict<Self> {
        let mut child = Self::of_one_thread()?;
        child.tell("thread")?;
        child.tell("thread")?;
        Ok(child)
    }

    pub(crate) fn of_one_thread() -> Verdict<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(WORD).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let none = || No::Failed("no pipe".to_owned());
        let tells = process.stdin.take().ok_or_else(none)?;
        let says = BufReader::new(process.stdout.take().ok_or_else(none)?);
        let mut child = Self { process, tells, says, start_ticks: 0 };
        child.hear()?;
        child.start_ticks = child.stat()?.start_ticks;
        Ok(child)
    }

    /// Tells it something, and gives what it says to it.
    pub(crate) fn tell(&mut self, word: &str) -> Verdict<String> {
        writeln!(self.tells, "{word}")?;
        self.hear()
    }

    fn hear(&mut self) -> Verdict<String> {
        let mut said = String::new();
        while !said.ends_with("ready\n") {
            if self.says.read_line(&mut said)? == 0 {
                return failed("a child has ended");
            }
        }
        Ok(said)
    }

    pub(crate) fn pid(&self) -> u64 {
        u64::from(self.process.id())
    }

    pub(crate) fn exact(&self) -> Exact {
        Exact(Entity::Process(self.pid(), self.start_ticks))
    }

    pub(crate) fn file(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.pid())
    }

    pub(crate) fn stat(&self) -> Verdict<Stat> {
        Ok(Stat::of(self.file("").as_ref())?)
    }

    pub(crate) fn wait_for(&self, state: u8) -> Verdict {
        let what = format!("a child is to be {}", char::from(state));
        wait(&what, || self.stat().is_ok_and(|stat| stat.state == state))
    }

    /// It is stopped, or not.
    pub(crate) fn is_stopped(&self) -> Verdict<bool> {
        Ok(self.stat()?.state == b'T')
    }

    pub(crate) fn threads(&self) -> Verdict<Vec<u64>> {
        threads(self.pid())
    }

    /// Something of each of its threads.
    pub(crate) fn each<T>(&self, of: impl Fn(u64) -> Verdict<T>) -> Verdict<Vec<T>> {
        self.threads()?.into_iter().map(of).collect()
    }

    /// Ends it; until the return value is dropped nobody has reaped it.
    pub(crate) fn into_zombie(mut self) -> Verdict<Self> {
        self.process.kill()?;
        self.wait_for(b'Z')?;
        Ok(self)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = (self.process.kill(), self.process.wait());
    }
}

pub(crate) fn threads(pid: u64) -> Verdict<Vec<u64>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
        all.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(all)
}

/// A field of the status of a thread as `proc(5)` counts them.
fn field(tid: u64, number: usize) -> Verdict<i64> {
    let text = fs::read_to_string(format!("/proc/{tid}/stat"))?;
    let rest = text.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let found = rest.split_ascii_whitespace().nth(number - 3).and_then(|one| one.parse().ok());
    found.map_or_else(|| failed(format!("no field {number} in `{text}`")), Ok)
}

pub(crate) fn nice(tid: u64) -> Verdict<i64> {
    field(tid, 19)
}

pub(crate) fn policy(tid: u64) -> Verdict<i64> {
    field(tid, 41)
}

pub(crate) fn cpus(tid: u64) -> Verdict<String> {
    let text = fs::read_to_string(format!("/proc/{tid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:\t"));
    Ok(line.unwrap_or_default().to_owned())
}
