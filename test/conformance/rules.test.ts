// Routing rules work the same with every kind of client, on both ports.

import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { RuleEvent } from "../../gen/dlq/v1/rule_pb.ts";
import { CLIENTS, open } from "./clients.ts";
import { startServer } from "./listener.ts";

const { getRules, updateRules, testRules } = DlqAdminService.method;
const rule = { name: "r", event: RuleEvent.FAILURE, when: "true", action: { priority: -7 } };

describe.for(CLIENTS)("$name", (client) => {
  it("sets, reads and tests rules", async () => {
    const server = await startServer();
    const connection = open(client, server);
    const set = await connection.unary(updateRules, { ruleSet: { rules: [rule] } });
    expect(set).toMatchObject({ code: 0, response: { ruleSet: { etag: "e" } } });
    const { response } = await connection.unary(getRules, {});
    expect(response?.ruleSet?.rules).toMatchObject([{ name: "r", action: { priority: -7 } }]);

    server.rules.decision = {
      matched: ["r"],
      failed: [],
      action: { priority: -7 },
      decidedBy: {},
      edits: [],
    };
    const message = { queue: "q", payload: { body: { case: "text" as const, value: "" } } };
    const samples = [{ event: RuleEvent.FAILURE, message }];
    const tried = await connection.unary(testRules, { samples });
    expect(tried.response?.results).toMatchObject([{ matched: ["r"], action: { priority: -7 } }]);
  });

  it("gets each error with its field", async () => {
    const connection = open(client, await startServer());
    const ruleSet = { rules: [rule, { ...rule, name: "s", when: "1" }] };
    const refused = await connection.unary(updateRules, { ruleSet });
    expect(refused.code).toBe(Code.InvalidArgument);
    expect(JSON.stringify(refused.details)).toContain('"rule_set.rules[1].when"');
  });
});
