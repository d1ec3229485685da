//! What each action is expected to do to a resource that runs out: priors, wide on purpose.
//!
//! They are our judgement until outcomes have been learned, and are said to be. The actions are
//! those of the catalogue; nothing here can perform one.

use ks_vocabulary::action::ActionKind;

use ks_vocabulary::resource::Resource;

/// Lowest, likeliest and highest value: a triangular distribution.
pub type Triangle = (f64, f64, f64);

/// The effect of one action on the growth of a resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The form of action.
    pub action: ActionKind,
    /// Resources that it is an answer to.
    pub resources: &'static [Resource],
    /// Share of the growth that goes on.
    pub kept: Triangle,
    /// Share of the present use that is freed.
    pub freed: Triangle,
    /// Time for which growth stands still, in seconds.
    pub halted_s: f64,
    /// What has to hold for this.
    pub assumption: &'static str,
}

const NOTHING: Triangle = (0.0, 0.0, 0.0);
const ALL: Triangle = (1.0, 1.0, 1.0);

/// Every effect that is known of.
pub const EFFECTS: &[Effect] = &[
    Effect {
        action: ActionKind::LimitCgroupMemoryHigh,
        resources: &[Resource::Memory],
        kept: (0.0, 0.1, 0.7),
        freed: NOTHING,
        halted_s: 0.0,
        assumption: "the group that grows is the one limited",
    },
    Effect {
        action: ActionKind::ReclaimCgroupMemory,
        resources: &[Resource::Memory],
        kept: ALL,
        freed: (0.0, 0.03, 0.1),
        halted_s: 0.0,
        assumption: "the group has pages that are cold",
    },
    Effect {
        action: ActionKind::LimitCgroupSwap,
        resources: &[Resource::Swap],
        kept: (0.0, 0.05, 0.4),
        freed: NOTHING,
        halted_s: 0.0,
        assumption: "the group that grows is the one limited; its memory stays in use instead",
    },
    Effect {
        action: ActionKind::PauseProcess,
        resources: &[Resource::Memory, Resource::Swap, Resource::Pids, Resource::Space],
        kept: ALL,
        freed: NOTHING,
        halted_s: 60.0,
        assumption: "the process paused is the one that grows; it goes on after 60 s",
    },
    Effect {
        action: ActionKind::TerminateProcess,
        resources: &[Resource::Memory, Resource::Swap],
        kept: (0.0, 0.2, 1.0),
        freed: (0.0, 0.2, 0.6),
        halted_s: 0.0,
        assumption: "the process ended is the one that grows; a supervisor may start it again",
    },
    Effect {
        action: ActionKind::LimitCgroupPids,
        resources: &[Resource::Pids],
        kept: (0.0, 0.05, 0.5),
        freed: NOTHING,
        halted_s: 0.0,
        assumption: "the group that forks is the one limited",
    },
    Effect {
        action: ActionKind::WidenPortRange,
        resources: &[Resource::Ports],
        kept: (0.44, 0.5, 1.0),
        freed: (0.0, 0.5, 0.56),
        halted_s: 0.0,
        assumption: "from the kernel's default range to all ports from 1024 on",
    },
    Effect {
        action: ActionKind::EnableTwReuse,
        resources: &[Resource::Ports],
        kept: (0.2, 0.6, 1.0),
        freed: (0.0, 0.2, 0.5),
        halted_s: 0.0,
        assumption: "ports are held by sockets in TIME_WAIT on this side",
    },
    Effect {
        action: ActionKind::RaiseConntrackMax,
        resources: &[Resource::Conntrack],
        kept: (0.25, 0.5, 1.0),
        freed: (0.0, 0.5, 0.75),
        halted_s: 0.0,
        assumption: "to twice the present limit, four times at most",
    },
    Effect {
        action: ActionKind::ThrottleIo,
        resources: &[Resource::Space],
        kept: (0.1, 0.5, 1.0),
        freed: NOTHING,
        halted_s: 0.0,
        assumption: "the group that writes is the one throttled, to half its rate",
    },
];

/// The effects on a resource.
pub fn on(resource: Resource) -> impl Iterator<Item = &'static Effect> {
    EFFECTS.iter().filter(move |effect| effect.resources.contains(&resource))
}
