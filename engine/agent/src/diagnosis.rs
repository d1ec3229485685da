//! What is wrong, by the signals of an incident: rules that a person on call would use.

use ks_vocabulary::decision::{FailureMode, PartyTold, SignalTold};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;

/// The diagnosis of a signal, with who is to blame for it.
pub fn of_signal(signal: &SignalTold) -> (FailureMode, Option<&PartyTold>) {
    let culprit = signal.culprits.iter().find(|party| party.convicted);
    (mode(signal, culprit), culprit)
}

fn mode(signal: &SignalTold, culprit: Option<&PartyTold>) -> FailureMode {
    match signal.kind {
        Kind::MemoryPressure => memory(signal, culprit),
        Kind::SwapThrashing => match culprit.map(|party| party.metric) {
            Some(Metric::MemoryGrowth | Metric::SwapGrowth) => FailureMode::MemoryLeak,
            Some(_) | None => FailureMode::SwapThrashing,
        },
        Kind::LoadMismatch => match signal.subtype {
            Some(Subtype::Niced) => FailureMode::BusyByDesign,
            Some(Subtype::Blocked) => disk(culprit),
            Some(Subtype::IdleMismatch) => FailureMode::Unknown,
            _ => cpu(culprit),
        },
        Kind::Scheduler => match signal.subtype {
            Some(Subtype::Stolen) => FailureMode::StolenCpu,
            Some(Subtype::Throttled) => FailureMode::CpuQuota,
            Some(Subtype::Niced) => FailureMode::BusyByDesign,
            _ => cpu(culprit),
        },
        Kind::IoCongestion | Kind::BlockDeviceSaturation => disk(culprit),
        Kind::PageFault => match culprit.map(|party| party.metric) {
            Some(Metric::MemoryGrowth) => FailureMode::MemoryLeak,
            Some(_) | None => FailureMode::FaultStorm,
        },
        Kind::TcpExhaustion => tcp(signal, culprit),
        Kind::NetworkDegradation => network(signal.subtype),
        Kind::Syscall => syscall(signal, culprit),
    }
}

fn memory(signal: &SignalTold, culprit: Option<&PartyTold>) -> FailureMode {
    if signal.entity.starts_with("cg#") {
        return FailureMode::GroupMemoryLimit;
    }
    match culprit.map(|party| party.metric) {
        Some(Metric::MemoryGrowth) if signal.subtype == Some(Subtype::Predicted) => {
            FailureMode::MemoryLeak
        }
        Some(Metric::Majflt) => FailureMode::FaultStorm,
        Some(_) => FailureMode::MemoryHog,
        None => FailureMode::Unknown,
    }
}

fn cpu(culprit: Option<&PartyTold>) -> FailureMode {
    match culprit {
        Some(party) if party.metric == Metric::Threads => FailureMode::ForkStorm,
        Some(party) if party.entity.starts_with("cg#") => FailureMode::NoisyNeighbour,
        Some(_) => FailureMode::CpuHog,
        None => FailureMode::Unknown,
    }
}

fn disk(culprit: Option<&PartyTold>) -> FailureMode {
    match culprit.map(|party| party.metric) {
        Some(Metric::IoBytes | Metric::WrittenBytes | Metric::Majflt) => FailureMode::IoHog,
        Some(_) => FailureMode::Unknown,
        None => FailureMode::SlowDevice,
    }
}

fn tcp(signal: &SignalTold, culprit: Option<&PartyTold>) -> FailureMode {
    match signal.subtype {
        // Ports are those of a network namespace, file handles and memory those of the host.
        Some(Subtype::Predicted) if signal.entity == "host" => match culprit {
            Some(party) if party.metric == Metric::OpenFiles => FailureMode::DescriptorLeak,
            Some(_) | None => FailureMode::TcpMemory,
        },
        Some(Subtype::Ports | Subtype::TimeWait | Subtype::Predicted) => {
            FailureMode::PortExhaustion
        }
        Some(Subtype::CloseWait) => FailureMode::ConnectionLeak,
        Some(Subtype::AcceptQueue) => FailureMode::AcceptQueue,
        Some(Subtype::SynQueue | Subtype::SynCookies) => FailureMode::SynQueue,
        Some(Subtype::Conntrack) => FailureMode::Conntrack,
        Some(Subtype::TcpMemory | Subtype::Orphans) => FailureMode::TcpMemory,
        Some(Subtype::FileHandles) => FailureMode::DescriptorLeak,
        _ => FailureMode::Unknown,
    }
}

fn network(subtype: Option<Subtype>) -> FailureMode {
    match subtype {
        Some(Subtype::Softnet) => FailureMode::FrameDrops,
        Some(Subtype::Utilisation) => FailureMode::LinkSaturated,
        Some(Subtype::Errors | Subtype::CarrierLost) => FailureMode::LinkFault,
        Some(Subtype::Retransmits | Subtype::Drops) => FailureMode::PacketLoss,
        _ => FailureMode::Unknown,
    }
}

fn syscall(signal: &SignalTold, culprit: Option<&PartyTold>) -> FailureMode {
    let has = |metric: Metric| signal.evidence.iter().any(|one| one.metric == metric);
    match signal.subtype {
        Some(Subtype::Slow) => FailureMode::SlowCalls,
        Some(Subtype::Predicted | Subtype::ResourceLimit | Subtype::Refused) => {
            if has(Metric::PidsUsedShare) || has(Metric::ForksRefused) {
                FailureMode::ForkStorm
            } else if has(Metric::OpenFilesShare) || has(Metric::RefusedEmfile) {
                FailureMode::DescriptorLeak
            } else if has(Metric::SpaceUsedShare)
                || has(Metric::InodesUsedShare)
                || has(Metric::RefusedEnospc)
                || culprit.is_some_and(|party| party.metric == Metric::WrittenBytes)
            {
                FailureMode::SpaceFilling
            } else {
                FailureMode::ResourceLimit
            }
        }
        _ => FailureMode::Unknown,
    }
}
