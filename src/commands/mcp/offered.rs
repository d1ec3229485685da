//! The tools that are offered: four of the agent's five, and the trace of an incident. The fifth
//! asks for something to be done, and is not here.

use ks_vocabulary::decision::ToolName;

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    Signals,
    Trends,
    Simulated,
    Candidates,
    Explained,
}

/// All of them, in the order in which they are of use.
pub(super) const ALL: [Offered; 5] = [
    Offered::Signals,
    Offered::Trends,
    Offered::Simulated,
    Offered::Candidates,
    Offered::Explained,
];

impl Offered {
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|offered| offered.word() == name)
    }

    /// The tool of the agent that answers; the trace of an incident is told by the report.
    pub(super) fn of_agent(self) -> Option<ToolName> {
        match self {
            Self::Signals => Some(ToolName::QuerySignals),
            Self::Trends => Some(ToolName::SummarizeTrends),
            Self::Simulated => Some(ToolName::SimulateScenario),
            Self::Candidates => Some(ToolName::ProposeAction),
            Self::Explained => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.of_agent().map_or("explain_incident", ToolName::word)
    }
}
