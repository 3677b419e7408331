import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { SendToDlqRequest, SendToDlqRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { DayOfWeek } from "../../gen/dlq/v1/message_pb.ts";
import { clientOf, createRig, errorOf, NOW_MS, reasonOf, violationsOf } from "./in-memory.ts";

type Init = Exclude<MessageInitShape<typeof SendToDlqRequestSchema>, SendToDlqRequest>;
type Row = [field: string, edge: Init, beyond: Init];

const MINIMAL: Init = {
  queue: "orders",
  payload: { body: { case: "text", value: "{}" } },
};
const x = (n: number) => "x".repeat(n);
const seconds = (n: number, nanos = 0) => ({ seconds: BigInt(n), nanos });
const entries = (n: number, key = (i: number) => `k${i}`, value = "v") =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [key(i), value]));
const text = (value: string, contentType = "") =>
  ({ contentType, body: { case: "text" as const, value } }) as const;
const data = (bytes: number) =>
  ({ body: { case: "data" as const, value: new Uint8Array(bytes) } }) as const;
const delay = (n: number, nanos = 0): Init => ({
  firstRetry: { case: "delay", value: seconds(n, nanos) },
});
const dueTime = (atMs: number): Init => ({
  firstRetry: {
    case: "dueTime",
    value: { seconds: BigInt(Math.floor(atMs / 1000)), nanos: (atMs % 1000) * 1e6 },
  },
});

const delays = (n: number) => Array.from({ length: n }, () => seconds(1));
const NIGHT = { timeZone: "Asia/Kolkata", startTime: "22:00", endTime: "06:00" };
const windows = (n: number, changes: Partial<typeof NIGHT> & { days?: DayOfWeek[] }): Init => ({
  retryPolicy: { windows: Array.from({ length: n }, () => ({ ...NIGHT, ...changes })) },
});

const numbered = (number: bigint, clientIdBytes = 16): Init => ({
  sendNumber: { clientId: new Uint8Array(clientIdBytes), number },
});

const failedFirst = (at: number): Init => ({ importedHistory: { firstFailureTime: seconds(at) } });

const DAY_S = 86_400;
const PAYLOAD_MAX = 1000;

/**
 * Each limit of the contract: the largest value is accepted, the next one refused with this path.
 */
