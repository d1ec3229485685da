//! The daemon's end of its control socket: one thread, one question at a time.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ks_recorder::clock;
use ks_vocabulary::time::{SECOND_NS, Timestamp};
use rustix::fs::Mode;
use rustix::net::sockopt::socket_peercred;
use rustix::process::{geteuid, umask};

use super::{Question, Reply, frame, path};

/// Time for a question to come, and for an answer to go.
const PATIENCE_NS: u64 = 2 * SECOND_NS;
const PATIENCE: Duration = Duration::from_nanos(PATIENCE_NS);

/// The socket. It is removed with this.
pub(crate) struct Server {
    path: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Answers questions to the daemon that writes `folder`, which holds the lock on it; `answer` is
/// told who asks, by user id.
pub(crate) fn listen(
    folder: &Path,
    answer: impl Fn(Question, u32) -> Reply + Send + 'static,
) -> io::Result<Server> {
    let socket = path(folder);
    // Only a socket that a killed daemon left is in the way.
    if std::fs::symlink_metadata(&socket).is_ok_and(|found| found.file_type().is_socket()) {
        std::fs::remove_file(&socket)?;
    }
    let directory = File::open(folder)?;
    let short = path(Path::new(&format!("/proc/self/fd/{}", directory.as_raw_fd())));
    let before = umask(Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(short);
    umask(before);
    let listener = listener?;
    let server = Server { path: socket };
    std::thread::Builder::new().name("ks-control".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            match stream {
                // Whoever goes away or says nothing has no answer.
                Ok(stream) => drop(serve(&stream, &answer)),
                // Without descriptors the next one is refused as well, and at once.
                Err(_) => std::thread::sleep(PATIENCE),
            }
        }
    })?;
    Ok(server)
}

fn serve(stream: &UnixStream, answer: &impl Fn(Question, u32) -> Reply) -> io::Result<()> {
    let uid = socket_peercred(stream)?.uid;
    let reply = if uid.is_root() || uid == geteuid() {
        match frame::read(&mut Patient::new(stream), frame::QUESTION_BYTES) {
            Ok(question) => answer(question, uid.as_raw()),
            Err(error) => Reply::Refused { reason: error.to_string() },
        }
    } else {
        Reply::Refused { reason: "only root and the user of the daemon may ask".to_owned() }
    };
    frame::write(&mut Patient::new(stream), &reply)
}

/// A stream with [`PATIENCE`] for all that comes or goes, however little at a time.
struct Patient<'a> {
    stream: &'a UnixStream,
    until: Timestamp,
}

impl<'a> Patient<'a> {
    fn new(stream: &'a UnixStream) -> Self {
        Self { stream, until: clock::now().plus_ns(PATIENCE_NS) }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        match self.until.since_ns(clock::now()) {
            0 => Err(io::ErrorKind::TimedOut.into()),
            left_ns => Ok(Some(Duration::from_nanos(left_ns))),
        }
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(bytes)
    }
}

impl Write for Patient<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Status, ask};
    use std::os::unix::fs::PermissionsExt;

    fn answers(question: Question, uid: u32) -> Reply {
        match question {
            Question::Status {} => {
                Reply::Status(Box::new(Status { pid: uid, ..Status::default() }))
            }
            Question::Accept { entity, .. } => Reply::Refused { reason: format!("not {entity}") },
            Question::Approve { .. }
            | Question::Deny { .. }
            | Question::Act { .. }
            | Question::Undo { .. } => Reply::Done,
        }
    }

    #[test]
    fn a_question_is_answered_with_who_asked_also_below_a_long_path() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("d".repeat(120));
        std::fs::create_dir(&long).unwrap();
        let server = listen(&long, answers).unwrap();
        let mode = std::fs::metadata(path(&long)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let Reply::Status(status) = ask(&long, &Question::Status {}).unwrap() else { panic!() };
        assert_eq!(status.pid, geteuid().as_raw());
        let accept = Question::Accept {
            kind: ks_vocabulary::kind::Kind::Scheduler,
            entity: "host".to_owned(),
            until_ns: None,
        };
        let refused = ask(&long, &accept).unwrap_err().to_string();
        assert!(refused.ends_with("refuses: not host"), "{refused}");
        drop(server);
        assert!(!path(&long).exists());
        let absent = ask(&long, &Question::Status {}).unwrap_err().to_string();
        assert!(absent.starts_with("no daemon writes"), "{absent}");
    }

    #[test]
    fn garbage_and_silence_keep_nobody_from_asking() {
        let folder = tempfile::tempdir().unwrap();
        let _server = listen(folder.path(), answers).unwrap();
        let mut rude = UnixStream::connect(path(folder.path())).unwrap();
        rude.write_all(&[0xff; 64]).unwrap();
        let _silent = UnixStream::connect(path(folder.path())).unwrap();
        assert!(ask(folder.path(), &Question::Status {}).is_ok());
    }

    #[test]
    fn who_says_a_little_at_a_time_keeps_nobody_from_asking() {
        let folder = tempfile::tempdir().unwrap();
        let _server = listen(folder.path(), answers).unwrap();
        let mut slow = UnixStream::connect(path(folder.path())).unwrap();
        slow.write_all(&[0, 0, 16, 0]).unwrap();
        let drops = std::thread::spawn(move || {
            (0..100).any(|_| {
                std::thread::sleep(PATIENCE / 10);
                slow.write_all(b" ").is_err()
            })
        });
        assert!(ask(folder.path(), &Question::Status {}).is_ok());
        assert!(drops.join().unwrap(), "it is closed");
    }

    #[test]
    fn a_socket_that_was_left_is_replaced_and_another_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        std::mem::forget(listen(folder.path(), answers).unwrap());
        let _server = listen(folder.path(), answers).unwrap();
        assert!(ask(folder.path(), &Question::Status {}).is_ok());
        let other = tempfile::tempdir().unwrap();
        std::fs::write(path(other.path()), "mine").unwrap();
        assert!(listen(other.path(), answers).is_err());
        assert_eq!(std::fs::read(path(other.path())).unwrap(), b"mine");
    }
}
