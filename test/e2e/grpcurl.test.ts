import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findGrpcurl, grpcurl } from "../support/grpcurl.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";

// grpcurl, the program that users try first.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());

async function call(method: string, request: object, ...flags: string[]): Promise<string> {
  const { out } = await run(method, request, ...flags);
  return out;
}

function run(method: string, request: object, ...flags: string[]) {
  const args = ["-plaintext", ...flags, "-d", JSON.stringify(request), server.grpcAddress];
  return grpcurl(...args, `dlq.v1.DlqService/${method}`);
}

interface StreamedDelivery {
  leaseToken: string;
  message: object;
}

/** Messages printed one after the other. */
function parseAll(out: string): Record<string, unknown>[] {
  const objects = out.split(/^(?=\{)/m).filter((text) => text.startsWith("{"));
  return objects.map((text) => JSON.parse(text.replace(/^\}[\s\S]*/m, "}")));
}

describe("grpcurl", () => {
  it("runs the calls that the server prints at its start", async () => {
    const calls = await until("the calls, which follow the line that says it listens", () => {
      const printed = server.output().match(/grpcurl .*\n/g);
      return printed?.length === 3 ? printed : undefined;
    });
    const outputs: string[] = [];
    for (const call of calls) {
      const line = call.replace("grpcurl ", `"${findGrpcurl()}" -max-time 3 `);
      const { stdout } = spawnSync("sh", ["-c", line], { encoding: "utf8" });
      outputs.push(stdout);
    }
    expect(outputs).toEqual([
      expect.stringContaining("rpc StreamDue"),
      expect.stringContaining("MESSAGE_STATE_SCHEDULED"),
      expect.stringMatching(/"opened"[\s\S]*"text": "hello"/),
    ]);
  });

  it("lists the services", async () => {
    const { code, out } = await grpcurl("-plaintext", server.grpcAddress, "list");
    expect(code).toBe(0);
    expect(out.split("\n")).toEqual(
      expect.arrayContaining(["dlq.v1.DlqService", "grpc.health.v1.Health"]),
    );
  });

  it("describes methods and messages with their comments", async () => {
    const describe = async (what: string) =>
      (await grpcurl("-plaintext", server.grpcAddress, "describe", what)).out;
    expect(await describe("dlq.v1.DlqService")).toContain("Stores one dead letter");
    expect(await describe("dlq.v1.SendToDlqRequest")).toContain("Identity of this call");
    expect(await describe("dlq.v1.Reason")).toContain("REASON_TIMEOUT");
  });

  it("sends, receives and acknowledges a message", async () => {
    const request = { queue: "walk", payload: { text: "hello" }, delay: "0.2s", max_retries: 1 };
    const sent = JSON.parse(await call("SendToDlq", request));
    expect(sent).toMatchObject({ state: "MESSAGE_STATE_SCHEDULED" });

    const stream = { queues: ["walk"], worker_id: "me" };
    const streamed = await run("StreamDue", stream, "-max-time", "2");
    const [opened, frame] = parseAll(streamed.out);
    expect(opened).toMatchObject({ opened: { leaseDuration: "30s" } });
    const { deliveries } = frame as { deliveries: { deliveries: [StreamedDelivery] } };
    const [delivery] = deliveries.deliveries;
    expect(delivery.message).toMatchObject({ id: sent.id, payload: { text: "hello" } });

    const failure = { reason: "REASON_TIMEOUT", message: "no answer" };
    const outcome = { lease_token: delivery.leaseToken, failed: { failure } };
    expect(JSON.parse(await call("Ack", { outcomes: [outcome] }))).toEqual({
      results: [
        {
          status: "ACK_STATUS_APPLIED",
          state: "MESSAGE_STATE_QUARANTINED",
          quarantineReason: "QUARANTINE_REASON_RETRIES_EXHAUSTED",
        },
      ],
    });

    const stats = JSON.parse(await call("Stats", { queues: ["walk"] }));
    expect(stats).toMatchObject({ totalMessages: "1", totalPoisonMessages: "1" });

    expect(JSON.parse(await call("Retry", { queue: "walk", ids: [sent.id] }))).toEqual({
      retriedCount: 1,
    });
    const again = parseAll((await run("StreamDue", stream, "-max-time", "1")).out);
    expect(again[1]).toMatchObject({
      deliveries: { deliveries: [{ attempt: 1, deliveryNumber: 2, message: { id: sent.id } }] },
    });
  });

  it("shows the errors of a request by field", async () => {
    const { code, out } = await run("SendToDlq", { queue: "no spaces", delay: "-1s" });
    expect(code).not.toBe(0);
    expect(out).toContain("Code: InvalidArgument");
    expect(out).toContain("google.rpc.ErrorInfo");
    expect(out).toContain('"field": "queue"');
    expect(out).toContain('"field": "payload"');
    expect(out).toContain('"field": "delay"');
  });

  it("gets SERVING from the health check", async () => {
    const args = ["-plaintext", server.grpcAddress, "grpc.health.v1.Health/Check"];
    expect((await grpcurl(...args)).out).toContain('"status": "SERVING"');
  });
});
