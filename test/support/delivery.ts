import { createAck } from "../../src/app/ack.ts";
import type { OutcomeCommand, StreamCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { createStream } from "../../src/app/stream.ts";
import type { LeaseTokenParts } from "../../src/core/lease-token.ts";
import type { DueDelivery } from "../../src/core/message.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { Pumps } from "../../src/loops/pumps.ts";
import { startReconciler } from "../../src/loops/reconciler.ts";
import { Tender } from "../../src/loops/tender.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import type { RedisStore } from "../../src/store/redis/redis-store.ts";

const SILENT = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };

/** A server without its transport: streams, pumps and acks on one store. */
export function startNode(store: RedisStore) {
  const registry = new SessionRegistry(store.hints);
  const draining = new AbortController();
  const parts = {
    store,
    registry,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    now: Date.now,
    observer: NO_METRICS,
    log: SILENT,
    onDeleting() {},
    heartbeatMs: 10_000,
    draining: draining.signal,
    drainGraceMs: 1_000,
  };
  const pumps = new Pumps(parts);
  pumps.start();
  const tender = new Tender(parts);
  tender.start();
  const reconciler = startReconciler(store, registry, { info() {} });
  const ack = createAck(parts);
  const stream = createStream(parts);
  return {
    succeed: (delivery: DueDelivery) => ack("", [{ kind: "succeeded", token: tokenOf(delivery) }]),
    ack: (outcome: OutcomeCommand) => ack("", [outcome]),
    /** Reads a stream until it is stopped. */
    work(command: Partial<StreamCommand>, onDelivery: (delivery: DueDelivery) => void) {
      const stop = new AbortController();
      const whole: StreamCommand = {
        queues: ["q"],
        workerId: "w",
        maxInFlight: 10,
        maxInFlightBytes: 1 << 20,
        leaseMs: undefined,
        resumeSessionId: undefined,
        ...command,
      };
      const over = (async () => {
        for await (const frame of stream(whole, stop.signal)) {
          if (frame.kind === "deliveries") frame.deliveries.forEach(onDelivery);
        }
      })();
      return async () => {
        stop.abort();
        await over;
      };
    },
    async stop() {
      draining.abort();
      await pumps.stop();
      await tender.stop();
      await reconciler.stop();
    },
  };
}

export function tokenOf(delivery: DueDelivery): LeaseTokenParts {
  const { queue, id: messageId, deliveryNumber, nonce } = delivery;
  return { queue, messageId, deliveryNumber, nonce };
}
