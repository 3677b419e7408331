import { DeliverPolicy, jetstream, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Notices } from "../checker/published/notices.ts";
import type { Happened, Published } from "../history/published.ts";

const AGAIN_MS = 50;
/** Longer than any outage of NATS in the suite. */
const CONNECT_MS = 60_000;

/** What the stream of NATS has, read when it is asked for. */
export class PublishedStream {
  readonly messages: Published[] = [];
  readonly #url: string;
  readonly #stream: string;
  readonly #ids = new Set<string>();
  readonly #notices = new Notices();
  #nextSeq = 1;

  constructor(url: string, stream: string) {
    this.#url = url;
    this.#stream = stream;
  }

  /** Reads what came since the last call. */
  readOn(): Promise<void> {
    return this.#with(async (nc) => {
      const { streams } = await jetstreamManager(nc);
      const { state } = await streams.info(this.#stream);
      if (state.last_seq < this.#nextSeq) return;
      const from = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#nextSeq };
      const consumer = await jetstream(nc).consumers.get(this.#stream, from);
      for await (const { seq, subject, data } of await consumer.consume()) {
        this.#take(subject, new TextDecoder().decode(data));
        this.#nextSeq = seq + 1;
        if (seq >= state.last_seq) break;
      }
      await consumer.delete();
    });
  }

  /** Reports whether the stream has an event, or a notice that it may be missing. */
  hasOrAnnounces(event: Happened): boolean {
    return this.#ids.has(event.id) || this.#notices.announce("missed", event.queue, event);
  }

  /** Lets the stream have no more messages than now. The returned function ends that. */
  async fill(): Promise<() => Promise<void>> {
    const update = (config: Partial<StreamConfig>) =>
      this.#with(async (nc) => {
        await (await jetstreamManager(nc)).streams.update(this.#stream, config);
      });
    await this.#with(async (nc) => {
      const { state } = await (await jetstreamManager(nc)).streams.info(this.#stream);
      await update({ max_msgs: state.messages });
    });
    return () => update({ max_msgs: -1 });
  }

  #take(subject: string, body: string): void {
    this.messages.push({ subject, body });
    const event = JSON.parse(body) as Readonly<Record<string, unknown>>;
    this.#ids.add(String(event.event_id));
    this.#notices.take(event);
  }

  async #with<T>(use: (nc: NatsConnection) => Promise<T>): Promise<T> {
    // NATS may be down by a fault at the same time.
    const nc = await connect({
      servers: this.#url,
      waitOnFirstConnect: true,
      maxReconnectAttempts: CONNECT_MS / AGAIN_MS,
      reconnectTimeWait: AGAIN_MS,
      timeout: CONNECT_MS,
    });
    try {
      return await use(nc);
    } finally {
      await nc.close();
    }
  }
}
