// What ImportMessages refuses as a whole: then no message is stored.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  DlqAdminService,
  type ImportMessagesRequestSchema,
} from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { createRig, errorOf, transportOf, violationsOf } from "./in-memory.ts";

type Request = MessageInitShape<typeof ImportMessagesRequestSchema>;

const NO_NAME = "is not a queue name: 1 to 128 letters, digits, dots, hyphens or underscores";

test.each<[string, Request, Request, string]>([
  [
    "an id",
    {},
    { importId: "" },
    "import_id is required: 1 to 128 bytes, the same for all calls of an import",
  ],
  [
    "bytes of the id",
    { importId: "x".repeat(128) },
    { importId: "x".repeat(129) },
    "import_id is 129 bytes long; at most 128 are allowed",
  ],
  ["one message", {}, { messages: [] }, "messages is empty; at least 1 is required"],
  [
    "a thousand messages",
    { messages: Array.from({ length: 1_000 }, () => ({})) },
    { messages: Array.from({ length: 1_001 }, () => ({})) },
    "messages has 1001 entries; at most 1000 are allowed",
  ],
  ["the queue", { queue: "q".repeat(128) }, { queue: "no queue" }, `queue ${NO_NAME}`],
])("%s", async (_, limit, beyond, refusal) => {
  const rig = await createRig();
  const admin = createClient(DlqAdminService, transportOf(rig));
  const request: Request = { importId: "an-import", messages: [{}] };
  const { results } = await admin.importMessages({ ...request, ...limit });
  expect(results).toHaveLength(limit.messages?.length ?? 1);
  const calls = rig.messages.imported.length;
  const error = await errorOf(admin.importMessages({ ...request, ...beyond }));
  expect(violationsOf(error).map((one) => `${one.field} ${one.description}`)).toEqual([refusal]);
  expect(rig.messages.imported).toHaveLength(calls);
});
