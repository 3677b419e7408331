import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type GetServerInfoResponse,
  GetServerInfoResponseSchema,
  type NatsInfoSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { NatsInfo, ServerInfo } from "../../app/server-info.ts";

export function writeServerInfo(info: ServerInfo): GetServerInfoResponse {
  const { version, startedAtMs, nowMs, embedded, store, nats } = info;
  return create(GetServerInfoResponseSchema, {
    version,
    server: store.server,
    startTime: timestampFromMs(startedAtMs),
    time: timestampFromMs(nowMs),
    servers: store.servers.toSorted(),
    ...(nats && { nats: writeNats(nats) }),
    store: {
      version: store.version,
      embedded,
      time: timestampFromMs(store.nowMs),
      usedMemoryBytes: BigInt(store.usedMemoryBytes),
      maxMemoryBytes: BigInt(store.maxMemoryBytes),
      replicaCount: store.replicas,
      settings: { ...store.settings },
      warnings: [...store.warnings],
    },
  });
}

function writeNats(nats: NatsInfo): MessageInitShape<typeof NatsInfoSchema> {
  const { servers, stream = "", error = "", warnings, backlog, missed } = nats;
  const time = (ms: number | undefined) => (ms === undefined ? undefined : timestampFromMs(ms));
  return {
    ...{ servers: [...servers], stream, error, warnings: [...warnings] },
    backlogBytes: BigInt(backlog.bytes),
    backlogLimitBytes: BigInt(backlog.limitBytes),
    oldestWaitingTime: time(backlog.sinceMs),
    missedChangeCount: BigInt(missed.changes),
    lastMissedTime: time(missed.lastAtMs),
  };
}
