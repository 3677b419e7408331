// What lists and counts see of queues that hide values.

import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import { createGroupOf } from "../../../src/app/groups/failure-group.ts";
import { createMessageAdmin } from "../../../src/app/messages/message-admin.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/settings.ts";
import { compileFilter, compileValue } from "../../../src/rules/filter.ts";
import { useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const SIGNAL = new AbortController().signal;

const admin = () =>
  createMessageAdmin({
    store: at.current.store,
    settingsOf: (queue) => ({
      ...DEFAULT_QUEUE_SETTINGS,
      redact: queue === "open" ? [] : ["/email", "attribute:token"],
    }),
    ...{ log: { warn() {}, info() {} }, now: () => 0 },
    ...{ groupOf: createGroupOf(), onDeleting() {} },
    stats: async () => ({ queues: [], nowMs: 0 }) as never,
  });

async function send(queue: string, email: string, payload = JSON.stringify({ email, total: 3 })) {
  const envelope = create(EnvelopeSchema, {
    payload: { body: { case: "text", value: payload } },
    attributes: { token: `t-${email}`, tenant: "acme" },
    failure: { type: "Rejected", message: `no ${email}`, attributes: { user: email } },
  });
  const stored = toBinary(EnvelopeSchema, envelope);
  await at.current.store.send(queue, [item({ envelope: stored })], SETTINGS);
}

/** How many messages a filter finds, and of how many it did not see all. */
async function found(filter: string, showRedacted = false) {
  let matching = 0;
  const { redacted } = await admin().list(
    {
      ...{ queues: new QueuePattern("*"), filter: compileFilter(filter), showRedacted },
      ...{ newestFirst: false, pageSize: 100, after: undefined, history: false },
      take: () => ++matching > 0,
    },
    SIGNAL,
  );
  return { matching, redacted };
}

it.each([
  'payload.contains("bob@acme.io")',
  'message.attributes.token == "t-bob@acme.io"',
  'failure.message.contains("bob@")',
  'failure.attributes.user == "bob@acme.io"',
])("a filter does not find a hidden value, unless the caller asks: %s", async (filter) => {
  await send("closed", "bob@acme.io");
  await send("closed", "eve@acme.io");
  expect(await found(filter)).toEqual({ matching: 0, redacted: 2 });
  expect(await found(filter, true)).toEqual({ matching: 1, redacted: 0 });
});

it("a filter finds the rest of a message, and all of a queue that hides nothing", async () => {
  await send("closed", "bob@acme.io");
  await send("open", "bob@acme.io");
  const both = 'payload.contains("total") && message.attributes.tenant == "acme"';
  expect(await found(both)).toEqual({ matching: 2, redacted: 1 });
  expect(await found('payload.contains("bob@acme.io")')).toEqual({ matching: 1, redacted: 1 });
  expect(await found('payload.contains("[redacted]")')).toEqual({ matching: 1, redacted: 1 });
});

it("a filter does not see a payload that could not be checked", async () => {
  await send("closed", "bob@acme.io", "total for bob@acme.io");
  expect(await found('payload.contains("total")')).toEqual({ matching: 0, redacted: 1 });
  expect(await found('failure.message.contains("no")')).toEqual({ matching: 0, redacted: 1 });
  const sizes = 'message.payload_bytes == 21 && failure.type == "Rejected"';
  expect(await found(sizes)).toEqual({ matching: 1, redacted: 1 });
});

it("counts by a hidden value count all together, unless the caller asks", async () => {
  await send("closed", "bob@acme.io");
  await send("closed", "eve@acme.io");
  const count = async (showRedacted: boolean, by = "message.attributes.token") => {
    const command = {
      ...{ queues: new QueuePattern("closed"), filter: compileFilter("") },
      ...{ by: [compileValue(by), compileValue("failure.message")], showRedacted },
    };
    for await (const one of admin().count(command, SIGNAL)) if (one.isDone) return one;
    return undefined;
  };
  expect(await count(false)).toMatchObject({
    counts: [{ values: ["[redacted]", "no [redacted]"], count: 2 }],
    redacted: 2,
  });
  expect(await count(true)).toMatchObject({
    counts: [{ values: ["t-bob@acme.io", "no bob@acme.io"] }, { count: 1 }],
    redacted: 0,
  });
});

it("content that nobody needs is not read", async () => {
  await send("closed", "bob@acme.io", "no JSON");
  expect(await found('state == "QUARANTINED"')).toEqual({ matching: 0, redacted: 0 });
});
