"""OpenAI's own client against the server of the tests: what that says the client understands."""

import sys

import openai

address = sys.argv[1]
client = openai.OpenAI(base_url=address + "/v1", api_key="x", max_retries=0)
tool = {
    "type": "function",
    "function": {
        "name": "query_signals",
        "description": "What stands.",
        "parameters": {
            "type": "object",
            "properties": {"severity_min": {"type": "string", "enum": ["low", "high"]}},
            "required": ["severity_min"],
            "additionalProperties": False,
        },
    },
}


def ask(messages, **options):
    return client.chat.completions.create(
        model="tiny", messages=messages, tools=[tool], max_tokens=256, **options
    )


messages = [
    {"role": "system", "content": "Call a tool, and say what it answers."},
    {"role": "user", "content": "What stands?"},
]
reply = ask(messages, tool_choice="auto")
choice = reply.choices[0]
assert choice.finish_reason == "tool_calls", reply
calls = choice.message.tool_calls
assert [call.id for call in calls] == ["a", "b"], reply
assert all(call.function.arguments == '{"severity_min": "low"}' for call in calls), reply
assert reply.usage.prompt_tokens_details.cached_tokens == 40, reply
messages.append(choice.message)
# What leaves a call without an answer is refused, in a form that the client takes apart.
try:
    ask(messages)
    raise SystemExit("calls without answers are taken")
except openai.BadRequestError as error:
    assert error.param == "messages" and error.type == "invalid_request_error", error
for call in calls:
    messages.append({"role": "tool", "tool_call_id": call.id, "content": '{"output": []}'})
reply = ask(messages)
assert reply.choices[0].finish_reason == "stop", reply
try:
    client.models.list()
    raise SystemExit("there is more than chat completions")
except openai.NotFoundError:
    pass
print(reply.choices[0].message.content)
