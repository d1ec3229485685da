//! The tools that are offered: four of the agent's five, and the trace of an incident. The fifth
//! asks for something to be done, and is not here.

use std::sync::Arc;

use ks_vocabulary::decision::ToolName;
use rmcp::model::{Tool, ToolAnnotations};

use super::{inputs, outputs};

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

    /// What a client is told of it.
    pub(super) fn declare(self, paths: &[String]) -> Tool {
        let hints = ToolAnnotations::new().read_only(true).destructive(false);
        Tool::new(self.word(), self.about(), Arc::new(inputs::schema(self, paths)))
            .with_title(self.title())
            .with_raw_output_schema(Arc::new(outputs::schema(self)))
            .with_annotations(hints.idempotent(true).open_world(false))
    }

    fn title(self) -> &'static str {
        match self {
            Self::Signals => "Verdicts on a host",
            Self::Trends => "Where quantities are heading",
            Self::Simulated => "What becomes of a condition",
            Self::Candidates => "What could be done",
            Self::Explained => "How an incident came about",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Signals => {
                "Verdicts that stand, and those that stood within the last minutes: where, how \
                 bad, the quantities that decided with their limits and units, who consumes and \
                 who suffers, as handles. The most severe first, then the newest."
            }
            Self::Trends => {
                "The quantities of a condition that stands, before it and at present, and \
                 forecasts of the resources whose end raises it."
            }
            Self::Simulated => {
                "Whether a resource of a condition runs out within the minutes asked for, by \
                 forecast: when nothing is done, or with an action. Or why that cannot be told."
            }
            Self::Candidates => {
                "What could be done about a diagnosis, the mildest first, each with its risk, what \
                 it is expected to do, and what the guard would say of it. Nothing is done."
            }
            Self::Explained => {
                "The trace of an incident: its likely first causes with what speaks for them, each \
                 step of the agent that looked at it, and what it decided, with what came of it. \
                 Long traces begin with their last steps; `truncated` says how many are left out."
            }
        }
    }
}
