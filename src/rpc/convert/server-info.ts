import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type GetServerInfoResponse,
  GetServerInfoResponseSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { ServerInfo } from "../../app/server-info.ts";

export function writeServerInfo(info: ServerInfo): GetServerInfoResponse {
  const { version, startedAtMs, nowMs, embedded, store, nats } = info;
  return create(GetServerInfoResponseSchema, {
    version,
    server: store.server,
    startTime: timestampFromMs(startedAtMs),
    time: timestampFromMs(nowMs),
    servers: store.servers.toSorted(),
    ...(nats && {
      nats: { servers: [...nats.servers], stream: nats.stream ?? "", error: nats.error ?? "" },
    }),
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
