import { timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { createRig, SERVER_INFO, transportOf } from "./in-memory.ts";

test("GetServerInfo describes the server and its store", async () => {
  const admin = createClient(DlqAdminService, transportOf(await createRig()));
  const info = await admin.getServerInfo({});
  expect(info).toMatchObject({
    ...{ version: "1.2.3", server: "s-2", servers: ["s-1", "s-2"] },
    nats: {
      ...{ servers: ["n:4222"], stream: "DLQ", error: "" },
      ...{ backlogBytes: 5n, backlogLimitBytes: 10n, oldestWaitingTime: { seconds: 2n } },
      warnings: ["stream DLQ can lose events"],
      ...{ missedChangeCount: 3n, lastMissedTime: { seconds: 3n } },
    },
    store: {
      ...{ version: "7.2.4", embedded: true, replicaCount: 1 },
      ...{ usedMemoryBytes: 10n, maxMemoryBytes: 20n },
      ...{ settings: { appendonly: "yes" }, warnings: SERVER_INFO.store.warnings },
    },
  });
  const times = [info.startTime, info.time, info.store?.time];
  expect(times.map((time) => time && timestampMs(time))).toEqual([1_000, 5_000, 4_000]);
});
