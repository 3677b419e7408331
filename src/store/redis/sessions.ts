import { ByQueue } from "../../core/by-queue.ts";
import { parseMessageId } from "../../core/message-id.ts";
import { HOUR_MS } from "../../core/time-units.ts";
import type { SessionRecord } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { forgetNode } from "./forget-node.ts";
import { globalKeys } from "./keys.ts";
import type { KnownQueues } from "./known-queues.ts";
import { isOfWrongType, throwErrorOf } from "./pipeline-results.ts";
import { keysOfStream, sessionBytes, workersKey } from "./session-keys.ts";
import { REMOVE_OWN, REMOVE_SESSION, SIGN_OF_LIFE, WRITE_SESSION } from "./session-scripts.ts";
import { storeNowMs } from "./store-now.ts";
import { workerEntry } from "./verbs/stats.ts";
import { writeWhenFull } from "./when-full.ts";

/** A session can be found for a little longer than its longest possible lease. */
export const SESSION_KEPT_MS = 13 * HOUR_MS;
/** A node without a sign of life for this long is gone, and so are its workers. */
export const NODE_SILENCE_MS = 10_000;
/** After this what is left of it is removed. */
const NODE_KEPT_MS = HOUR_MS;
/** Queues that are stored of a session: those of two streams. */
const QUEUES_KEPT = 2_000;
/** The entries of an open stream are written again after this. */
const REWRITE_MS = 600_000;

interface Stream {
  readonly session: SessionRecord;
  /** Whether it takes no further messages. */
  quiet: boolean;
  writtenAtMs: number;
  /** When the queues of its session expire, as it wrote them; undefined: it did not, as far as this process knows. */
  storedUntilMs: number | undefined;
  /** Whether the session had leases when the stream ended. */
  holdsLeases: boolean;
  /** The queues that may have its entry: those that exist. */
  readonly queues: Set<string>;
  /** Those to which it was written on this connection. */
  readonly written: Set<string>;
  /** Those that were created since. */
  readonly missing: Set<string>;
  /** Writes these. */
  writing: Promise<void> | undefined;
  /** Writes that Redis has not answered. */
  unanswered: number;
}

export interface SessionsParts {
  connection: Connection;
  queues: Pick<KnownQueues, "existingOf">;
  prefix: string;
  nodeId: string;
}

/** Stores which streams are open, on which node, and the queues of each session. */
export class Sessions {
  /** The open streams of this node by session, and when they were last written. */
  readonly #open = new Map<string, Stream>();
  /** The open streams by each queue that they name, whether or not it exists. */
  readonly #byQueue = new ByQueue<Stream>();
  /** Ended streams whose entries the store may still have: removed again at each sign of life. */
  readonly #ended = new Map<string, Stream>();
  /** Nodes that have been silent for long. */
  #dead: readonly string[] = [];
  readonly #connection: Connection;
  readonly #queues: Pick<KnownQueues, "existingOf">;
  readonly #prefix: string;
  readonly #nodeId: string;

  constructor({ connection, queues, prefix, nodeId }: SessionsParts) {
    this.#connection = connection;
    this.#queues = queues;
    this.#prefix = prefix;
    this.#nodeId = nodeId;
  }

  /** `storeIsUsable` resolves when the store may be written. */
  async register(session: SessionRecord, storeIsUsable?: Promise<void>): Promise<void> {
    const { sessionId, queues } = session;
    // Also after a registration that failed: it may have written entries.
    const before = this.#open.get(sessionId) ?? this.#ended.get(sessionId);
    this.#ended.delete(sessionId);
    const stream: Stream = {
      session,
      // Of an earlier stream of the session it would say nothing.
      quiet: before?.session === session && before.quiet,
      writtenAtMs: performance.now(),
      storedUntilMs: before?.storedUntilMs,
      holdsLeases: false,
      queues: new Set(queues.filter((queue) => before?.queues.has(queue))),
      written: new Set(),
      missing: new Set(),
      writing: undefined,
      unanswered: 0,
    };
    this.#add(stream);
    await storeIsUsable;
    await this.writeSignOfLife();
    await this.#write(stream);
  }

