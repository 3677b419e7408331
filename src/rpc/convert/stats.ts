import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type QueueStats,
  QueueStatsSchema,
  type StatsRequest,
  type StatsResponse,
  StatsResponseSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type {
  DamagedReport,
  QueueReport,
  QueuesPage,
  QueueTotals,
  StatsReport,
} from "../../app/commands.ts";
import { STATS_QUEUES } from "../../app/stats.ts";
import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readPage, writeToken } from "./pages.ts";
import { BREAKER_NUMBERS, conditionNumber, STATE_NUMBERS } from "./states.ts";
import { checkCount, checkQueue, Violations } from "./violations.ts";

/** Returns the requested queues, each once, in order; without any, the page. */
export function readStats(request: StatsRequest): { queues: string[]; page: QueuesPage } {
  const v = new Violations();
  checkCount(v, "queues", request.queues.length, 0, WIRE_LIMITS.items);
  request.queues.forEach((queue, index) => {
    checkQueue(v, `queues[${index}]`, queue);
  });
  const page = readPage(v, request, STATS_QUEUES);
  if (request.queues.length > 0 && request.pageToken !== "") {
    v.add("page_token", "has no effect with `queues`: leave one of them out");
  }
  v.throwIfAny();
  return { queues: [...new Set(request.queues)], page };
}

/** A page ends at about so many bytes: gRPC clients take 4 MiB, and JSON is three times as long. */
const PAGE_BYTES = 1024 * 1024;

/** `isPage`: it may end early. Without names, the rest comes with the next page. */
export function writeStats(report: StatsReport, isPage: boolean): StatsResponse {
  const queues = isPage ? fittingIn(PAGE_BYTES, report.queues) : report.queues;
  const next = queues.length < report.queues.length ? queues.at(-1)?.queue : report.next;
  let total = 0;
  let quarantined = 0;
  for (const queue of queues) {
    if ("damaged" in queue) continue;
    total += queue.scheduled + queue.inFlight + queue.quarantined;
    quarantined += queue.quarantined;
  }
  return create(StatsResponseSchema, {
    totalMessages: BigInt(total),
    totalPoisonMessages: BigInt(quarantined),
    queues: queues.map(writeQueue),
    nextPageToken: writeToken(next),
    ...(report.nowMs === undefined ? {} : { storeTime: timestampFromMs(report.nowMs) }),
  });
}

type AnyReport = QueueReport | DamagedReport;

/** The first ones, at least one. */
function fittingIn(bytes: number, reports: readonly AnyReport[]): readonly AnyReport[] {
  let used = 0;
  const end = reports.findIndex((report, index) => {
    used += roughBytes(report);
    return index > 0 && used > bytes;
  });
  return end < 0 ? reports : reports.slice(0, end);
}

function roughBytes(report: AnyReport): number {
  const texts = report.conditions.reduce((sum, { message }) => sum + message.length, 0);
  const counts = "damaged" in report ? 0 : report.counts.length;
  return 400 + texts + 30 * counts;
}

function writeQueue(report: AnyReport): QueueStats {
  const conditions = report.conditions.map(({ code, message }) => ({
    code: conditionNumber(code),
    message,
  }));
  if ("damaged" in report) {
    return create(QueueStatsSchema, { queue: report.queue, conditions });
  }
  const stats = create(QueueStatsSchema, {
    queue: report.queue,
    conditions,
    scheduled: BigInt(report.scheduled),
    dueNow: BigInt(report.dueNow),
    inFlight: BigInt(report.inFlight),
    quarantined: BigInt(report.quarantined),
    bytes: BigInt(report.bytes),
    workers: report.workers,
    quietWorkers: report.quietWorkers,
    breakerState: BREAKER_NUMBERS[report.breaker.state],
    openBreakers: report.openBreakers,
    heldOrderingKeys: report.heldKeys,
    rates: report.rates,
    totals: writeTotals(report.totals),
    counts: report.counts.map((one) => ({
      state: STATE_NUMBERS[one.state],
      reason: REASONS[one.reason],
      count: BigInt(one.count),
      ...(one.quarantineReason === undefined
        ? {}
        : { quarantineReason: QUARANTINE_REASONS[one.quarantineReason] }),
    })),
  });
  const { oldestAgeMs, oldestQuarantinedAgeMs, nextDueAtMs } = report;
  if (oldestAgeMs !== undefined) {
    stats.oldestAge = durationFromMs(oldestAgeMs);
  }
  if (oldestQuarantinedAgeMs !== undefined) {
    stats.oldestQuarantinedAge = durationFromMs(oldestQuarantinedAgeMs);
  }
  const { retryAtMs } = report.breaker;
  if (retryAtMs !== undefined) stats.breakerRetryTime = timestampFromMs(retryAtMs);
  if (nextDueAtMs !== undefined) stats.nextDueTime = timestampFromMs(nextDueAtMs);
  return stats;
}

function writeTotals(totals: QueueTotals): Record<keyof QueueTotals, bigint> {
  return {
    accepted: BigInt(totals.accepted),
    joined: BigInt(totals.joined),
    succeeded: BigInt(totals.succeeded),
    discarded: BigInt(totals.discarded),
    expired: BigInt(totals.expired),
    purged: BigInt(totals.purged),
    movedOut: BigInt(totals.movedOut),
    movedIn: BigInt(totals.movedIn),
    undeleted: BigInt(totals.undeleted),
    deliveries: BigInt(totals.deliveries),
    failedAttempts: BigInt(totals.failedAttempts),
    released: BigInt(totals.released),
    leaseExpiries: BigInt(totals.leaseExpiries),
  };
}
