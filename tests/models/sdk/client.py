"""Google's own client against the server of the tests: what that says the client understands."""

import sys

from google import genai
from google.genai import types

address, key = sys.argv[1:3]
tool = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="query_signals",
            description="What stands.",
            parameters_json_schema={
                "type": "object",
                "properties": {"severity_min": {"type": "string", "enum": ["low", "high"]}},
                "required": ["severity_min"],
                "additionalProperties": False,
            },
        )
    ]
)
for version in ("v1", "v1beta"):
    options = types.HttpOptions(base_url=address, api_version=version)
    client = genai.Client(api_key=key, http_options=options)
    config = types.GenerateContentConfig(tools=[tool], max_output_tokens=256)
    config.automatic_function_calling = types.AutomaticFunctionCallingConfig(disable=True)
    asked = [types.Content(role="user", parts=[types.Part(text="What stands?")])]
    reply = client.models.generate_content(
        model="gemini-3.8-flash", contents=asked, config=config
    )
    call = reply.candidates[0].content.parts[0].function_call
    assert call.name == "query_signals", reply
    asked.append(reply.candidates[0].content)
    answer = types.Part.from_function_response(name=call.name, response={"output": []})
    answer.function_response.id = call.id
    asked.append(types.Content(role="user", parts=[answer]))
    stream = client.models.generate_content_stream(
        model="gemini-3.8-flash", contents=asked, config=config
    )
    text = "".join(piece.text or "" for piece in stream)
    assert text, "it says something"
    print(f"{version}: {text}")
