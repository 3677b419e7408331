import type { EventPublisher } from "../app/events/event-publisher.ts";
import type { Log } from "../app/observer.ts";
import { CoreSender } from "./core-sender.ts";
import { type EventMessage, gapMessageOf, messageOf } from "./event-message.ts";
import type { EventSender } from "./event-sender.ts";
import { NatsLink } from "./nats-link.ts";
import type { NatsOptions } from "./nats-options.ts";
import { StreamNotices } from "./stream-notices.ts";
import { StreamSender } from "./stream-sender.ts";

export interface NatsPublisher extends EventPublisher {
  /** Resolves when events can be published. Rejects with what is wrong now; later calls try again. */
  check(): Promise<void>;
  /** What the stream can lose or has lost, as of the last check, each with what to do. Empty: nothing is known. */
  readonly warnings: readonly string[];
}

/**
 * Publishes events to NATS: by core NATS, or to a stream of JetStream. It connects when there is something to do, and again
 * after each loss. Calls for different queues may run at a time; those for one queue must not. It keeps no events: a call
 * rejects with a NatsError if NATS is unavailable for 5 s, or leaves one message or round trip without an answer for that long.
 * `log` gets what an operator should know about the stream.
 */
export function createNatsPublisher(
  options: NatsOptions,
  log: Pick<Log, "warn"> = { warn() {} },
): NatsPublisher {
  const { prefixes, types, stream } = options;
  const link = new NatsLink(options);
  const notices = new StreamNotices(log);
  const { target } = link;
  const sender: EventSender =
    stream === undefined
      ? new CoreSender(target)
      : new StreamSender({ stream, prefixes, types, target, notices });
  const running = new Set<Promise<void>>();

  const send = async (messages: readonly EventMessage[]) => {
    if (messages.length === 0) return;
    const call = link.session().then((session) => sender.send(session, messages));
    running.add(call);
    try {
      await call;
    } finally {
      running.delete(call);
    }
  };
  return {
    publish: (events) => send(events.map((event) => messageOf(event, prefixes))),
    publishGap: (gap) => send([gapMessageOf(gap, prefixes)]),
    get warnings() {
      return notices.warnings;
    },
    async check() {
      await sender.check(await link.session());
    },
    async close() {
      link.stop();
      await Promise.allSettled(running);
      await link.close();
    },
  };
}
