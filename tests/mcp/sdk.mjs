// Clients of the official JavaScript SDKs talk to `ks mcp`: of the first by the handshake, of the
// second by it and without one.
//
// Arguments: the program, and what it is to be asked about. The SDKs hold each answer against the
// schema that the tool declares for it, and throw where they differ.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.KS_MCP_NODE_MODULES, "..", "x.js"));
const first = {
  ...require("@modelcontextprotocol/sdk/client/index.js"),
  ...require("@modelcontextprotocol/sdk/client/stdio.js"),
};
const second = {
  ...require("@modelcontextprotocol/client"),
  ...require("@modelcontextprotocol/client/stdio"),
};

const TOOLS = [
  "query_signals",
  "summarize_trends",
  "simulate_scenario",
  "propose_action",
  "explain_incident",
];
const at = "+60s";
const [command, ...paths] = process.argv.slice(2);

// What a call answers: as an object, and as text, which are the same.
async function told(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, JSON.stringify(result));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}

async function refused(client, name, args, reason) {
  const result = await client.callTool({ name, arguments: args });
  assert.equal(result.isError, true, JSON.stringify(result));
  assert.ok(result.content[0].text.includes(reason), result.content[0].text);
}

// All that a client does.
async function talk(sdk, options, version) {
  const client = new sdk.Client({ name: "test", version: "1" }, options);
  const transport = new sdk.StdioClientTransport({ command, args: ["mcp", ...paths] });
  const errors = [];
  client.onerror = (error) => errors.push(error);
  await client.connect(transport);
  try {
    if (client.getNegotiatedProtocolVersion) {
      assert.equal(client.getNegotiatedProtocolVersion(), version);
    }
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
    assert.ok(tools.every((tool) => tool.annotations.readOnlyHint));
    const everything = { severity_min: "low", lookback_minutes: 1440, at };
    const { signals } = await told(client, "query_signals", everything);
    const parties = signals.signals.flatMap((signal) => signal.culprits);
    const culprit = parties.find((party) => party.convicted).entity;
    const trends = { signal_type: "scheduler", analysis_window: 5, at };
    assert.ok((await told(client, "summarize_trends", trends)).trends.changes.length > 0);
    const ahead = { signal_type: "memory_pressure", duration_minutes: 30, at };
    await told(client, "simulate_scenario", ahead);
    const diagnosis = { failure_mode: "noisy_neighbour", urgency: "high", target: culprit, at };
    const { candidates } = await told(client, "propose_action", diagnosis);
    assert.ok(candidates.candidates.length > 0);
    const explained = await told(client, "explain_incident", { at });
    assert.equal(explained.incident.causes[0].handle, culprit);
    await refused(client, "query_signals", {}, "missing field");
    await refused(client, "query_signals", { ...everything, limit: 51 }, "1 to 50 are taken");
    await refused(client, "explain_incident", { at: "soon" }, "write a time as");
    const acting = client.callTool({ name: "execute_remediation", arguments: {} });
    await assert.rejects(acting, (error) => error.code === -32602);
    assert.deepEqual(errors, []);
  } finally {
    await client.close();
  }
}

const negotiate = (mode) => ({ versionNegotiation: { mode } });
await talk(first, {}, "2025-11-25");
await talk(second, {}, "2025-11-25");
await talk(second, negotiate("auto"), "2026-07-28");
await talk(second, negotiate({ pin: "2026-07-28" }), "2026-07-28");
console.log("the JavaScript SDKs: both eras");
