//! What comes from other threads: one channel, whose descriptor wakes the loop up.
//!
//! Threads hand over what was said. The loop gives it its time when it takes it out, never when it
//! came: an input is learned in the order of the log.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use anyhow::Context;
use ks_vocabulary::input::Body;
use rustix::event::{EventfdFlags, eventfd};

/// What may wait at the most: whoever sends more is told to try again.
const WAITING: usize = 64;

/// Something said, and whom to tell that it is in the log. Who is told nothing before his end of it
/// is dropped knows that it is not.
pub(super) struct Post {
    pub(super) body: Body,
    pub(super) logged: SyncSender<()>,
}

/// The loop's end.
pub(super) struct Inbox {
    posts: Receiver<Post>,
    wake: Arc<OwnedFd>,
}

/// The other threads' end.
#[derive(Clone)]
pub(super) struct Slot {
    posts: SyncSender<Post>,
    wake: Arc<OwnedFd>,
}

/// Both ends.
pub(super) fn inbox() -> anyhow::Result<(Inbox, Slot)> {
    let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
    let wake = Arc::new(wake.context("cannot make an eventfd")?);
    let (sender, posts) = sync_channel(WAITING);
    Ok((Inbox { posts, wake: Arc::clone(&wake) }, Slot { posts: sender, wake }))
}

impl Slot {
    /// Hands something over; the error is why it cannot be.
    pub(super) fn send(&self, post: Post) -> Result<(), &'static str> {
        self.posts.try_send(post).map_err(|error| match error {
            TrySendError::Full(_) => "too much waits to be logged: try again",
            TrySendError::Disconnected(_) => "the daemon is ending",
        })?;
        // A counter that is full wakes up just the same.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        Ok(())
    }
}

impl Inbox {
    /// The next thing that was said.
    pub(super) fn take(&self) -> Option<Post> {
        // Emptied first: what comes afterwards wakes up again.
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        self.posts.try_recv().ok()
    }
}

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn is_awake(inbox: &Inbox) -> bool {
        let mut descriptors = [PollFd::new(inbox, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut descriptors, Some(&at_once)).unwrap() > 0
    }

    #[test]
    fn what_is_said_wakes_the_loop_and_comes_in_order() {
        let (inbox, slot) = inbox().unwrap();
        assert!(!is_awake(&inbox));
        let (logged, told) = sync_channel(2);
        for body in [Body::Tick, Body::ConfigChange(Box::default())] {
            let (slot, logged) = (slot.clone(), logged.clone());
            let sent = std::thread::spawn(move || slot.send(Post { body, logged }).is_ok());
            assert!(sent.join().unwrap());
        }
        assert!(is_awake(&inbox));
        assert_eq!(inbox.take().unwrap().body, Body::Tick);
        let post = inbox.take().unwrap();
        post.logged.send(()).unwrap();
        assert!(told.recv().is_ok());
        assert!(inbox.take().is_none() && !is_awake(&inbox));
    }

    #[test]
    fn a_flood_is_told_to_wait() {
        let (inbox, slot) = inbox().unwrap();
        let (logged, _told) = sync_channel(1);
        let send = || slot.send(Post { body: Body::Tick, logged: logged.clone() });
        for _ in 0..WAITING {
            assert_eq!(send(), Ok(()));
        }
        assert_eq!(send(), Err("too much waits to be logged: try again"));
        drop(inbox);
        assert_eq!(send(), Err("the daemon is ending"));
    }
}
