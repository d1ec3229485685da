//! The thread that answers, one call after the other: a recording that is gone through for minutes
//! keeps nobody from being told to stop.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use super::call::Asked;
use super::seat::{Seat, Told};
use super::subject::Subject;

/// The stack of a main thread, for which the engine is made.
const STACK_BYTES: usize = 8 << 20;

/// A call, and whom to tell its answer. The error is what is wrong with the call.
pub(super) struct Job {
    pub(super) asked: Asked,
    pub(super) tell: oneshot::Sender<Result<Told, String>>,
}

/// Starts it. It ends when nobody can ask any more.
pub(super) fn start(subjects: Vec<Subject>) -> io::Result<Sender<Job>> {
    let (jobs, asked) = channel::<Job>();
    let named = thread::Builder::new().name("answers".to_owned()).stack_size(STACK_BYTES);
    named.spawn(move || {
        let mut seats: Vec<Seat> = subjects.into_iter().map(Seat::new).collect();
        // Whoever has gone meanwhile is not answered.
        for Job { asked, tell } in asked.into_iter().filter(|job| !job.tell.is_closed()) {
            if let Some(seat) = seats.get_mut(asked.subject) {
                let _ = tell.send(seat.answer(&asked));
            }
        }
    })?;
    Ok(jobs)
}
