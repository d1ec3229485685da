//! The messages of a request: every field that there is, and what kind of value it has.
//!
//! Names are in camelCase. What other clients use and we never send is listed as theirs: the server
//! takes it and [`strict`](super::strict) does not. A value that no rule looks into is free.

use Kind::{Flag, Free, List, Map, Number, Object, Of, Text, Whole, Word};

/// What a value is.
pub(crate) enum Kind {
    Text,
    Whole,
    Number,
    Flag,
    Word(&'static [&'static str]),
    /// Any object.
    Object,
    /// Any value.
    Free,
    List(&'static Kind),
    /// An object with keys of the sender's choice.
    Map(&'static Kind),
    Of(&'static Message),
}

/// A field's name and what its value is.
pub(crate) type Field = (&'static str, Kind);

pub(crate) struct Message {
    pub(crate) name: &'static str,
    /// What our client may send.
    pub(crate) ours: &'static [Field],
    /// What only others send.
    pub(crate) theirs: &'static [Field],
}

/// The fields of a part of which it has one.
pub(crate) const DATA: [&str; 9] = [
    "text",
    "functionCall",
    "functionResponse",
    "inlineData",
    "fileData",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

pub(crate) static REQUEST: Message = Message {
    name: "Request",
    ours: &[
        ("contents", List(&Of(&CONTENT))),
        ("systemInstruction", Of(&CONTENT)),
        ("tools", List(&Of(&TOOL))),
        ("toolConfig", Of(&TOOL_CONFIG)),
        ("generationConfig", Of(&GENERATION_CONFIG)),
        ("safetySettings", List(&Of(&SAFETY_SETTING))),
        ("store", Flag),
        ("continuationToken", Text),
    ],
    theirs: &[
        ("cachedContent", Text),
        ("labels", Map(&Text)),
        ("serviceTier", Text),
        ("modelArmorConfig", Free),
    ],
};

pub(crate) static CONTENT: Message =
    Message { name: "Content", ours: &[("role", Text), ("parts", List(&Of(&PART)))], theirs: &[] };

static PART: Message = Message {
    name: "Part",
    ours: &[
        ("text", Text),
        ("thought", Flag),
        ("thoughtSignature", Text),
        ("functionCall", Of(&FUNCTION_CALL)),
        ("functionResponse", Of(&FUNCTION_RESPONSE)),
    ],
    theirs: &[
        ("inlineData", Object),
        ("fileData", Object),
        ("executableCode", Object),
        ("codeExecutionResult", Object),
        ("toolCall", Object),
        ("toolResponse", Object),
        ("videoMetadata", Free),
        ("mediaResolution", Free),
        ("partMetadata", Free),
        ("audioTranscription", Free),
        ("mediaProcessing", Free),
        ("speechMetadata", Free),
    ],
};

static FUNCTION_CALL: Message = Message {
    name: "FunctionCall",
    ours: &[("id", Text), ("name", Text), ("args", Object)],
    theirs: &[],
};

/// Whether `response` is an object is told by a rule, in the rule's own words.
static FUNCTION_RESPONSE: Message = Message {
    name: "FunctionResponse",
    ours: &[("id", Text), ("name", Text), ("response", Free)],
    theirs: &[("parts", List(&Object)), ("scheduling", Text), ("willContinue", Flag)],
};

static TOOL: Message = Message {
    name: "Tool",
    ours: &[("functionDeclarations", List(&Of(&FUNCTION_DECLARATION)))],
    theirs: &[
        ("googleSearch", Object),
        ("googleSearchRetrieval", Object),
        ("codeExecution", Object),
        ("urlContext", Object),
        ("computerUse", Object),
        ("fileSearch", Object),
        ("googleMaps", Object),
        ("mcpServers", List(&Object)),
    ],
};

static FUNCTION_DECLARATION: Message = Message {
    name: "FunctionDeclaration",
    ours: &[
        ("name", Text),
        ("description", Text),
        ("parameters", Of(&SCHEMA)),
        ("parametersJsonSchema", Object),
    ],
    theirs: &[("response", Of(&SCHEMA)), ("responseJsonSchema", Free), ("behavior", Text)],
};

const SCHEMA_TYPES: &[&str] =
    &["TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];

static SCHEMA: Message = Message {
    name: "Schema",
    ours: &[
        ("type", Word(SCHEMA_TYPES)),
        ("description", Text),
        ("enum", List(&Text)),
        ("format", Text),
        ("minimum", Number),
        ("maximum", Number),
        ("minLength", Whole),
        ("maxLength", Whole),
        ("pattern", Text),
        ("items", Of(&SCHEMA)),
        ("minItems", Whole),
        ("maxItems", Whole),
        ("properties", Map(&Of(&SCHEMA))),
        ("required", List(&Text)),
        ("nullable", Flag),
        ("anyOf", List(&Of(&SCHEMA))),
        ("propertyOrdering", List(&Text)),
    ],
    theirs: &[
        ("title", Text),
        ("default", Free),
        ("example", Free),
        ("minProperties", Whole),
        ("maxProperties", Whole),
        ("additionalProperties", Free),
        ("ref", Text),
        ("defs", Map(&Of(&SCHEMA))),
    ],
};

static TOOL_CONFIG: Message = Message {
    name: "ToolConfig",
    ours: &[("functionCallingConfig", Of(&FUNCTION_CALLING_CONFIG))],
    theirs: &[("retrievalConfig", Object)],
};

static FUNCTION_CALLING_CONFIG: Message = Message {
    name: "FunctionCallingConfig",
    ours: &[
        ("mode", Word(&["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"])),
        ("allowedFunctionNames", List(&Text)),
    ],
    theirs: &[],
};

static SAFETY_SETTING: Message = Message {
    name: "SafetySetting",
    ours: &[("category", Text), ("threshold", Text)],
    theirs: &[],
};

static GENERATION_CONFIG: Message = Message {
    name: "GenerationConfig",
    ours: &[
        ("maxOutputTokens", Whole),
        ("thinkingConfig", Of(&THINKING_CONFIG)),
        ("seed", Whole),
        ("stopSequences", List(&Text)),
    ],
    theirs: &[
        ("candidateCount", Whole),
        ("temperature", Number),
        ("topP", Number),
        ("topK", Number),
        ("frequencyPenalty", Number),
        ("presencePenalty", Number),
        ("responseMimeType", Text),
        ("responseSchema", Of(&SCHEMA)),
        ("responseJsonSchema", Free),
        ("responseFormat", Free),
        ("responseModalities", List(&Text)),
        ("responseLogprobs", Flag),
        ("logprobs", Whole),
        ("mediaResolution", Text),
        ("speechConfig", Object),
        ("imageConfig", Object),
        ("enableEnhancedCivicAnswers", Flag),
    ],
};

static THINKING_CONFIG: Message = Message {
    name: "ThinkingConfig",
    ours: &[
        (
            "thinkingLevel",
            Word(&["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"]),
        ),
        ("includeThoughts", Flag),
    ],
    theirs: &[("thinkingBudget", Whole)],
};
