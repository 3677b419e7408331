// Writes that share a write of the spool store.

import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, it, onTestFinished } from "vitest";
import type { SendRequest } from "../../../../clients/typescript/src/send-request.ts";
import { SpoolStore } from "../../../../clients/typescript/src/spool/spool-store.ts";
import { SpoolWriter } from "../../../../clients/typescript/src/spool/spool-writer.ts";
import { SendToDlqRequestSchema } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { newFolder } from "./spool-support.ts";

const request = (requestId: string): SendRequest => ({
  wire: create(SendToDlqRequestSchema, { requestId, queue: "q" }),
  bytes: 100,
});

it("writes a message that comes as soon as the one before is written", async () => {
  const store = new SpoolStore({
    scope: { target: "127.0.0.1:1", service: "" },
    folders: [join(await newFolder(), "default")],
    maxBytes: 1_000_000,
    sync: false,
  });
  onTestFinished(async () => void (await store.release()));
  const writer = new SpoolWriter(store, () => {});
  await writer.write(request("r-1"));
  expect(await writer.write(request("r-2"))).toBe("disk");
});
