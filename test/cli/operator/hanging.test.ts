// Workers that hang or fail everything, against a real server.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { runDlq } from "./run-dlq.ts";

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

const dlq = (...args: string[]) => runDlq(args, { target: server.grpcAddress });

describe("take-back", () => {
  async function held(queue: string) {
    const retryPolicy = { initialDelay: { seconds: 0n } };
    const { id } = await client.dlq.sendToDlq({ ...sendRequest(queue), retryPolicy });
    const worker = await Worker.open(client.dlq, {
      ...{ queues: [queue], workerId: "billing-1", maxInFlight: 1 },
    });
    await worker.next();
    return { id, worker };
  }

  it("takes a message from its worker", async () => {
    const { id, worker } = await held("hanging");
    const { code, stdout } = await dlq("take-back", id);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Taken from billing-1 after \d+m?s; it is due now\.\n$/);
    await worker.close();
    const { stdout: shown } = await dlq("show", id, "-q", "hanging");
    expect(shown).toMatch(
      /^20\S+ {2}taken from worker billing-1\n {2}delivery 1, begun 20\S+, server \S+$/m,
    );
  });

  it("leaves the next delivery alone when it is repeated", async () => {
    const { id, worker } = await held("repeated");
    const first = ["take-back", id, "-q", "repeated", "--delivery", "1"];
    expect((await dlq(...first)).stdout).toMatch(/^Taken from billing-1 /);
    await worker.next(); // the same message again
    expect(await dlq(...first)).toMatchObject({
      ...{ code: 0, stdout: "No worker holds delivery 1 of it.\n" },
    });
    const json = await dlq(...first, "-o", "json");
    expect(JSON.parse(json.stdout)).toEqual({});
    expect((await dlq("take-back", id, "-q", "repeated")).stdout).toMatch(/^Taken from billing-1 /);
    await worker.close();
  });

  it("does nothing to what no worker holds", async () => {
    const failure = { reason: Reason.POISON_MESSAGE };
    const { id } = await client.dlq.sendToDlq(sendRequest("poison", { failure }));
    expect((await dlq("take-back", id, "-q", "poison")).stdout).toBe("No worker holds it.\n");
    const json = await dlq("take-back", id, "-o", "json");
    expect(JSON.parse(json.stdout)).toEqual({});
    expect((await dlq("take-back", id, "-q", "nowhere")).code).toBe(3);
  });

  it("of a delivery needs the queue", async () => {
    const id = "01a21eee-752a-7000-8000-000c64f1d2b3";
    expect(await dlq("take-back", id, "--delivery", "1")).toMatchObject({ code: 2 });
  });
});

describe("quiet", () => {
  it("gives a worker no further messages, until that is taken back", async () => {
    await client.dlq.sendToDlq(
      sendRequest("orders", { firstRetry: { case: "delay", value: { seconds: 3_600n } } }),
    );
    const worker = await Worker.open(client.dlq, { queues: ["orders"], workerId: "calm-1" });
    const { workers } = await client.admin.listWorkers({ queue: "orders" });
    const session = workers.find(({ workerId }) => workerId === "calm-1")?.sessionId ?? "";
    expect((await dlq("quiet", session)).stdout).toBe("It gets no further messages now.\n");
    expect((await dlq("quiet", session)).stdout).toBe("It gets no further messages already.\n");
    expect((await dlq("workers", "orders")).stdout).toMatch(/calm-1 .* quiet /);
    const off = await dlq("quiet", session, "--off", "-o", "json");
    expect(JSON.parse(off.stdout)).toEqual({ changed: true });
    await worker.close();
    expect((await dlq("quiet", "00000000-0000-4000-8000-000000000000")).code).toBe(3);
  });
});
