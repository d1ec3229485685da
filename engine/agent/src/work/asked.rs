//! What others ask the tools of, beside the agent's own work: nothing is decided by it.

use alloc::format;
use alloc::string::String;
use core::cmp::Reverse;

use ks_vocabulary::decision::{ToolAnswer, ToolCall};

use super::Agent;
use crate::facts::Facts;
use crate::handles::Handles;

impl Agent {
    /// What a tool answers about an incident, or about the worst that is open, the oldest of
    /// equals. The error is what is wrong with the call.
    pub fn ask_tool(
        &mut self,
        incident: Option<u64>,
        call: &ToolCall,
        facts: &dyn Facts,
    ) -> Result<ToolAnswer, String> {
        if let ToolCall::ExecuteRemediation(_) = call {
            return Err(format!("`{}` is the agent's own", call.tool()));
        }
        if let Some(id) = incident.filter(|id| self.ledger.incident(*id).is_none()) {
            return Err(format!("there is no incident {id} at that time"));
        }
        let worst = || self.ledger.open().max_by_key(|one| (one.severity, Reverse(one.id)));
        let about = incident.or_else(|| worst().map(|one| one.id)).unwrap_or(0);
        self.tools(about, facts).answer(call)
    }

    /// Calls entities as others were told that they are called.
    pub fn name_by(&mut self, names: Handles) {
        self.handles = names;
    }

    /// What entities are called, for others to go on with.
    pub fn take_names(&mut self) -> Handles {
        core::mem::take(&mut self.handles)
    }
}
