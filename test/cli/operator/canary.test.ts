// `dlq retry --canary` with a real server and a worker.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GroupState } from "../../../gen/dlq/v1/group_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { failed, sendRequest, succeeded } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { Worker } from "../../support/worker.ts";
import { type DlqRun, runDlq } from "./run-dlq.ts";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const dlq = (args: readonly string[], run: DlqRun = {}) =>
  runDlq(args, { target: server.grpcAddress, ...run });

/** Sends quarantined messages, and returns their group. */
async function send(queue: string, count: number, message: string): Promise<string> {
  const requests = Array.from({ length: count }, () =>
    sendRequest(queue, {
      importedHistory: { quarantined: true },
      failure: { type: "HTTPError", message },
    }),
  );
  await client.dlq.sendToDlqBatch({ requests });
  return until("the group", async () => {
    const { groups } = await client.admin.listGroups({ queue });
    return groups[0]?.id;
  });
}

async function withWorker<T>(
  queue: string,
  outcome: Parameters<Worker["settle"]>[1],
  use: () => Promise<T>,
): Promise<T> {
  const worker = await Worker.open(client.dlq, { queues: [queue], maxInFlight: 50 });
  worker.onReceived = (received) => void worker.settle(received, outcome);
  try {
    return await use();
  } finally {
    await worker.close();
  }
}

const SECONDS = /\d+(ms|s)/g;
const withoutTimes = (text: string) => text.replace(SECONDS, "…");

describe("retry with a canary", () => {
  it("shows each slice, and what came of the rest", async () => {
    const group = await send("passes", 100, "is down");
    const args = ["retry", "passes", "--group", group.slice(0, 8), "--canary", "5,20%"];
    const { stdout: out, code } = await withWorker("passes", succeeded, () =>
      dlq([...args, "--resolve", "--yes"]),
    );
    const lines = withoutTimes(out).trim().split("\n");
    expect(code).toBe(0);
    expect(lines).toContain("j-2 canary 5 %: 5 of 5 succeeded in …");
    expect(lines).toContain("j-2 canary 20 %: 20 of 20 succeeded in …");
    expect(lines.at(-1)).toBe("j-2 DONE: 100 of 100 messages made due now.");
    const shown = await client.admin.getGroup({ id: group });
    expect(shown.group?.state).toBe(GroupState.RESOLVED);
  });

  it("says why it stopped, and of which groups the failures are", async () => {
    await send("stops", 60, "is away");
    const failure = { type: "AuthError", message: "token refused" };
    const { stdout: out, code } = await withWorker("stops", failed({ failure }), () =>
      dlq(["retry", "stops", "--canary", "--min-success", "90%", "--yes"]),
    );
    expect(code).toBe(1);
    const id = /(j-\d+) STOPPED/.exec(out)?.[1] ?? "";
    expect(withoutTimes(out)).toContain(
      [
        `${id} canary 1 %: 0 of 1 succeeded, 1 failed in …`,
        "  1 failed: AuthError: token refused (new group ",
      ].join("\n"),
    );
    expect(out).toContain("failed, and at least 90 % must succeed");
    expect(out).toContain("  59 messages not touched.");
    const [, group = ""] = /\(new group ([0-9a-f]{8})/.exec(out) ?? [];
    expect(out).toContain(`  \`dlq group ${group}\` shows the largest new group.\n`);
    const shown = (await dlq(["jobs", "show", id])).stdout;
    expect(shown).toContain("CANARY");
    expect(shown).toContain("at least 90 % must succeed");
    expect((await dlq(["jobs"])).stdout).toMatch(new RegExp(`${id} .*STOPPED`));
  });

  it.each([
    [["retry", "passes", "--canary", "0"], '"0" is no percentage'],
    [["retry", "passes", "--resolve"], "--resolve is for --group"],
    [["retry", "passes", "--job", "--deadline", "5m"], "--deadline is for --canary"],
    [["retry", "passes", "--min-success", "5"], "--min-success is for --canary"],
  ])("refuses %j", async (args, why) => {
    const { stderr: err, code } = await dlq(args);
    expect([code, err]).toEqual([2, expect.stringContaining(why)]);
  });
});
