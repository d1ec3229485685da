//! The only hand that touches a host: what it may do to a process, and how each of it is put back.
//!
//! Whatever is changed is held first, so that another process of the same id is never meant
//! ([`held::Held`]). Each change is captured, made, read back, and put back where it stands still
//! as it was made: what someone else changed since is left alone.

#[cfg(not(target_os = "linux"))]
compile_error!("it speaks to the Linux kernel");

pub mod approval;
pub mod audit;
pub mod bounds;
mod bus;
mod bus_message;
pub mod calls;
mod clock;
mod cut;
pub mod deed;
pub mod direction;
mod due;
pub mod entry;
pub mod failure;
pub mod hand;
mod heirs;
pub mod held;
pub mod helper;
pub mod here;
mod hexadecimal;
pub mod limit;
pub mod mask;
pub mod meaning;
mod members;
pub mod message;
pub mod notes;
mod overlap;
mod own;
pub mod perform;
pub mod place;
pub mod process;
pub mod process_file;
pub mod process_value;
pub mod sandbox;
pub mod serve;
mod session;
mod settable;
pub mod setting;
mod staff;
pub mod stat;
pub mod syscalls;
pub mod systemd;
pub mod threads;
pub mod unit;
pub mod unit_file;
pub mod writes;
pub mod written;

#[cfg(test)]
mod child;
#[cfg(test)]
mod made;
