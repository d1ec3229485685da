//! Whose the sockets are: who listens, who connects, and who left what its peers closed.

use ks_vocabulary::model::{ReadTimes, Sample, SocketOwner, SocketOwnerCell as Cell};

use super::network::{NETNS, listener_inode};
use crate::grain::whole;
use crate::host::Host;
use crate::host::network::Queue;
use crate::host::process::Process;

/// Every process that has sockets; the model has fewer than a recorder keeps.
pub(super) fn fill(host: &Host, sample: &mut Sample) {
    for process in &host.processes {
        let queue = host.network.queues.iter().find(|queue| queue.pid == process.pid);
        let row = describe(process, queue);
        if row.sockets() > Some(0) {
            sample.socket_owners.push_copy(&row);
        }
    }
    sample.socket_owners.sort();
    sample.socket_owners.set_read(ReadTimes::default());
}

fn describe(process: &Process, queue: Option<&Queue>) -> SocketOwner {
    let connecting = whole(process.connecting);
    let close_wait = process.counted.close_wait.value();
    let listening = u64::from(queue.is_some());
    let mut row = SocketOwner::default();
    row.set(Cell::pid, process.pid);
    row.set(Cell::start_ticks, process.start_ticks);
    row.set(Cell::netns, NETNS);
    row.set(Cell::sockets, connecting + close_wait + listening);
    row.set(Cell::established, connecting);
    row.set(Cell::close_wait, close_wait);
    row.set(Cell::listening, listening);
    row.set(Cell::full_queues, u64::from(queue.is_some_and(|of| of.waiting >= of.backlog)));
    if let Some(queue) = queue {
        row.set(Cell::port, queue.port);
        row.set(Cell::inode, listener_inode(queue));
        row.set(Cell::queue, whole(queue.waiting));
        row.set(Cell::backlog, whole(queue.backlog));
    }
    // There is one destination, and a connection is over before the next reading.
    row.set(Cell::local_ports, connecting);
    row.set(Cell::local_ports_new, connecting);
    row
}
