//! Putting one program on its hook, and taking it off.

use aya::Ebpf;
use aya::programs::fentry::FEntryLinkId;
use aya::programs::fexit::FExitLinkId;
use aya::programs::tp_btf::BtfTracePointLinkId;
use aya::programs::{BtfTracePoint, FEntry, FExit, Program as Loaded, ProgramError};

use crate::error::LoadError;
use crate::kernel::Kernel;
use crate::program::{Hook, Program};

/// What holds a program on its hook.
#[derive(Debug)]
pub(crate) enum Attached {
    Tracepoint(BtfTracePointLinkId),
    Entry(FEntryLinkId),
    Exit(FExitLinkId),
}

/// Attaches the first program that the kernel takes; the error is that of the preferred one.
pub(crate) fn attach_first(
    ebpf: &mut Ebpf,
    variants: &[Program],
    kernel: &Kernel,
) -> Result<(&'static str, Attached), LoadError> {
    let mut first = None;
    for variant in variants {
        let program = ebpf.program_mut(variant.name).expect("the object has its programs");
        match load_program(program, variant.hook, kernel).and_then(|()| attach(program)) {
            Ok(link) => return Ok((variant.name, link)),
            Err(error) => {
                first.get_or_insert(LoadError::of_program(&error, variant.hook.name()));
            }
        }
    }
    Err(first.expect("there is a variant"))
}

fn load_program(program: &mut Loaded, hook: Hook, kernel: &Kernel) -> Result<(), ProgramError> {
    let btf = kernel.btf();
    match hook {
        Hook::Tracepoint(name) => <&mut BtfTracePoint>::try_from(program)?.load(name, btf),
        Hook::Entry(name) => <&mut FEntry>::try_from(program)?.load(name, btf),
        Hook::Exit(name) => <&mut FExit>::try_from(program)?.load(name, btf),
    }
}

pub(crate) fn attach(program: &mut Loaded) -> Result<Attached, ProgramError> {
    if let Loaded::FEntry(program) = program {
        return program.attach().map(Attached::Entry);
    }
    if let Loaded::FExit(program) = program {
        return program.attach().map(Attached::Exit);
    }
    <&mut BtfTracePoint>::try_from(program)?.attach().map(Attached::Tracepoint)
}

pub(crate) fn detach(program: &mut Loaded, link: Attached) -> Result<(), ProgramError> {
    match link {
        Attached::Tracepoint(link) => <&mut BtfTracePoint>::try_from(program)?.detach(link),
        Attached::Entry(link) => <&mut FEntry>::try_from(program)?.detach(link),
        Attached::Exit(link) => <&mut FExit>::try_from(program)?.detach(link),
    }
}