  /** Writes the open streams of a queue that was created after they opened. */
  async registerWorkers(queue: string): Promise<void> {
    const writes = [...this.#byQueue.of(queue)]
      .filter(({ written }) => !written.has(queue))
      .map((stream) => this.#writeMissing(stream, queue));
    await Promise.all(writes);
  }

  /** The open stream of a session takes no further messages, or takes them again. `tend` repeats the write if it fails. */
  async showQuiet(
    sessionId: string,
    quiet: boolean,
    enter: () => Promise<void> | undefined,
  ): Promise<void> {
    const stream = this.#open.get(sessionId);
    if (stream === undefined) return;
    stream.quiet = quiet;
    stream.writtenAtMs = Number.NEGATIVE_INFINITY;
    await enter();
    await this.#write(stream);
  }

  /** Replaces the open stream of the session, if there is one. */
  #add(stream: Stream): void {
    const { sessionId, queues } = stream.session;
    this.#drop(sessionId);
    this.#open.set(sessionId, stream);
    for (const queue of queues) this.#byQueue.add(queue, stream);
  }

  /** Returns the stream that was open; undefined: none was. */
  #drop(sessionId: string): Stream | undefined {
    const stream = this.#open.get(sessionId);
    if (stream === undefined) return undefined;
    this.#open.delete(sessionId);
    for (const queue of stream.session.queues) this.#byQueue.delete(queue, stream);
    return stream;
  }

