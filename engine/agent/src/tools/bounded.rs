//! No answer is longer than a reasoner can use: rows are left out from the end, never a part of
//! one, and the answer says how many.

use alloc::vec::Vec;

use ks_vocabulary::decision::{Listed, LookTold, ToolAnswer};
use serde::Serialize;

/// Bytes of JSON that an answer may have: about 2,000 tokens.
pub(crate) const BYTES_MAX: usize = 8_000;

/// The answer with as many of its rows as there is room for.
pub(super) fn bounded(mut answer: ToolAnswer) -> ToolAnswer {
    let bytes = length(&answer);
    if bytes <= BYTES_MAX {
        return answer;
    }
    match &mut answer {
        ToolAnswer::Signals(told) => keep(bytes, (&mut told.signals, &mut told.truncated)),
        ToolAnswer::Candidates(told) => keep(bytes, (&mut told.candidates, &mut told.truncated)),
        ToolAnswer::Trends(told) => {
            let (changes, forecasts) = (&mut told.changes, &mut told.forecasts);
            told.truncated += keep_both(bytes, changes, forecasts);
        }
        ToolAnswer::Looked(told) => looked(bytes, told),
        // They have no rows.
        ToolAnswer::Simulated(_) | ToolAnswer::Judged(_) => {}
    }
    answer
}

fn looked(bytes: usize, told: &mut LookTold) {
    match told {
        LookTold::TopMemory { processes, .. } | LookTold::TopCpu { processes } => {
            listed(bytes, processes);
        }
        LookTold::IoActivity { disks, processes } => {
            let [one, other] = [disks.rows.len(), processes.rows.len()];
            keep_both(bytes, &mut disks.rows, &mut processes.rows);
            disks.truncated += one - disks.rows.len();
            processes.truncated += other - processes.rows.len();
        }
        LookTold::Network { interfaces } => listed(bytes, interfaces),
        LookTold::Tcp { namespaces } => listed(bytes, namespaces),
        LookTold::BlockedTasks { processes } => listed(bytes, processes),
        LookTold::DiskSpace { filesystems } => listed(bytes, filesystems),
        LookTold::Pressure { groups, .. } => listed(bytes, groups),
        LookTold::Swap { .. }
        | LookTold::Cgroup { .. }
        | LookTold::Process { .. }
        | LookTold::Sockets { .. } => {}
    }
}

fn listed<T: Serialize>(bytes: usize, told: &mut Listed<T>) {
    keep(bytes, (&mut told.rows, &mut told.truncated));
}

fn keep<T: Serialize>(bytes: usize, (rows, truncated): (&mut Vec<T>, &mut usize)) {
    let rest = bytes - lengths(rows).sum::<usize>();
    *truncated += fit(rows, room(rest));
}

/// Shares the room: neither list has less than half, as far as it needs it. What is left out is
/// counted.
fn keep_both<T: Serialize, U: Serialize>(
    bytes: usize,
    first: &mut Vec<T>,
    second: &mut Vec<U>,
) -> usize {
    let of: [usize; 2] = [lengths(first).sum(), lengths(second).sum()];
    let room = room(bytes - of[0] - of[1]);
    let left_out = fit(first, room.saturating_sub(of[1].min(room / 2)));
    left_out + fit(second, room.saturating_sub(lengths(first).sum()))
}

/// Room for rows beside the rest of an answer, in which the number of those left out grows.
fn room(rest: usize) -> usize {
    const DIGITS: usize = 20;
    BYTES_MAX.saturating_sub(rest + 2 * DIGITS)
}

/// Leaves out the last rows, and says how many.
fn fit<T: Serialize>(rows: &mut Vec<T>, room: usize) -> usize {
    let mut used = 0;
    let kept = lengths(rows).take_while(|bytes| {
        used += bytes;
        used <= room
    });
    let kept = kept.count();
    let left_out = rows.len() - kept;
    rows.truncate(kept);
    left_out
}

/// What each row takes, with its comma.
fn lengths<T: Serialize>(rows: &[T]) -> impl Iterator<Item = usize> {
    rows.iter().map(|row| length(row) + 1)
}

fn length(of: &impl Serialize) -> usize {
    serde_json::to_vec(of).map_or(0, |bytes| bytes.len())
}

#[cfg(test)]
mod tests;
