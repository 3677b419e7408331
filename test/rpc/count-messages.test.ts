import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import {
  type CountMessagesResponse,
  DlqAdminService,
} from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

type CountRequest = Parameters<ReturnType<typeof admin>["countMessages"]>[0];
const admin = () => createClient(DlqAdminService, transportOf(rig));

async function count(request: CountRequest): Promise<CountMessagesResponse[]> {
  const all: CountMessagesResponse[] = [];
  for await (const one of admin().countMessages(request)) all.push(one);
  return all;
}

test("each response has the counts so far", async () => {
  const counts = [{ values: ["a", ""], count: 3 }];
  rig.messages.counts = [
    { counts, others: 0, examined: 5, redacted: 0, damaged: 0, queue: "orders", isDone: false },
    { counts, others: 2, examined: 9, redacted: 4, damaged: 3, queue: "", isDone: true },
  ];
  const request = { queue: "orders-*", by: ["state", "failure.type"] };
  expect(await count(request)).toMatchObject([
    {
      ...{ counts: [{ values: ["a", ""], count: 3n }], otherCount: 0n, examinedCount: 5n },
      ...{ queue: "orders", done: false },
    },
    {
      otherCount: 2n,
      examinedCount: 9n,
      redactedCount: 4n,
      damagedCount: 3n,
      queue: "",
      done: true,
    },
  ]);
  expect(rig.messages.counted).toMatchObject({
    queues: { prefix: "orders-" },
    by: [{ isOfState: true }, { isOfState: false }],
  });
});

test.each([
  [{ queue: "a b" }, "queue", /neither the name of a queue nor a pattern/],
  [{ filter: "state" }, "filter", /has type string; it must be bool/],
  [{ by: ["state", "payload"] }, "by[1]", /has type long text/],
  [{ by: ["state", "state", "state", "state", "state"] }, "by", /at most 4/],
])("%j is refused with its field", async (request, field, why) => {
  const error = await errorOf(count(request));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(violationsOf(error)).toEqual([{ field, description: expect.stringMatching(why) }]);
});
