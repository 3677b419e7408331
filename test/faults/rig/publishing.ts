import { setTimeout as sleep } from "node:timers/promises";
import { EVENT_TYPE_NAMES } from "../../../src/core/event.ts";
import { until } from "../../support/until.ts";
import { isRequired } from "../checker/published/check-published.ts";
import type { PublishedEvidence, Trimming } from "../history/published.ts";
import type { OutboxRecord } from "./outbox-record.ts";
import { PublishedStream } from "./published-stream.ts";

const STREAM = "DLQ";
/** After a killed server, its partitions are free in 10 s; between tries servers pause for up to 5 s. */
const PUBLISHED_WITHIN_MS = 60_000;
const ROUNDS = 5;
/** Between two looks at the stream. */
const AGAIN_MS = 100;

/** Settings of a server that publishes all types of events. @param address of NATS, `host:port` */
export function publishingEnv(address: string): Readonly<Record<string, string>> {
  return {
    DLQ_NATS_URL: `nats://${address}`,
    DLQ_NATS_STREAM: STREAM,
    DLQ_NATS_EVENTS: EVENT_TYPE_NAMES.join(","),
  };
}

/** What happened, and what was published of it. */
export class Publishing {
  readonly record: OutboxRecord;
  readonly stream: PublishedStream;
  /** Happened before this one, all are published. */
  #whole = 0;

  /** @param url of NATS */
  constructor(record: OutboxRecord, url: string) {
    this.record = record;
    this.stream = new PublishedStream(url, STREAM);
  }

  /** Resolves when the events of all that has happened are published. */
  async untilWhole(): Promise<void> {
    const { happened } = this.record;
    await this.record.upToNow();
    const upTo = happened.length;
    const look = async () => {
      await sleep(AGAIN_MS);
      await this.stream.readOn();
      for (; this.#whole < upTo; this.#whole++) {
        const event = happened[this.#whole];
        if (event === undefined || !isRequired(event)) continue;
        if (!this.stream.hasOrAnnounces(event)) return false;
      }
      return true;
    };
    await until("all events to be published", look, PUBLISHED_WITHIN_MS).catch((cause: unknown) => {
      const { id, queue } = happened[this.#whole] ?? {};
      throw new Error(`event ${id} of ${queue} is not published: ${String(cause)}`, { cause });
    });
  }

  /** Call it when workers and producers have ended, so that there is an end of what happens. */
  async evidence(trimmings: readonly Trimming[]): Promise<PublishedEvidence> {
    const { happened, problems } = this.record;
    for (let before = -1, round = 0; before < happened.length && round < ROUNDS; round++) {
      before = happened.length;
      await this.untilWhole().catch(() => {}); // the checker finds what is missing
      await this.record.upToNow();
    }
    if (problems.length > 0) throw new Error(problems.join("; "));
    return { happened, published: this.stream.messages, trimmings };
  }
}