  /** Queues that are created while entries of the stream are written go together after that. */
  #writeMissing(stream: Stream, queue: string): Promise<void> {
    stream.missing.add(queue);
    stream.writing ??= this.#writeAllMissing(stream).finally(() => {
      stream.writing = undefined;
    });
    return stream.writing;
  }

  async #writeAllMissing(stream: Stream): Promise<void> {
    while (stream.missing.size > 0) {
      const queues = [...stream.missing];
      stream.missing.clear();
      await this.#write(stream, queues);
    }
  }

  /** After a failover, or a restart without data, the store may lack the entries: they are written again. */
  rewriteAll(): void {
    for (const open of this.#open.values()) {
      open.writtenAtMs = Number.NEGATIVE_INFINITY;
      open.written.clear();
    }
  }

  /** The stream of a session has ended, whether or not the store can be written now. */
  end(session: SessionRecord, holdsLeases: boolean): void {
    const stream = this.#drop(session.sessionId);
    // A stream that was never written, as in an outage, has no entries to remove.
    if (stream === undefined || stream.queues.size === 0) return;
    stream.holdsLeases = holdsLeases;
    this.#ended.set(session.sessionId, stream);
  }

  /** After `end`. Removes only what this node has written: the session may have a new stream on another one. */
  async unregister(session: SessionRecord): Promise<void> {
    const stream = this.#ended.get(session.sessionId);
    if (stream !== undefined) await this.#remove(stream);
  }

  async #remove(stream: Stream): Promise<void> {
    const { session, queues, storedUntilMs, holdsLeases } = stream;
    const field = sessionBytes(session);
    const key = globalKeys(this.#prefix).session(session.sessionId);
    await this.#connection.command(async (redis) => {
      const isWritten = stream.unanswered === 0;
      const removing = redis.pipeline();
      // Leases of the ended stream may last from now.
      if (holdsLeases) removing.pexpire(key, SESSION_KEPT_MS);
      else if (storedUntilMs !== undefined) removing.eval(REMOVE_SESSION, 1, key, storedUntilMs);
      for (const queue of queues) {
        const keys = keysOfStream(this.#prefix, queue, field);
        removing.eval(REMOVE_OWN, 3, ...keys, field, `${this.#nodeId}\n`, SESSION_KEPT_MS);
      }
      throwErrorOf((await removing.exec())?.filter((result) => !isOfWrongType(result)));
      // Otherwise the next sign of life removes what the last write has written.
      if (isWritten && this.#ended.get(session.sessionId) === stream) {
        this.#ended.delete(session.sessionId);
      }
    });
  }

  async queuesOf(sessionId: string): Promise<string[] | undefined> {
    if (parseMessageId(sessionId) === undefined) return undefined;
    const { session: keyOf } = globalKeys(this.#prefix);
    const text = await this.#connection.command((redis) => redis.get(keyOf(sessionId)));
    return text === null ? undefined : text.split(" ");
  }

  /** Writes the entries of open streams again when they are old, and removes those of ended ones and of dead nodes. */
  async tend(): Promise<void> {
    const now = performance.now();
    for (const open of this.#open.values()) {
      if (now - open.writtenAtMs < REWRITE_MS) continue;
      open.writtenAtMs = now;
      await this.#write(open).catch((error) => {
        open.writtenAtMs = Number.NEGATIVE_INFINITY;
        throw error;
      });
    }
    for (const stream of this.#ended.values()) await this.#remove(stream);
    for (const node of this.#dead) await forgetNode(this.#connection, this.#prefix, node);
    this.#dead = [];
  }

  /** Writes a sign of life of this node, so that its workers count. */
  async writeSignOfLife(): Promise<void> {
    const { nodes } = globalKeys(this.#prefix);
    const [isNew, dead] = (await this.#connection.command((redis) =>
      redis.eval(SIGN_OF_LIFE, 1, nodes, this.#nodeId, NODE_KEPT_MS),
    )) as [number, string[]];
    // Another node has taken this one for dead.
    if (isNew === 1) this.rewriteAll();
    this.#dead = dead;
  }

  /** The nodes with a recent sign of life. */
  async aliveNodes(): Promise<Set<string>> {
    const { nodes } = globalKeys(this.#prefix);
    return this.#connection.command(async (redis) => {
      const nowMs = await storeNowMs(redis);
      return new Set(await redis.zrangebyscore(nodes, nowMs - NODE_SILENCE_MS, "+inf"));
    });
  }

  async othersAlive(): Promise<string[]> {
    return [...(await this.aliveNodes())].filter((node) => node !== this.#nodeId);
  }

  /** Writes entries in the queues that exist: names come from users, who may invent them. */
  async #write(stream: Stream, names = stream.session.queues): Promise<void> {
    const { session } = stream;
    const { session: keyOf, workerQueues } = globalKeys(this.#prefix);
    const existing = await this.#queues.existingOf(names);
    // It may have ended by now, or have been replaced.
    if (existing.size === 0 || this.#open.get(session.sessionId) !== stream) return;
    await this.#connection.command(async (redis) => {
      for (const queue of existing) stream.queues.add(queue);
      stream.unanswered++;
      try {
        // It may still have leases in queues that it had before.
        const before = (await redis.get(keyOf(session.sessionId)))?.split(" ") ?? [];
        const queues = [...new Set([...existing, ...before])].slice(0, QUEUES_KEPT).join(" ");
        const pipeline = redis.pipeline();
        pipeline.eval(WRITE_SESSION, 1, keyOf(session.sessionId), queues, SESSION_KEPT_MS);
        // Before the entries: a dead node has none in other queues.
        writeWhenFull(pipeline, "SADD", workerQueues(this.#nodeId), ...existing);
        // Built at last: what changes later is written later.
        const entry = workerEntry(this.#nodeId, session, stream.quiet);
        for (const queue of existing) {
          writeWhenFull(
            pipeline,
            "HSET",
            workersKey(this.#prefix, queue),
            sessionBytes(session),
            entry,
          );
        }
        const [key, list, ...entries] = (await pipeline.exec()) ?? [];
        throwErrorOf([key, list]);
        stream.storedUntilMs = Number(key?.[1]);
        throwErrorOf(entries.filter((result) => !isOfWrongType(result)));
        [...existing].forEach((queue, at) => {
          if (entries[at]?.[0] === null) stream.written.add(queue);
        });
      } finally {
        stream.unanswered--;
      }
    });
  }

  /** At an orderly end: removes what is left of this node. */
  leave(): Promise<void> {
    return forgetNode(this.#connection, this.#prefix, this.#nodeId);
  }
}
