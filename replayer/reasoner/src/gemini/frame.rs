//! What of a reply, or of one frame of it, is understood.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::heard::Tokens;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Frame {
    pub(super) candidates: Option<Vec<Candidate>>,
    pub(super) prompt_feedback: Option<Feedback>,
    pub(super) usage_metadata: Option<Usage>,
    pub(super) model_version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate {
    pub(super) content: Option<Content>,
    pub(super) finish_reason: Option<String>,
    pub(super) continuation_token: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Content {
    pub(super) parts: Option<Vec<Box<RawValue>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback {
    pub(super) block_reason: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Usage {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
}

impl Usage {
    pub(super) fn tokens(self) -> Tokens {
        let of = |count: Option<u64>| count.unwrap_or(0);
        Tokens {
            prompt: of(self.prompt_token_count)
                .saturating_add(of(self.tool_use_prompt_token_count)),
            cached: of(self.cached_content_token_count),
            said: of(self.candidates_token_count),
            thoughts: of(self.thoughts_token_count),
        }
    }
}
