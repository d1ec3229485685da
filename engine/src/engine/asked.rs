//! What others ask the tools of the agent, and the names that outlive a run for them.

use alloc::string::String;

use ks_agent::handles::Handles;
use ks_vocabulary::decision::{ToolAnswer, ToolCall};

use super::Engine;
use super::facts::Seen;

impl Engine {
    /// Whether an agent takes part.
    pub fn has_agent(&self) -> bool {
        self.agent.is_some()
    }

    /// What a tool of the agent answers at present, about an incident or the worst that is open.
    /// Nothing is decided by it. The error is what is wrong with the call.
    pub fn ask_tool(
        &mut self,
        incident: Option<u64>,
        call: &ToolCall,
    ) -> Result<ToolAnswer, String> {
        let (window, board, tables) = (&self.window, &self.board, &self.fact_tables);
        let seen = Seen { now: self.last, window, board, tables };
        let Some(agent) = &mut self.agent else { return Err("no agent takes part".into()) };
        agent.ask_tool(incident, call, &seen)
    }

    /// Calls entities as they were called elsewhere, in the runs to come too: until the names are
    /// taken, what was issued keeps its meaning.
    pub fn name_by(&mut self, names: Handles) {
        self.names = Some(names);
        self.lend_names();
    }

    /// The names by which entities are called, where they were given.
    pub fn take_names(&mut self) -> Option<Handles> {
        let waiting = self.names.take()?;
        Some(self.agent.as_mut().map_or(waiting, |agent| agent.take_names()))
    }

    /// The agent has the names while there is one.
    pub(super) fn lend_names(&mut self) {
        if let (Some(agent), Some(names)) = (&mut self.agent, &mut self.names) {
            agent.name_by(core::mem::take(names));
        }
    }
}