const LIMITS: Row[] = [
  ["request_id", { requestId: x(128) }, { requestId: x(129) }],
  ["request_id", { requestId: "é".repeat(64) }, { requestId: "é".repeat(65) }],
  ["queue", { queue: x(128) }, { queue: x(129) }],
  ["queue", { queue: "a-B_9.z" }, { queue: "a b" }],
  ["queue", { queue: "q" }, { queue: "" }],
  ["payload.text", { payload: text(x(PAYLOAD_MAX)) }, { payload: text(x(PAYLOAD_MAX + 1)) }],
  ["payload.text", { payload: text("é".repeat(500)) }, { payload: text(`${"é".repeat(500)}x`) }],
  ["payload.data", { payload: data(PAYLOAD_MAX) }, { payload: data(PAYLOAD_MAX + 1) }],
  ["payload", { payload: text("") }, { payload: { contentType: "text/plain" } }],
  ["payload.content_type", { payload: text("", x(256)) }, { payload: text("", x(257)) }],
  ["attributes", { attributes: entries(64) }, { attributes: entries(65) }],
  [
    `attributes["${x(64)}…"]`,
    { attributes: entries(1, () => x(128)) },
    { attributes: entries(1, () => x(129)) },
  ],
  ['attributes[""]', { attributes: { k: "" } }, { attributes: { "": "v" } }],
  ['attributes["k"]', { attributes: { k: x(4096) } }, { attributes: { k: x(4097) } }],
  ["source_id", { sourceId: x(256) }, { sourceId: x(257) }],
  ["dedup_key", { dedupKey: x(256) }, { dedupKey: x(257) }],
  ["ordering_key", { orderingKey: x(256) }, { orderingKey: x(257) }],
  ["origin.service", { origin: { service: x(256) } }, { origin: { service: x(257) } }],
  ["origin.instance", { origin: { instance: x(256) } }, { origin: { instance: x(257) } }],
  ["origin.version", { origin: { version: x(256) } }, { origin: { version: x(257) } }],
  [
    "origin.coordinates",
    { origin: { coordinates: entries(16) } },
    { origin: { coordinates: entries(17) } },
  ],
  [
    'origin.coordinates["k"]',
    { origin: { coordinates: { k: x(1024) } } },
    { origin: { coordinates: { k: x(1025) } } },
  ],
  ["delay", delay(0), delay(-1)],
  ["delay", delay(365 * DAY_S), delay(365 * DAY_S, 1)],
  ["delay", delay(1, 999_999_999), delay(1, 1_000_000_000)],
  ["delay", delay(0, 1), delay(1, -1)],
  ["due_time", dueTime(0), dueTime(NOW_MS + 365 * DAY_S * 1000 + 1)],
  ["due_time", dueTime(NOW_MS + 365 * DAY_S * 1000), dueTime(400_000_000_000_000)],
  ["ttl", { ttl: seconds(1) }, { ttl: seconds(0, 999_000_000) }],
  ["ttl", { ttl: seconds(3650 * DAY_S) }, { ttl: seconds(3650 * DAY_S + 1) }],
  ["send_number.client_id", numbered(1n), numbered(1n, 15)],
  ["send_number.client_id", numbered(1n), numbered(1n, 17)],
  ["send_number.number", numbered(1n), numbered(0n)],
  ["send_number.number", numbered(2n ** 53n - 1n), numbered(2n ** 53n)],
  [
    "imported_history.attempts",
    { importedHistory: { attempts: 1000 } },
    { importedHistory: { attempts: 1001 } },
  ],
  ["imported_history.first_failure_time", failedFirst(0), failedFirst(-1)],
  [
    "imported_history.first_failure_time",
    failedFirst(253_402_300_799),
    failedFirst(253_402_300_800),
  ],
  [
    "imported_history.failures[1].time",
    { importedHistory: { failures: [{}, { time: seconds(-1) }] } },
    { importedHistory: { failures: [{}, { time: seconds(0, -1) }] } },
  ],
  ["max_retries", { maxRetries: 0 }, { maxRetries: 1001 }],
  ["max_retries", { maxRetries: 1000 }, { maxRetries: 4_294_967_295 }],
  [
    "retry_policy.preset",
    { retryPolicy: { preset: "webhook" } },
    { retryPolicy: { preset: "toString" } },
  ],
  [
    "retry_policy.max_retries",
    { retryPolicy: { maxRetries: 1000 } },
    { retryPolicy: { maxRetries: 1001 } },
  ],
  [
    "retry_policy.initial_delay",
    { retryPolicy: { initialDelay: seconds(30 * DAY_S) } },
    { retryPolicy: { initialDelay: seconds(30 * DAY_S + 1) } },
  ],
  [
    "retry_policy.max_delay",
    { retryPolicy: { initialDelay: seconds(5), maxDelay: seconds(5) } },
    { retryPolicy: { initialDelay: seconds(5), maxDelay: seconds(4) } },
  ],
  [
    "retry_policy.multiplier",
    { retryPolicy: { multiplier: 1 } },
    { retryPolicy: { multiplier: 0.999 } },
  ],
  [
    "retry_policy.multiplier",
    { retryPolicy: { multiplier: 100 } },
    { retryPolicy: { multiplier: Number.NaN } },
  ],
  ["retry_policy.jitter", { retryPolicy: { jitter: 5 } }, { retryPolicy: { jitter: 6 as 5 } }],
  ["retry_policy.jitter", { retryPolicy: { jitter: 1 } }, { retryPolicy: { jitter: -1 as 5 } }],
  ["retry_policy.backoff", { retryPolicy: { backoff: 3 } }, { retryPolicy: { backoff: 5 as 3 } }],
  [
    "retry_policy.increment",
    { retryPolicy: { increment: seconds(30 * DAY_S) } },
    { retryPolicy: { increment: seconds(30 * DAY_S, 1) } },
  ],
  [
    "retry_policy.schedule",
    { retryPolicy: { schedule: delays(100) } },
    { retryPolicy: { schedule: delays(101) } },
  ],
  [
    "retry_policy.schedule[1]",
    { retryPolicy: { schedule: [seconds(0), seconds(30 * DAY_S)] } },
    { retryPolicy: { schedule: [seconds(0), seconds(-1)] } },
  ],
  [
    "retry_policy.schedule",
    { retryPolicy: { backoff: 4, schedule: delays(1) } },
    { retryPolicy: { backoff: 4 } },
  ],
  [
    "retry_policy.schedule",
    { retryPolicy: { schedule: delays(1) } },
    { retryPolicy: { backoff: 1, schedule: delays(1) } },
  ],
  [
    "retry_policy.increment",
    { retryPolicy: { increment: seconds(1) } },
    { retryPolicy: { increment: seconds(1), schedule: delays(1) } },
  ],
  [
    "retry_policy.multiplier",
    { retryPolicy: { backoff: 1, multiplier: 2 } },
    { retryPolicy: { backoff: 2, multiplier: 2 } },
  ],
  [
    "retry_policy.max_elapsed",
    { retryPolicy: { maxElapsed: seconds(0) } },
    { retryPolicy: { maxElapsed: seconds(0, 999_000_000) } },
  ],
  [
    "retry_policy.max_elapsed",
    { retryPolicy: { maxElapsed: seconds(365 * DAY_S) } },
    { retryPolicy: { maxElapsed: seconds(365 * DAY_S + 1) } },
  ],
  ["retry_policy.windows", windows(16, {}), windows(17, {})],
  [
    "retry_policy.windows[0].time_zone",
    windows(1, { timeZone: "America/Argentina/ComodRivadavia" }),
    windows(1, { timeZone: "Europe/Nowhere" }),
  ],
  [
    "retry_policy.windows[0].time_zone",
    windows(1, { timeZone: "" }),
    windows(1, { timeZone: "+01:00" }),
  ],
  [
    "retry_policy.windows[1].start_time",
    windows(2, { startTime: "23:59" }),
    { retryPolicy: { windows: [NIGHT, { ...NIGHT, startTime: "24:00" }] } },
  ],
  [
    "retry_policy.windows[0].end_time",
    windows(1, { endTime: "24:00" }),
    windows(1, { endTime: "00:00" }),
  ],
  [
    "retry_policy.windows[0].end_time",
    windows(1, { endTime: "00:01" }),
    windows(1, { endTime: "9:00" }),
  ],
  ["retry_policy.windows[0].days", windows(1, { days: [1, 7, 7] }), windows(1, { days: [8 as 7] })],
  ["retry_policy.windows[0].days", windows(1, {}), windows(1, { days: [0] })],
  ["priority", { priority: 100 }, { priority: 101 }],
  ["priority", { priority: -100 }, { priority: -101 }],
  [
    "trace_context.traceparent",
    { traceContext: { traceparent: x(128) } },
    { traceContext: { traceparent: x(129) } },
  ],
  [
    "trace_context.tracestate",
    { traceContext: { tracestate: x(512) } },
    { traceContext: { tracestate: x(513) } },
  ],
];

