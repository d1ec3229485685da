//! What comes from other threads: a channel whose descriptor wakes a loop up.
//!
//! Threads hand something over. The loop gives it its time when it takes it out, never when it
//! came: an input is learned in the order of the log.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use anyhow::Context;
use rustix::event::{EventfdFlags, eventfd};

/// What may wait at the most: whoever sends more is told to try again.
const WAITING: usize = 64;

/// The loop's end.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    posts: Receiver<T>,
    wake: Arc<OwnedFd>,
}

/// The other threads' end.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    posts: SyncSender<T>,
    wake: Arc<OwnedFd>,
}

/// Both ends.
pub(crate) fn inbox<T>() -> anyhow::Result<(Inbox<T>, Slot<T>)> {
    let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
    let wake = Arc::new(wake.context("cannot make an eventfd")?);
    let (sender, posts) = sync_channel(WAITING);
    Ok((Inbox { posts, wake: Arc::clone(&wake) }, Slot { posts: sender, wake }))
}

// A derived one would ask for what is handed over to be copied as well.
impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self { posts: self.posts.clone(), wake: Arc::clone(&self.wake) }
    }
}

impl<T> Slot<T> {
    /// Hands something over; the error is why it cannot be.
    pub(crate) fn send(&self, post: T) -> Result<(), &'static str> {
        self.posts.try_send(post).map_err(|error| match error {
            TrySendError::Full(_) => "too much waits to be logged: try again",
            TrySendError::Disconnected(_) => "the daemon is ending",
        })?;
        // A counter that is full wakes up just the same.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        Ok(())
    }
}

impl<T> Inbox<T> {
    /// The next thing that was handed over.
    pub(crate) fn take(&self) -> Option<T> {
        // Emptied first: what comes afterwards wakes up again.
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        self.posts.try_recv().ok()
    }
}

impl<T> AsFd for Inbox<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn is_awake(inbox: &Inbox<u8>) -> bool {
        let mut descriptors = [PollFd::new(inbox, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut descriptors, Some(&at_once)).unwrap() > 0
    }

    #[test]
    fn what_is_handed_over_wakes_the_loop_and_comes_in_order() {
        let (inbox, slot) = inbox().unwrap();
        assert!(!is_awake(&inbox));
        for said in [1, 2] {
            let slot = slot.clone();
            assert!(std::thread::spawn(move || slot.send(said).is_ok()).join().unwrap());
        }
        assert!(is_awake(&inbox));
        assert_eq!((inbox.take(), inbox.take(), inbox.take()), (Some(1), Some(2), None));
        assert!(!is_awake(&inbox));
    }

    #[test]
    fn a_flood_is_told_to_wait() {
        let (inbox, slot) = inbox().unwrap();
        for _ in 0..WAITING {
            assert_eq!(slot.send(1), Ok(()));
        }
        assert_eq!(slot.send(1), Err("too much waits to be logged: try again"));
        drop(inbox);
        assert_eq!(slot.send(1), Err("the daemon is ending"));
    }
}
