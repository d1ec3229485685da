"""Holds bodies of requests, one a line, against the types of Google's own client."""

import json
import sys
import warnings

from google.genai import types

# A word that the client does not know is a warning to it, and an error here.
warnings.simplefilter("error")

TOP = {
    "systemInstruction": types.Content,
    "toolConfig": types.ToolConfig,
    "generationConfig": types.GenerationConfig,
}


def check(body):
    for content in body["contents"]:
        types.Content.model_validate(content)
    for tool in body["tools"]:
        types.Tool.model_validate(tool)
    for name, of in TOP.items():
        of.model_validate(body[name])
    known = {"contents", "tools", "store", "continuationToken", *TOP}
    assert set(body) <= known, set(body) - known


count = 0
for line in sys.stdin:
    check(json.loads(line))
    count += 1

# It refuses what is wrong, or it shows nothing.
for wrong in ({"parts": [{"txt": "x"}]}, {"role": "user", "parts": [{"text": 1}]}):
    try:
        types.Content.model_validate(wrong)
    except ValueError:
        continue
    raise SystemExit(f"the client's types take {wrong}")
print(f"{count} bodies are what the client's types take")
