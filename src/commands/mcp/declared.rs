//! How the tools are declared to clients.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};

use super::offered::Offered;
use super::{inputs, outputs};

/// What a client is told of a tool.
pub(super) fn declared(offered: Offered, paths: &[String]) -> Tool {
    let hints = ToolAnnotations::new().read_only(true).destructive(false);
    let arguments = inputs::schema(offered, paths);
    Tool::new(offered.word(), about(offered), Arc::new(arguments))
        .with_title(title(offered))
        .with_raw_output_schema(Arc::new(outputs::schema(offered)))
        .with_annotations(hints.idempotent(true).open_world(false))
}

fn title(offered: Offered) -> &'static str {
    match offered {
        Offered::Signals => "Verdicts on a host",
        Offered::Trends => "Where quantities are heading",
        Offered::Simulated => "What becomes of a condition",
        Offered::Candidates => "What could be done",
        Offered::Explained => "How an incident came about",
    }
}

fn about(offered: Offered) -> &'static str {
    match offered {
        Offered::Signals => {
            "Verdicts that stand, and those that stood within the last minutes: where, how \
             bad, the quantities that decided with their limits and units, who consumes and \
             who suffers, as handles. The most severe first, then the newest."
        }
        Offered::Trends => {
            "The quantities of a condition that stands, before it and at present, and \
             forecasts of the resources whose end raises it."
        }
        Offered::Simulated => {
            "Whether a resource of a condition runs out within the minutes asked for, by \
             forecast: when nothing is done, or with an action. Or why that cannot be told."
        }
        Offered::Candidates => {
            "What could be done about a diagnosis, the mildest first, each with its risk, what \
             it is expected to do, and what the guard would say of it. Nothing is done."
        }
        Offered::Explained => {
            "The trace of an incident: its likely first causes with what speaks for them, each \
             step of the agent that looked at it, and what it decided, with what came of it. \
             Long traces begin with their last steps; `truncated` says how many are left out."
        }
    }
}
