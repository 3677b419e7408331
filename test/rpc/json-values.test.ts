import { describe, expect, it } from "vitest";
import { UpdateQueueRequestSchema } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  SendToDlqBatchRequestSchema,
  SendToDlqRequestSchema,
  StreamDueRequestSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { jsonProblem } from "../../src/rpc/json-values.ts";
import { startServer } from "../conformance/listener.ts";
import { cpuCostMs } from "../support/cpu-cost.ts";

const problem = (desc: Parameters<typeof jsonProblem>[0], json: unknown) =>
  jsonProblem(desc, Buffer.from(typeof json === "string" ? json : JSON.stringify(json)));
const DIGITS = "9".repeat(4_000_000);

describe("integers of 64 bits", () => {
  it.each([[1], ["18446744073709551615"], ["-1"], [0], ["007"]])("%j is passed on", (value) => {
    expect(problem(StreamDueRequestSchema, { maxInFlightBytes: value })).toBeUndefined();
    expect(problem(StreamDueRequestSchema, { max_in_flight_bytes: value })).toBeUndefined();
  });

  it.each([[1.5], ["1e400"], ["abc"], [""], ["0x10"], ["9".repeat(41)]])("%j is none", (value) => {
    expect(problem(StreamDueRequestSchema, { maxInFlightBytes: value })).toBe(
      'maxInFlightBytes is not a 64-bit integer such as "123"',
    );
  });

  it("of 4 MB are refused at once", () => {
    const text = Buffer.from(JSON.stringify({ maxInFlightBytes: DIGITS }));
    expect(cpuCostMs(() => jsonProblem(StreamDueRequestSchema, text))).toBeLessThan(150);
  });
});

it("durations have at most nine digits after the point, in messages, lists and maps", () => {
  const wrong = "1.1234567890s";
  const is = (path: string) => expect.stringContaining(`${path} is not a duration`);
  expect(problem(SendToDlqRequestSchema, { ttl: wrong })).toEqual(is("ttl"));
  const requests = [{ queue: "q" }, { delay: wrong }];
  expect(problem(SendToDlqBatchRequestSchema, { requests })).toEqual(is("requests.delay"));
  const retryPolicies = { TIMEOUT: { maxElapsed: wrong } };
  expect(problem(UpdateQueueRequestSchema, { queue: { config: { retryPolicies } } })).toEqual(
    is("queue.config.retryPolicies.maxElapsed"),
  );
  expect(problem(SendToDlqRequestSchema, { ttl: "1.123456789s", delay: "-3s" })).toBeUndefined();
});

it.each([
  ['"\\ud800"', true],
  ['{"queue":"\\uDFFF"}', true],
  ['{"\\ud800":1}', true],
  ['{"queue":"\\\\ud800"}', false],
  ['{"queue":"\\ud83d\\ude00"}', false],
  ['{"queue":"\\\\\\ud83d\\ude00 \\\\\\\\ud800"}', false],
  ['{"queue":"\\\\\\ud83d"}', true],
])("half a surrogate pair in %s is refused: %j", (text, refused) => {
  expect(problem(SendToDlqRequestSchema, text)?.includes("surrogate") ?? false).toBe(refused);
});

it("a mask cannot have millions of paths", () => {
  expect(problem(UpdateQueueRequestSchema, { updateMask: ",".repeat(4_000_000) })).toContain(
    "updateMask",
  );
  expect(problem(UpdateQueueRequestSchema, { updateMask: "config.paused" })).toBeUndefined();
});

it.each([["not JSON"], ["[]"], ["null"], ['{"queues":{"a":1}}'], ['{"maxInFlightBytes":null}']])(
  "%s is left to the decoder",
  (text) => {
    expect(problem(StreamDueRequestSchema, text)).toBeUndefined();
  },
);

it.each([
  ["Connect", "application/json", (json: string) => Buffer.from(json)],
  ["gRPC-Web", "application/grpc-web+json", framed],
])("a client of %s gets an error that names the field", async (_, type, encode) => {
  const { http } = await startServer();
  const response = await fetch(`http://${http}/dlq.v1.DlqService/SendToDlq`, {
    method: "POST",
    headers: { "content-type": type },
    body: new Uint8Array(encode('{"queue":"q","ttl":"1.1234567890s"}')),
  });
  const answer = decodeURIComponent(await response.text());
  expect(answer).toContain("ttl is not a duration");
  expect(answer).not.toContain("Invalid count value");
});

function framed(json: string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(json.length, 1);
  return Buffer.concat([prefix, Buffer.from(json)]);
}
