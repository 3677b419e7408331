// The counts of a run: those of the service, read by its `Stats` call, and those of the shop.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  BreakerState,
  type DlqClient,
  type QuarantineReasonName,
  type ReasonName,
  type SendResult,
  type SettledDelivery,
} from "../../clients/typescript/src/index.ts";
import type { Order } from "./services.ts";
import { SERVICE_NAMES, type ServiceName } from "./services.ts";

/** One queue, as `Stats` counts it. */
export interface Counts {
  /** Dead letters that the service accepted. */
  readonly sent: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly recovered: number;
  readonly quarantined: number;
  /** Retries with an outcome. */
  readonly attempts: number;
}

export type Row = Counts & {
  /** When the next retry is due, in the time of `performance.now()`. */
  readonly dueAtMs?: number;
};

export interface Ledger {
  row(service: ServiceName): Row;
  readonly total: Row;
  /** Orders that the shop has placed. */
  readonly tried: number;
  /** Orders that succeeded on the first call. */
  readonly atOnce: number;
  /** Every order that was sent is recovered or quarantined. */
  readonly isDecided: boolean;
  /** Orders whose send failed. */
  readonly lost: number;
  /** Ids of the messages that the service accepted. */
  readonly ids: readonly string[];
  breaker(service: ServiceName): BreakerState;
  /** Reasons of the failures of a queue, most frequent first. */
  reasons(service: ServiceName): readonly ReasonName[];
  /** Why messages of a queue were quarantined. */
  quarantineReasons(service: ServiceName): readonly QuarantineReasonName[];
  placed(): void;
  sent(order: Order, result: SendResult): void;
  settled(service: ServiceName, result: SettledDelivery): void;
  /** Reads the counts of the service. @throws ConnectError */
  refresh(dlq: DlqClient): Promise<void>;
}

const STATS_TIMEOUT_MS = 2_000;
const NOTHING: Row = {
  sent: 0,
  waiting: 0,
  inFlight: 0,
  recovered: 0,
  quarantined: 0,
  attempts: 0,
};

export function createLedger(): Ledger {
  const rows = new Map<string, Row>();
  const quarantineReasons = new Map<ServiceName, Set<QuarantineReasonName>>();
  const reasons = new Map<ServiceName, Map<ReasonName, number>>();
  const breakers = new Map<string, BreakerState>();
  const ids: string[] = [];
  let atOnce = 0;
  let sent = 0;
  let lost = 0;

  const total = () => [...rows.values()].reduce(sum, NOTHING);

  function noteQuarantine(service: ServiceName, reason: QuarantineReasonName | undefined): void {
    if (reason === undefined) return;
    quarantineReasons.set(service, (quarantineReasons.get(service) ?? new Set()).add(reason));
  }

  return {
    row: (service) => rows.get(service) ?? NOTHING,
    get total() {
      return total();
    },
    get tried() {
      return atOnce + sent + lost;
    },
    get atOnce() {
      return atOnce;
    },
    get isDecided() {
      const { sent: accepted, waiting, inFlight } = total();
      return accepted === sent && waiting + inFlight === 0;
    },
    get lost() {
      return lost;
    },
    ids,
    breaker: (service) => breakers.get(service) ?? BreakerState.CLOSED,
    reasons(service) {
      const found = [...(reasons.get(service) ?? [])];
      return found.sort(([, one], [, other]) => other - one).map(([reason]) => reason);
    },
    quarantineReasons: (service) => [...(quarantineReasons.get(service) ?? [])],
    placed() {
      atOnce += 1;
    },
    sent({ service }, result) {
      if (result.status === "dropped") lost += 1;
      if (result.status !== "sent") return;
      sent += 1;
      ids.push(result.id);
      const counts = reasons.get(service) ?? new Map<ReasonName, number>();
      reasons.set(service, counts.set(result.reason, (counts.get(result.reason) ?? 0) + 1));
      noteQuarantine(service, result.quarantineReason);
    },
    settled: (service, { quarantineReason }) => noteQuarantine(service, quarantineReason),
    async refresh(dlq) {
      const request = { queues: [...SERVICE_NAMES] };
      const answer = await dlq.stubs.stats(request, { timeoutMs: STATS_TIMEOUT_MS });
      const nowMs = performance.now();
      const storeMs = answer.storeTime === undefined ? 0 : timestampMs(answer.storeTime);
      for (const {
        queue,
        scheduled,
        inFlight,
        quarantined,
        totals,
        nextDueTime,
        breakerState,
      } of answer.queues) {
        breakers.set(queue, breakerState);
        const dueAtMs =
          nextDueTime === undefined ? undefined : nowMs + timestampMs(nextDueTime) - storeMs;
        rows.set(queue, {
          sent: Number(totals?.accepted ?? 0),
          waiting: Number(scheduled),
          inFlight: Number(inFlight),
          recovered: Number(totals?.succeeded ?? 0),
          quarantined: Number(quarantined),
          attempts: Number((totals?.succeeded ?? 0n) + (totals?.failedAttempts ?? 0n)),
          ...(dueAtMs === undefined ? {} : { dueAtMs }),
        });
      }
    },
  };
}

function sum(one: Row, other: Row): Row {
  const due = [one.dueAtMs, other.dueAtMs].filter((atMs) => atMs !== undefined);
  return {
    sent: one.sent + other.sent,
    waiting: one.waiting + other.waiting,
    inFlight: one.inFlight + other.inFlight,
    recovered: one.recovered + other.recovered,
    quarantined: one.quarantined + other.quarantined,
    attempts: one.attempts + other.attempts,
    ...(due.length === 0 ? {} : { dueAtMs: Math.min(...due) }),
  };
}
