import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { WatchEventsRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { readWatchEvents } from "../../src/rpc/convert/events.ts";

const read = (queues: string[]) => readWatchEvents(create(WatchEventsRequestSchema, { queues }));
const repeated = (count: number, pattern: string) => Array.from({ length: count }, () => pattern);

test("reads 100 patterns with 200 asterisks", () => {
  expect(read(repeated(100, "*orders*")).queues).toHaveLength(100);
});

test.each([
  [repeated(101, "orders"), "queues: has 101 entries; at most 100 are allowed"],
  [[...repeated(99, "*orders*"), "*a*b*"], "queues: has 201 asterisks; at most 200 are allowed"],
])("refuses more", (queues, why) => {
  expect(() => read(queues)).toThrow(why);
});
