import type { Attributes, BatchObservableCallback, Meter } from "@opentelemetry/api";
import { log } from "./log.ts";
import { openTelemetry, queueAttributes, SCOPE } from "./otel.ts";
import type { SendResult } from "./send-result.ts";
import type { ClientStatus } from "./status.ts";
import { errorTypeOf, type Outcome } from "./worker/outcome.ts";

/** Seconds. Those that OpenTelemetry's conventions give for durations. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Counts sends, and has the metrics of a client if OpenTelemetry's API is installed. */
export class ClientMetrics {
  /** By status. */
  readonly sends: Record<SendResult["status"], number> = {
    ...{ sent: 0, joined: 0, spooled: 0, delivery: 0, dropped: 0 },
  };
  readonly #instruments: ReturnType<typeof instrumentsOf> | undefined;

  /** @param target of the client, as `dlq.target` of the metrics of its state */
  constructor(target: string, status: () => ClientStatus) {
    this.#instruments = safely(() => {
      const meter = openTelemetry()?.metrics.getMeter(SCOPE);
      return meter && instrumentsOf(meter, { "dlq.target": target }, status);
    });
  }

  sent(queue: string, result: SendResult): void {
    const { status } = result;
    this.sends[status]++;
    this.#record(({ sends }) =>
      sends.add(1, {
        ...queueAttributes("send", queue),
        "dlq.status": status,
        ...(status === "dropped" ? { "error.type": result.error.kind } : {}),
      }),
    );
  }

  /** @param ms how long the handler ran */
  handled(queue: string, outcome: Outcome, ms: number): void {
    const errorType = errorTypeOf(outcome);
    this.#record(({ handlers }) =>
      handlers.record(ms / 1_000, {
        ...queueAttributes("process", queue),
        "dlq.outcome": outcome.kind,
        ...(errorType === undefined ? {} : { "error.type": errorType }),
      }),
    );
  }

  #record(write: (instruments: ReturnType<typeof instrumentsOf>) => void): void {
    if (this.#instruments === undefined) return;
    try {
      write(this.#instruments);
    } catch {
      // Foreign code must not break an error path.
    }
  }

  close(): void {
    safely(() => this.#instruments?.close());
  }
}

/** Undefined if the meter provider fails: foreign code must not end a program. */
function safely<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    log("some metrics are missing: OpenTelemetry's meter provider failed:", error);
    return undefined;
  }
}

function instrumentsOf(meter: Meter, target: Attributes, status: () => ClientStatus) {
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(`dlq.client.${name}`, { unit, description });
  const available = gauge("available", "1", "0 while calls fail and sends go to the spool at once");
  const messages = gauge("spool.messages", "{message}", "Messages in the spool");
  const bytes = gauge("spool.bytes", "By", "Bytes of the spool");
  const age = gauge("spool.age", "s", "Age of the oldest message in the spool");
  const all = [available, messages, bytes, age];
  const observe: BatchObservableCallback = (result) => {
    const { isAvailable, spool } = status();
    result.observe(available, isAvailable ? 1 : 0, target);
    if (spool === undefined) return;
    result.observe(messages, spool.messages, target);
    result.observe(bytes, spool.bytes, target);
    result.observe(age, spool.oldestAgeMs / 1_000, target);
  };
  meter.addBatchObservableCallback(observe, all);
  return {
    sends: meter.createCounter("dlq.client.sends", {
      unit: "{message}",
      description: "Sends, by their status",
    }),
    handlers: meter.createHistogram("messaging.process.duration", {
      unit: "s",
      description: "How long handlers ran",
      advice: { explicitBucketBoundaries: BUCKETS },
    }),
    close: () => meter.removeBatchObservableCallback(observe, all),
  };
}
