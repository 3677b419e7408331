import { setTimeout as sleep } from "node:timers/promises";
import { EVENT_TYPE_NAMES } from "../../../src/core/event.ts";
import { LinkProxy } from "../../support/link-proxy.ts";
import { startTestNats, type TestNats } from "../../support/nats.ts";
import { until } from "../../support/until.ts";
import { isRequired } from "../checker/published/check-published.ts";
import type { PublishedEvidence, Trimming } from "../history/published.ts";
import { type ExternalEnvironment, openExternalEnvironment } from "./external.ts";
import { OutboxRecord } from "./outbox-record.ts";
import { PublishedStream } from "./published-stream.ts";

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
const STREAM = "DLQ";
/** The suite reads each change before so much more has happened in a partition. */
export const OUTBOX_MAX_BYTES = 512 * 1024;
const BACKLOG_MIB = 24;
/** After a killed server, its partitions are free in 10 s; between tries servers pause for up to 5 s. */
const PUBLISHED_WITHIN_MS = 60_000;
const ROUNDS = 5;
/** Between two looks at the stream, ms. */
const AGAIN_MS = 100;

export async function openEventsEnvironment(): Promise<EventsEnvironment> {
  const nats = await startTestNats();
  const links = await Promise.all(
    Array.from({ length: SERVERS }, () => LinkProxy.open(() => [{ port: nats.port }])),
  );
  const external = await openExternalEnvironment({
    name: "events",
    servers: SERVERS,
    envOf: (at) => ({
      DLQ_NATS_URL: `nats://${links[at]?.address}`,
      DLQ_NATS_STREAM: STREAM,
      DLQ_NATS_EVENTS: EVENT_TYPE_NAMES.join(","),
      DLQ_NATS_BACKLOG_MAX: `${BACKLOG_MIB}MiB`,
      DLQ_OUTBOX_MAX: String(OUTBOX_MAX_BYTES),
      // Large changes fill an outbox sooner.
      DLQ_OUTBOX_FIELDS: "source_id",
    }),
  });
  const record = new OutboxRecord(await external.redis());
  const stream = new PublishedStream(nats.url, STREAM);
  const trimmings: Trimming[] = [];
  /** Happened before this one, all are published. */
  let whole = 0;

  const untilWhole = async () => {
    await record.upToNow();
    const upTo = record.happened.length;
    const look = async () => {
      await sleep(AGAIN_MS);
      await stream.readOn();
      for (; whole < upTo; whole++) {
        const event = record.happened[whole];
        if (event !== undefined && isRequired(event) && !stream.hasOrAnnounces(event)) return false;
      }
      return true;
    };
    await until("all events to be published", look, PUBLISHED_WITHIN_MS).catch((cause: unknown) => {
      const { id, queue } = record.happened[whole] ?? {};
      throw new Error(`event ${id} of ${queue} is not published: ${String(cause)}`, { cause });
    });
  };
  return {
    ...external,
    name: "events",
    words: `${external.words}, events to a stream of NATS`,
    ...{ nats, natsLinks: links, record, stream, trimmings, untilWhole },
    async events() {
      // Workers and producers have ended, so there is an end of what happens.
      for (let before = -1, round = 0; before < record.happened.length && round < ROUNDS; round++) {
        before = record.happened.length;
        await untilWhole().catch(() => {}); // the checker finds what is missing
        await record.upToNow();
      }
      if (record.problems.length > 0) throw new Error(record.problems.join("; "));
      return { happened: record.happened, published: stream.messages, trimmings };
    },
    openings: () => record.openings,
    pids: () => external.pids(),
    async stop() {
      record.stop();
      await external.stop();
      await Promise.all(links.map((link) => link.close()));
      await nats.stop();
    },
  };
}