describe("SendToDlq accepts values at a limit and refuses values beyond it", () => {
  it.each(LIMITS)("%s (row %#)", async (field, edge, beyond) => {
    const rig = await createRig({ payloadMaxBytes: PAYLOAD_MAX });
    const client = clientOf(rig);
    await client.sendToDlq({ ...MINIMAL, ...edge });
    expect(rig.dlq.sent).toHaveLength(1);

    const error = await errorOf(client.sendToDlq({ ...MINIMAL, ...beyond }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(reasonOf(error)).toBe("INVALID_REQUEST");
    expect(violationsOf(error).map((v) => v.field)).toEqual([field]);
    expect(rig.dlq.sent).toHaveLength(1);
  });

  it("reports every violation of a request together", async () => {
    const rig = await createRig();
    const error = await errorOf(
      clientOf(rig).sendToDlq({ queue: "a b", sourceId: x(300), ttl: seconds(-1), priority: 500 }),
    );
    expect(violationsOf(error).map((v) => v.field)).toEqual([
      "queue",
      "payload",
      "source_id",
      "priority",
      "ttl",
    ]);
    expect(rig.dlq.sent).toEqual([]);
  });

  it("reports size and limit of a payload", async () => {
    const rig = await createRig({ payloadMaxBytes: 1000 });
    const error = await errorOf(clientOf(rig).sendToDlq({ ...MINIMAL, payload: data(1001) }));
    expect(violationsOf(error)[0]?.description).toMatch(/1001 bytes.*at most 1000/);
  });
});

it.each([
  ["delay", delay(-1), "is negative; 0 s to 365 days are allowed"],
  ["ttl", { ttl: seconds(0, 1) }, "is shorter than 1 s; 1 s to 3650 days are allowed"],
])("a %s out of range is refused with the range", async (_, part, words) => {
  const rig = await createRig();
  const request = { queue: "q", payload: { body: { case: "text" as const, value: "" } }, ...part };
  const error = await errorOf(clientOf(rig).sendToDlq(request));
  expect(violationsOf(error)[0]?.description).toBe(words);
});
