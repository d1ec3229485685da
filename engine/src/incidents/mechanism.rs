//! Known mechanisms: which condition is known to bring which about. One row for each.
//!
//! What is not in the table leads to nothing: lost packets slow nobody down but their connections,
//! and work for the CPUs makes nobody wait for a disk. Rows go from cause to effect and never in a
//! circle, so that blame has an end. Rows of one effect stand together, its nearest cause first.

use ks_vocabulary::kind::Kind::{
    self, BlockDeviceSaturation, IoCongestion, LoadMismatch, MemoryPressure, NetworkDegradation,
    PageFault, Scheduler, SwapThrashing, Syscall, TcpExhaustion,
};
use ks_vocabulary::subtype::Subtype;

/// Forms of `load_mismatch` that are demand from waiting, not work for the CPUs.
pub(super) const WAITING: &[Subtype] = &[Subtype::Blocked, Subtype::IdleMismatch];

/// Forms of a condition that a row is about.
#[derive(Debug, Clone, Copy)]
enum Forms {
    Any,
    Only(&'static [Subtype]),
    Except(&'static [Subtype]),
}

impl Forms {
    fn holds(self, subtype: Option<Subtype>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(forms) => subtype.is_some_and(|subtype| forms.contains(&subtype)),
            Self::Except(forms) => subtype.is_none_or(|subtype| !forms.contains(&subtype)),
        }
    }
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mechanism {
    cause: (Kind, Forms),
    effect: (Kind, Forms),
    /// The effect has other causes too that leave their own culprit: where one is convicted who has
    /// no part in the cause, the row does not hold.
    pub(super) is_contested: bool,
    /// The effect has so many other causes that the row holds only where the cause began before.
    pub(super) is_strict: bool,
    /// The effect has so many other causes that the row holds only where one is named for both.
    pub(super) is_shared: bool,
    /// What happens.
    pub(super) why: &'static str,
}

impl Mechanism {
    const fn cause_in(mut self, forms: Forms) -> Self {
        self.cause.1 = forms;
        self
    }

    const fn effect_in(mut self, forms: Forms) -> Self {
        self.effect.1 = forms;
        self
    }

    const fn contested(mut self) -> Self {
        self.is_contested = true;
        self
    }

    const fn strict(mut self) -> Self {
        self.is_strict = true;
        self
    }

    const fn shared(mut self) -> Self {
        self.is_shared = true;
        self
    }

    /// Whether it leads from the one condition, in its form, to the other.
    pub(super) fn leads(
        &self,
        cause: (Kind, Option<Subtype>),
        effect: (Kind, Option<Subtype>),
    ) -> bool {
        self.cause.0 == cause.0
            && self.effect.0 == effect.0
            && self.cause.1.holds(cause.1)
            && self.effect.1.holds(effect.1)
    }
}

const fn row(cause: Kind, effect: Kind, why: &'static str) -> Mechanism {
    let (cause, effect) = ((cause, Forms::Any), (effect, Forms::Any));
    Mechanism { cause, effect, is_contested: false, is_strict: false, is_shared: false, why }
}

const BLOCKED: Forms = Forms::Only(WAITING);
const WORK: Forms = Forms::Except(WAITING);
const SLOW: Forms = Forms::Only(&[Subtype::Slow]);
const REFUSED: Forms = Forms::Only(&[Subtype::Refused]);
const NO_PORTS: Forms = Forms::Only(&[Subtype::Ports]);
const DROPPED: Forms = Forms::Only(&[Subtype::Drops]);
const LOST: Forms = Forms::Only(&[
    Subtype::Errors,
    Subtype::Drops,
    Subtype::Utilisation,
    Subtype::CarrierLost,
    Subtype::Softnet,
]);

/// See the module. All rows are our judgement.
pub(super) const TABLE: &[Mechanism] = &[
    row(MemoryPressure, SwapThrashing, "pages go to swap where memory ends"),
    row(SwapThrashing, PageFault, "pages in swap are faulted back in"),
    row(MemoryPressure, PageFault, "pages in use are dropped and read back"),
    row(SwapThrashing, BlockDeviceSaturation, "pages are written to swap and read back")
        .contested(),
    row(PageFault, BlockDeviceSaturation, "faults read from the device").contested(),
    row(
        MemoryPressure,
        BlockDeviceSaturation,
        "what memory cannot hold is written out and read back",
    )
    .contested(),
    row(BlockDeviceSaturation, IoCongestion, "who asks a busy device waits behind the others")
        .contested(),
    row(SwapThrashing, IoCongestion, "tasks wait for pages from swap").contested(),
    row(PageFault, IoCongestion, "tasks wait for the pages they fault on").contested(),
    row(MemoryPressure, IoCongestion, "tasks wait for what memory cannot hold").contested(),
    row(IoCongestion, LoadMismatch, "tasks that wait for I/O are demand").effect_in(BLOCKED),
    row(BlockDeviceSaturation, LoadMismatch, "tasks that wait for a device are demand")
        .effect_in(BLOCKED),
    row(PageFault, LoadMismatch, "tasks that wait for pages are demand").effect_in(BLOCKED),
    row(SwapThrashing, LoadMismatch, "tasks that wait for swap are demand").effect_in(BLOCKED),
    row(MemoryPressure, LoadMismatch, "tasks that wait for memory are demand").effect_in(BLOCKED),
    row(TcpExhaustion, LoadMismatch, "who finds no free port goes on looking for one")
        .cause_in(NO_PORTS)
        .effect_in(WORK)
        .shared(),
    row(Syscall, LoadMismatch, "calls that are refused are made again")
        .cause_in(REFUSED)
        .effect_in(WORK)
        .shared(),
    row(LoadMismatch, Scheduler, "more tasks want to run than there are CPUs")
        .cause_in(WORK)
        .effect_in(Forms::Except(&[Subtype::Throttled, Subtype::Stolen])),
    row(IoCongestion, Syscall, "calls wait for I/O").effect_in(SLOW),
    row(BlockDeviceSaturation, Syscall, "calls wait for a device").effect_in(SLOW),
    row(PageFault, Syscall, "calls wait for pages").effect_in(SLOW),
    row(SwapThrashing, Syscall, "calls wait for pages from swap").effect_in(SLOW),
    row(MemoryPressure, Syscall, "calls wait for memory").effect_in(SLOW),
    row(Scheduler, Syscall, "calls wait for a CPU").effect_in(SLOW).strict(),
    row(Syscall, Syscall, "calls that ask for more are refused")
        .cause_in(Forms::Only(&[Subtype::ResourceLimit]))
        .effect_in(REFUSED),
    row(TcpExhaustion, Syscall, "no file can be opened any more")
        .cause_in(Forms::Only(&[Subtype::FileHandles]))
        .effect_in(REFUSED),
    row(TcpExhaustion, Syscall, "no port is left to connect from")
        .cause_in(NO_PORTS)
        .effect_in(REFUSED),
    row(MemoryPressure, Syscall, "calls that ask for memory are refused").effect_in(REFUSED),
    row(Scheduler, TcpExhaustion, "who waits for a CPU accepts late")
        .effect_in(Forms::Only(&[Subtype::AcceptQueue]))
        .strict(),
    row(NetworkDegradation, NetworkDegradation, "what finds the backlog of a CPU full is dropped")
        .cause_in(Forms::Only(&[Subtype::Softnet]))
        .effect_in(DROPPED),
    row(TcpExhaustion, NetworkDegradation, "what finds no memory is dropped")
        .cause_in(Forms::Only(&[Subtype::TcpMemory]))
        .effect_in(DROPPED),
    row(NetworkDegradation, NetworkDegradation, "what is lost is sent again")
        .cause_in(LOST)
        .effect_in(Forms::Only(&[Subtype::Retransmits])),
    row(TcpExhaustion, NetworkDegradation, "what cannot be tracked is dropped and sent again")
        .cause_in(Forms::Only(&[Subtype::Conntrack]))
        .effect_in(Forms::Only(&[Subtype::Retransmits])),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a condition can have a form of both.
    fn overlap(one: Forms, other: Forms) -> bool {
        match (one, other) {
            (Forms::Only(forms), _) => forms.iter().any(|form| other.holds(Some(*form))),
            (_, Forms::Only(forms)) => forms.iter().any(|form| one.holds(Some(*form))),
            _ => true,
        }
    }

    #[test]
    fn rows_never_go_in_a_circle() {
        let mut left: Vec<&Mechanism> = TABLE.iter().collect();
        for _ in TABLE {
            // What nothing leads to takes its own rows away.
            let rows = left.clone();
            left.retain(|row| {
                let leads_to = |before: &&Mechanism| {
                    before.effect.0 == row.cause.0 && overlap(before.effect.1, row.cause.1)
                };
                rows.iter().any(leads_to)
            });
        }
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn rows_within_one_kind_go_from_one_form_to_another() {
        for row in TABLE.iter().filter(|row| row.cause.0 == row.effect.0) {
            let (Forms::Only(from), Forms::Only(to)) = (row.cause.1, row.effect.1) else {
                panic!("{row:?} names no forms");
            };
            assert!(from.iter().all(|form| !to.contains(form)), "{row:?}");
        }
    }

    #[test]
    fn rows_of_one_effect_stand_together() {
        let effects: Vec<Kind> = TABLE.iter().map(|row| row.effect.0).collect();
        let mut seen = Vec::new();
        for pair in effects.chunk_by(|one, other| one == other) {
            assert!(!seen.contains(&pair[0]), "{:?} stands at two places", pair[0]);
            seen.push(pair[0]);
        }
    }

    #[test]
    fn what_is_dropped_is_dropped_for_want_of_room_or_of_memory() {
        let leads = |cause, to| {
            let effect = (NetworkDegradation, Some(to));
            TABLE.iter().any(|row| row.leads(cause, effect))
        };
        for cause in [
            (NetworkDegradation, Some(Subtype::Softnet)),
            (TcpExhaustion, Some(Subtype::TcpMemory)),
        ] {
            assert!(leads(cause, Subtype::Drops), "{cause:?}");
            assert!(!leads(cause, Subtype::Errors), "{cause:?}");
        }
        assert!(!leads((TcpExhaustion, Some(Subtype::Ports)), Subtype::Drops));
    }

    #[test]
    fn lost_packets_lead_to_nothing_but_retransmits() {
        for effect in Kind::ALL {
            for form in [
                None,
                Some(Subtype::Blocked),
                Some(Subtype::Slow),
                Some(Subtype::Refused),
                Some(Subtype::Retransmits),
            ] {
                let cause = (NetworkDegradation, Some(Subtype::Drops));
                let leads = TABLE.iter().any(|row| row.leads(cause, (effect, form)));
                let expected = effect == NetworkDegradation && form == Some(Subtype::Retransmits);
                assert_eq!(leads, expected, "{effect:?} {form:?}");
            }
        }
    }
}
