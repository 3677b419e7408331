import { timestampMs } from "@bufbuild/protobuf/wkt";
import type {
  GetServerInfoResponse,
  StoreInfo,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { bytesText } from "../output/numbers.ts";
import { durationText } from "../output/times.ts";
import { type Finding, warningOf } from "./finding.ts";

/** Redis refuses sends soon. */
const NEARLY_FULL = 0.9;
/** More is shown as a warning: lines of the log do not fit to times of messages. */
const CLOCKS_APART_MS = 2_000;

/** What a server says about its store: version, settings that could lose messages, memory, and the clocks of both. */
export function storeFindings({ store, time, servers }: GetServerInfoResponse): Finding[] {
  if (store === undefined) return [];
  const warnings = store.warnings.map((text) => warningOf("redis", text));
  const apartMs = time && store.time ? Math.abs(timestampMs(time) - timestampMs(store.time)) : 0;
  return [
    { level: "ok", check: "redis", what: description(store, servers), advice: "" },
    ...warnings,
    ...(isNearlyFull(store) ? [MEMORY] : []),
    ...(apartMs < CLOCKS_APART_MS ? [] : [clocksApart(apartMs)]),
  ];
}

function description(store: StoreInfo, servers: readonly string[]): string {
  const settings = Object.entries(store.settings)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name} ${value}`);
  const memory =
    store.maxMemoryBytes === 0n
      ? bytesText(store.usedMemoryBytes)
      : `${bytesText(store.usedMemoryBytes)} of ${bytesText(store.maxMemoryBytes)}`;
  return [
    `Redis ${store.version || "of an unknown version"}${store.embedded ? ", embedded" : ""}`,
    `uses ${memory}`,
    `${store.replicaCount} replica${store.replicaCount === 1 ? "" : "s"}`,
    ...settings,
    `servers: ${servers.join(", ")}`,
  ].join("; ");
}

function isNearlyFull({ usedMemoryBytes, maxMemoryBytes }: StoreInfo): boolean {
  return maxMemoryBytes > 0n && Number(usedMemoryBytes) > NEARLY_FULL * Number(maxMemoryBytes);
}

const MEMORY: Finding = {
  level: "warning",
  check: "memory",
  what: "Redis has used more than 90 % of its maxmemory: soon it refuses sends",
  advice: "process messages, or raise it",
};

const clocksApart = (ms: number): Finding => ({
  level: "warning",
  check: "clock",
  what: `the clocks of the server and of the store are ${durationText(ms)} apart`,
  advice: "set up time synchronization on both; times in the server's log are wrong by this",
});
