// Workers of this service with plain generated stubs: each reads a stream and acknowledges in batches.

import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AckStatus, type Delivery } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { DlqClient } from "../../support/grpc.ts";
import type { OutcomeInit } from "../../support/send-requests.ts";
import { type ConsumeCommand, type LoadResult, queueNames } from "./commands.ts";
import type { Running } from "./serve-commands.ts";
import { nowMs, Tally } from "./tally.ts";

/** Maximum Ack calls in flight of one worker. Further outcomes wait for the next call. */
const ACKS_IN_FLIGHT = 2;
const OUTCOMES_MAX = 1_000;

const HOUR_MS = 3_600_000;
const OUTCOMES: Readonly<Record<ConsumeCommand["outcome"], OutcomeInit>> = {
  succeed: { case: "succeeded", value: {} },
  fail: {
    case: "failed",
    value: {
      failure: { type: "Unavailable", message: "still down", httpStatus: 503 },
      retryAfter: durationFromMs(HOUR_MS),
    },
  },
};

export async function consume(
  clients: readonly DlqClient[],
  command: ConsumeCommand,
  running: Running,
): Promise<LoadResult> {
  const tally = new Tally();
  const workers = Array.from({ length: command.workers ?? 1 }, (_, index) => {
    const client = clients[index % clients.length];
    if (client === undefined) throw new Error("no server to consume from");
    return work(client, command, tally, running);
  });
  await Promise.all(workers);
  return tally.result();
}

async function work(
  dlq: DlqClient,
  command: ConsumeCommand,
  tally: Tally,
  running: Running,
): Promise<void> {
  const result = OUTCOMES[command.outcome];
  const acks = new Acks(dlq, result, (count) => {
    tally.add(count);
    running.done(count);
  });
  const request = { queues: queueNames(command), maxInFlight: command.inFlight };
  try {
    for await (const { frame } of dlq.streamDue(request, { signal: running.stop })) {
      if (frame.case !== "deliveries") continue;
      if (command.lateness === true) {
        const atMs = nowMs();
        for (const delivery of frame.value.deliveries) tally.took(atMs - dueAtMs(delivery));
      }
      acks.add(frame.value.deliveries);
    }
  } catch (error) {
    if (!running.stop.aborted) throw error;
  }
  await acks.settled();
}

class Acks {
  readonly #dlq: DlqClient;
  readonly #result: OutcomeInit;
  readonly #applied: (count: number) => void;
  readonly #calls = new Set<Promise<void>>();
  #tokens: string[] = [];
  #scheduled = false;

  constructor(dlq: DlqClient, result: OutcomeInit, applied: (count: number) => void) {
    this.#dlq = dlq;
    this.#result = result;
    this.#applied = applied;
  }

  add(deliveries: readonly Delivery[]): void {
    for (const { leaseToken } of deliveries) this.#tokens.push(leaseToken);
    this.#soon();
  }

  /** Resolves when all outcomes are acknowledged. Rejects if one did not count. */
  async settled(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls);
  }

  /** Acknowledges all deliveries of one read of the connection in one call. */
  #soon(): void {
    if (this.#scheduled || this.#calls.size >= ACKS_IN_FLIGHT || this.#tokens.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const call = this.#flush();
      this.#calls.add(call);
      call.then(
        () => {
          this.#calls.delete(call);
          this.#soon();
        },
        () => {}, // the error stays in the set, for `settled`
      );
    });
  }

  async #flush(): Promise<void> {
    const tokens = this.#tokens.splice(0, OUTCOMES_MAX);
    const result = this.#result;
    const outcomes = tokens.map((leaseToken) => ({ leaseToken, result }));
    const { results } = await this.#dlq.ack({ outcomes });
    const applied = results.filter(({ status }) => status === AckStatus.APPLIED).length;
    if (applied !== tokens.length) {
      throw new Error(`${tokens.length - applied} of ${tokens.length} outcomes did not count`);
    }
    this.#applied(applied);
  }
}

function dueAtMs({ message }: Delivery): number {
  if (message?.dueTime === undefined) throw new Error("a delivery has no due time");
  return timestampMs(message.dueTime);
}
