"""Clients of the official Python SDK talk to `ks mcp`: by the handshake, and without one.

Arguments: the program, and what it is to be asked about. The SDK holds each answer against the
schema that the tool declares for it, and raises where they differ.
"""

import json
import sys

import anyio
from mcp import Client, MCPError, StdioServerParameters

TOOLS = [
    "query_signals",
    "summarize_trends",
    "simulate_scenario",
    "propose_action",
    "explain_incident",
]
AT = "+60s"


def told(result):
    """What a call answers: as an object, and as text, which are the same."""
    assert not result.is_error, result
    assert json.loads(result.content[0].text) == result.structured_content, result
    return result.structured_content


async def refused(client, tool, arguments, reason):
    """A call whose arguments are wrong."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error and result.structured_content is None, result
    assert reason in result.content[0].text, result


async def talk(server, mode, version):
    """All that a client does."""
    async with Client(server, mode=mode) as client:
        assert client.protocol_version == version, client.protocol_version
        assert client.server_info is None or client.server_info.name == "kernelsight"
        assert "handles" in client.instructions if client.instructions else mode == version
        listed = await client.list_tools()
        assert [tool.name for tool in listed.tools] == TOOLS, listed
        assert all(tool.annotations.read_only_hint for tool in listed.tools)
        asked = {"severity_min": "low", "lookback_minutes": 1440, "at": AT}
        signals = told(await client.call_tool("query_signals", asked))["signals"]["signals"]
        parties = [party for signal in signals for party in signal["culprits"]]
        culprit = next(party["entity"] for party in parties if party["convicted"])
        asked = {"signal_type": "scheduler", "analysis_window": 5, "at": AT}
        assert told(await client.call_tool("summarize_trends", asked))["trends"]["changes"]
        asked = {"signal_type": "memory_pressure", "duration_minutes": 30, "at": AT}
        told(await client.call_tool("simulate_scenario", asked))
        asked = {"failure_mode": "noisy_neighbour", "urgency": "high", "target": culprit}
        candidates = told(await client.call_tool("propose_action", {**asked, "at": AT}))
        assert candidates["candidates"]["candidates"], candidates
        explained = told(await client.call_tool("explain_incident", {"at": AT}))
        assert explained["incident"]["causes"][0]["handle"] == culprit, explained
        await refused(client, "query_signals", {}, "missing field")
        await refused(client, "query_signals", {**asked, "limit": 51}, "unknown field")
        await refused(client, "explain_incident", {"at": "soon"}, "write a time as")
        try:
            await client.call_tool("execute_remediation", {})
        except MCPError as error:
            assert error.code == -32602, error
        else:
            raise AssertionError("a tool that acts is there")


async def main():
    program, *paths = sys.argv[1:]
    server = StdioServerParameters(command=program, args=["mcp", *paths])
    await talk(server, "legacy", "2025-11-25")
    await talk(server, "auto", "2026-07-28")
    await talk(server, "2026-07-28", "2026-07-28")
    print("the Python SDK: both eras")


anyio.run(main)
