// One message that everything happens to: its failures and events tell the story, in order.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it, onTestFinished, vi } from "vitest";
import { RuleEvent } from "../../gen/dlq/v1/rule_pb.ts";
import { MessageState, QuarantineReason } from "../../gen/dlq/v1/state_pb.ts";
import { MessageEventKind } from "../../gen/dlq/v1/stored_message_pb.ts";
import { connectTo, msOf, type TestClient } from "../support/grpc.ts";
import { failed, retriesAtOnce, sendRequest } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

const OPS = "token-of-the-operator-01";
const WORKER = "token-of-the-worker-0001";
const NOTE = "the account is closed";

async function start(): Promise<{ ops: TestClient; workers: TestClient }> {
  const server = await startTestServer({ env: { DLQ_TOKENS: `ops:${OPS},worker:${WORKER}` } });
  onTestFinished(() => server.stop());
  const as = (token: string) => {
    const client = connectTo(server.grpcAddress, { token });
    onTestFinished(() => client.close());
    return client;
  };
  return { ops: as(OPS), workers: as(WORKER) };
}

it("a message says who lost it, who took it back, who moved, retried and quarantined it", async () => {
  const { ops, workers } = await start();
  const open = async (queue: string, workerId: string, leaseMs: number) => {
    const leaseDuration = durationFromMs(leaseMs);
    return Worker.open(workers.dlq, { queues: [queue], workerId, leaseDuration, maxInFlight: 1 });
  };
  const misrouted = {
    ...{ name: "misrouted", event: RuleEvent.FAILURE, when: "failure.type == 'Misrouted'" },
    action: { queue: "orders" },
  };
  await ops.admin.updateRules({ ruleSet: { rules: [misrouted] } });
  const { id } = await workers.dlq.sendToDlq(sendRequest("inbox", retriesAtOnce(9)));

  const hasty = await open("inbox", "hasty-1", 1_000);
  await hasty.settle(await hasty.next(), failed());
  await hasty.next();
  await hasty.close();
  // The lease of a worker that is gone ends by itself.
  const patient = await open("inbox", "patient-1", 600_000);
  await patient.next();
  await ops.admin.breakLease({ queue: "inbox", id });
  await patient.settle(await patient.next(), failed({ failure: { type: "Misrouted" } }));
  await patient.close();
  await vi.waitFor(() => ops.admin.getMessage({ queue: "orders", id }));
  await ops.dlq.retry({ queue: "orders", ids: [id] });
  const orders = await open("orders", "orders-1", 600_000);
  await orders.settle(await orders.next(), { case: "quarantined", value: { note: NOTE } });
  await orders.close();

  const { message } = await ops.admin.getMessage({ queue: "orders", id });
  expect(message).toMatchObject({
    ...{ state: MessageState.QUARANTINED, deliveryCount: 5 },
    failures: [
      { workerId: "" },
      { workerId: "hasty-1", deliveryNumber: 1 },
      { deliveryNumber: 4, decision: expect.stringContaining("rule misrouted moves it to orders") },
    ],
    events: [
      { kind: MessageEventKind.LEASE_LOST, workerId: "hasty-1", deliveryNumber: 2, caller: "" },
      { kind: MessageEventKind.LEASE_BROKEN, workerId: "patient-1", caller: "ops" },
      { kind: MessageEventKind.MOVED, queue: "inbox", deliveryNumber: 4 },
      { kind: MessageEventKind.RETRIED, caller: "ops", workerId: "" },
      {
        ...{ kind: MessageEventKind.QUARANTINED, workerId: "orders-1", deliveryNumber: 5 },
        ...{ quarantineReason: QuarantineReason.WORKER_REQUEST, note: NOTE },
      },
    ],
  });
  const [lost] = message?.events ?? [];
  expect(msOf(lost?.time) - msOf(lost?.startTime)).toBeGreaterThanOrEqual(1_000);
  const times = (message?.events ?? []).map(({ time }) => msOf(time));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});
