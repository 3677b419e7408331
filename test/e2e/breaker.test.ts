// A dependency is down: the breaker detects it by outcomes, and neither loads it nor uses up
// attempts.

import { fromJsonString } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, it } from "vitest";
import { QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";
import { BreakerState } from "../../gen/dlq/v1/state_pb.ts";
import { clientOf } from "../clients/typescript/client.ts";
import { fencesOf, readDocument } from "../docs/markdown.ts";
import { connectTo, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const MESSAGES = 10_000;
/** How long the dependency of `downstream` is down. `npm run test:slow` takes a minute. */
const DOWN_MS = Number(process.env.DLQ_TEST_DOWN_MS ?? 12_000);
const WINDOW_MS = 10_000;
const BURNED_AT_MOST = 0.01;

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

/** Applies the settings of docs/guides/protect.md. */
async function configure(queue: string, example: string): Promise<void> {
  const shown = fencesOf(readDocument("docs/guides/protect.md")).find(
    ({ info }) => info === example,
  );
  const config = fromJsonString(QueueConfigSchema, shown?.text ?? "");
  expect(durationMs(config.breaker?.window as Duration)).toBe(WINDOW_MS);
  await client.admin.updateQueue({ queue: { name: queue, config } });
}

/** The dependency that is called for each message, by host. */
class Downstream {
  readonly calls = new Map<string, number>();
  readonly down = new Set<string>();
  refused = 0;

  call(host: string): void {
    this.calls.set(host, (this.calls.get(host) ?? 0) + 1);
    if (!this.down.has(host)) return;
    this.refused++;
    throw Object.assign(new Error(`connect ECONNREFUSED ${host}`), { code: "ECONNREFUSED" });
  }
}

function work(queue: string, downstream: Downstream) {
  const dlq = clientOf(server);
  const worker = dlq.worker({
    queues: [queue],
    concurrency: 32,
    handler: async ({ attributes }) => downstream.call(attributes.host ?? ""),
    onError: () => {},
  });
  return async () => {
    await worker.stop();
    await dlq.close();
  };
}

const hosts = (count: number) => Array.from({ length: count }, (_, n) => `host-${n}.example`);

async function fill(queue: string, names: readonly string[]): Promise<void> {
  const each = Array.from({ length: MESSAGES }, (_, n) => names[n % names.length] as string);
  for (let from = 0; from < MESSAGES; from += 1_000) {
    const some = each.slice(from, from + 1_000);
    await sendAll(
      client.dlq,
      some.map((host) => sendRequest(queue, { attributes: { host } })),
    );
  }
}

it("an outage behind the workers costs less than one attempt in a hundred, and all succeed", {
  timeout: DOWN_MS + 300_000,
}, async () => {
  const queue = "webhooks";
  await configure(queue, "json breaker-queue");
  const [host = ""] = hosts(1);
  await fill(queue, [host]);
  const downstream = new Downstream();
  downstream.down.add(host);
  const began = performance.now();
  const stop = work(queue, downstream);
  await until("the breaker to open", async () => {
    const { breakerState } = await statsOf(client.dlq, queue);
    return breakerState === BreakerState.OPEN || undefined;
  });
  const openedMs = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, DOWN_MS - openedMs)));
  downstream.down.clear();
  await until(
    "all to succeed",
    async () => {
      const { totals } = await statsOf(client.dlq, queue);
      return Number(totals?.succeeded) === MESSAGES || undefined;
    },
    120_000,
  );
  const { totals, breakerState, quarantined } = await statsOf(client.dlq, queue);
  await stop();
  console.info(
    `open after ${Math.round(openedMs)} ms; ${downstream.refused} calls refused, ${totals?.failedAttempts} attempts burned`,
  );
  expect(breakerState).toBe(BreakerState.CLOSED);
  expect(Number(quarantined)).toBe(0);
  expect(Number(totals?.failedAttempts)).toBeLessThan(MESSAGES * BURNED_AT_MOST);
  expect(downstream.refused).toBeLessThan(MESSAGES * BURNED_AT_MOST);
});

it("one failing host of ten stops only its own messages", { timeout: 300_000 }, async () => {
  const queue = "by-host";
  await configure(queue, "json breaker-key");
  const names = hosts(10);
  const [bad = ""] = names;
  await fill(queue, names);
  const downstream = new Downstream();
  downstream.down.add(bad);
  const began = performance.now();
  const stop = work(queue, downstream);
  await until(
    "nine hosts to be done",
    async () => {
      const { totals } = await statsOf(client.dlq, queue);
      return Number(totals?.succeeded) === (MESSAGES / 10) * 9 || undefined;
    },
    120_000,
  );
  const ms = performance.now() - began;
  const during = await statsOf(client.dlq, queue);
  expect(during.openBreakers).toBe(1);
  expect(Number(during.totals?.failedAttempts)).toBeLessThan(MESSAGES * BURNED_AT_MOST);
  downstream.down.clear();
  await until(
    "the tenth",
    async () => {
      const { totals } = await statsOf(client.dlq, queue);
      return Number(totals?.succeeded) === MESSAGES || undefined;
    },
    120_000,
  );
  await stop();
  console.info(`nine hosts done in ${Math.round(ms)} ms`);
  const { totals, openBreakers } = await statsOf(client.dlq, queue);
  expect(openBreakers).toBe(0);
  expect(Number(totals?.failedAttempts)).toBeLessThan(MESSAGES * BURNED_AT_MOST);
});
