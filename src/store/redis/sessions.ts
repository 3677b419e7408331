import { parseMessageId } from "../../core/message-id.ts";
import type { SessionRecord } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { globalKeys, QUEUE_KEYS, queueBase } from "./keys.ts";
import { workerEntry } from "./verbs/stats.ts";

/** A session can be found for as long as its longest possible lease, and a little. */
const SESSION_KEPT_MS = 13 * 3_600_000;
/** A node that has been silent for this long is gone, and its workers with it. */
const NODE_SILENCE_MS = 10_000;

/** Which streams are open, on which node, and which queues a session has. */
export class Sessions {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #nodeId: string;

  constructor(connection: Connection, prefix: string, nodeId: string) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#nodeId = nodeId;
  }

  async register(session: SessionRecord): Promise<void> {
    const { session: keyOf } = globalKeys(this.#prefix);
    const entry = workerEntry(this.#nodeId, session.workerId, session.maxInFlight);
    await this.#connection.command((redis) => {
      const pipeline = redis.pipeline();
      pipeline.set(keyOf(session.sessionId), session.queues.join(" "), "PX", SESSION_KEPT_MS);
      for (const queue of session.queues) {
        pipeline.hset(this.#workersKey(queue), sessionBytes(session), entry);
      }
      return pipeline.exec();
    });
  }

  /** Only what this node wrote: the session may already have a new stream on another one. */
  async unregister(session: SessionRecord): Promise<void> {
    const field = sessionBytes(session);
    await this.#connection.command(async (redis) => {
      const reading = redis.pipeline();
      for (const queue of session.queues) reading.hget(this.#workersKey(queue), field);
      const entries = (await reading.exec()) ?? [];
      const removing = redis.pipeline();
      session.queues.forEach((queue, index) => {
        const entry = entries[index]?.[1];
        if (String(entry).startsWith(`${this.#nodeId}\n`)) {
          removing.hdel(this.#workersKey(queue), field);
        }
      });
      return removing.exec();
    });
  }

  async queuesOf(sessionId: string): Promise<string[] | undefined> {
    if (parseMessageId(sessionId) === undefined) return undefined;
    const { session: keyOf } = globalKeys(this.#prefix);
    const text = await this.#connection.command((redis) => redis.get(keyOf(sessionId)));
    return text === null ? undefined : text.split(" ");
  }

  async beat(): Promise<void> {
    const { nodes } = globalKeys(this.#prefix);
    await this.#connection.command(async (redis) => {
      const nowMs = await storeNowMs(redis);
      await redis.zadd(nodes, nowMs, this.#nodeId);
      // Whoever has been away for an hour left no workers worth remembering.
      await redis.zremrangebyscore(nodes, "-inf", nowMs - 3_600_000);
    });
  }

  /** The nodes that have given a sign of life lately. */
  async aliveNodes(): Promise<Set<string>> {
    const { nodes } = globalKeys(this.#prefix);
    return this.#connection.command(async (redis) => {
      const nowMs = await storeNowMs(redis);
      return new Set(await redis.zrangebyscore(nodes, nowMs - NODE_SILENCE_MS, "+inf"));
    });
  }

  #workersKey(queue: string): string {
    return queueBase(this.#prefix, queue) + QUEUE_KEYS.workers;
  }
}

/** Scripts know a session by the 16 bytes of its id. */
function sessionBytes(session: SessionRecord): Buffer {
  return Buffer.from(session.sessionId.replaceAll("-", ""), "hex");
}

async function storeNowMs(redis: { time(): Promise<(number | string)[]> }): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
