import { LinkProxy } from "../../support/link-proxy.ts";
import type { TestNats } from "../../support/nats.ts";
import type { PublishedEvidence, Trimming } from "../history/published.ts";
import { type ExternalEnvironment, openExternalEnvironment } from "./external.ts";
import { OutboxRecord } from "./outbox-record.ts";
import type { PublishedStream } from "./published-stream.ts";
import { Publishing, publishingEnv } from "./publishing.ts";

/** Two servers on one Redis, which publish to a stream of NATS. Each has links of its own. */
export interface EventsEnvironment extends ExternalEnvironment {
  readonly name: "events";
  readonly nats: TestNats;
  /** From servers to NATS, in the order of the servers. */
  readonly natsLinks: readonly LinkProxy[];
  readonly record: OutboxRecord;
  readonly stream: PublishedStream;
  /** When faults made the outbox remove what was not published. */
  readonly trimmings: Trimming[];
  /** Resolves when the events of all that has happened are published. */
  untilWhole(): Promise<void>;
  events(): Promise<PublishedEvidence>;
}

const SERVERS = 2;
/** The suite reads each change before so much more has happened in a partition. */
export const OUTBOX_MAX_BYTES = 512 * 1024;
const BACKLOG_MIB = 24;

export async function openEventsEnvironment(): Promise<EventsEnvironment> {
  // Only then it is needed.
  const { startTestNats } = await import("../../support/nats.ts");
  const nats = await startTestNats();
  const links = await Promise.all(
    Array.from({ length: SERVERS }, () => LinkProxy.open(() => [{ port: nats.port }])),
  );
  const external = await openExternalEnvironment({
    name: "events",
    servers: SERVERS,
    envOf: (at) => ({
      ...publishingEnv(links[at]?.address ?? ""),
      DLQ_NATS_BACKLOG_MAX: `${BACKLOG_MIB}MiB`,
      DLQ_OUTBOX_MAX: String(OUTBOX_MAX_BYTES),
      // Large changes fill an outbox sooner.
      DLQ_OUTBOX_FIELDS: "source_id",
    }),
  });
  const record = new OutboxRecord(await external.redis());
  const publishing = new Publishing(record, nats.url);
  const trimmings: Trimming[] = [];
  return {
    ...external,
    name: "events",
    words: `${external.words}, events to a stream of NATS`,
    ...{ nats, natsLinks: links, record, stream: publishing.stream, trimmings },
    untilWhole: () => publishing.untilWhole(),
    events: () => publishing.evidence(trimmings),
    recorded: () => [...record.openings, ...record.acted],
    async stop() {
      record.stop();
      await external.stop();
      await Promise.all(links.map((link) => link.close()));
      await nats.stop();
    },
  };
}
