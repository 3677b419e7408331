import { randomUUID } from "node:crypto";
import {
  DlqError,
  internal,
  storeFull,
  storeUnavailable,
  tooManyQueues,
} from "../../core/errors.ts";
import type { LeaseTokenParts } from "../../core/lease-token.ts";
import type { MessageFilter } from "../../core/message.ts";
import type {
  ClaimedSession,
  ExtendItem,
  SendItem,
  SendReply,
  SendSettings,
  SessionRecord,
  SettleItem,
  Store,
  TickRequest,
} from "../contract.ts";
import { Capacity } from "./capacity.ts";
import { Coalescer } from "./coalescer.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { RedisHints } from "./hints.ts";
import { globalKeys, queueBase } from "./keys.ts";
import { checkLayout, LayoutError } from "./layout.ts";
import { scriptArgs } from "./scripts.ts";
import { Sessions } from "./sessions.ts";
import { runRetry, runRetryMatching } from "./verbs/retry.ts";
import type { RunScript } from "./verbs/run.ts";
import { runSend } from "./verbs/send.ts";
import { runExamine, runExtend, runLeases, runSettle } from "./verbs/settle.ts";
import { runStats } from "./verbs/stats.ts";
import { runTick } from "./verbs/tick.ts";

export interface RedisStoreOptions extends ConnectionOptions {
  prefix: string;
  nodeId: string;
  /** Entries of a queue's journal; each packs up to 64 transitions. */
  journalMax: number;
  /** Longest wait of lease expiry after an outage, in milliseconds. */
  expiryGraceMs: number;
  /** Queues that the deployment may have. */
  maxQueues: number;
  /** Replicas that must have a send before it is answered. Default 0: none is waited for. */
  waitReplicas?: number;
  /** Whether the disk below an embedded store is nearly full. */
  diskIsLow?: () => boolean;
}

/** The sends of one queue that are under way; a batch is written under the latest settings. */
interface SendLane {
  settings: SendSettings;
  readonly coalescer: Coalescer<SendItem, SendReply>;
}

/** A check that failed, but not for good, is made again after this long. */
const REOPEN_MS = 250;

/** Items and bytes of one send script: it blocks Redis for a few milliseconds at the most. */
const SEND_ITEMS = 200;
const SEND_BYTES = 4 * 1024 * 1024;

/** The store on Redis: each verb is one script on one queue, save the few that say otherwise. */
export class RedisStore implements Store {
  readonly hints: RedisHints;
  readonly #options: RedisStoreOptions;
  readonly #connection: Connection;
  readonly #sessions: Sessions;
  readonly #capacity: Capacity;
  readonly #known = new Set<string>();
  #usable = false;
  readonly #onReady: ((warnings: readonly string[]) => void)[] = [];
  readonly #onLost: (() => void)[] = [];
  readonly #onRefused: ((error: LayoutError) => void)[] = [];
  /** A node may restart under its old name and count its claims from 1 again. */
  readonly #claimer = randomUUID();
  readonly #lanes = new Map<string, SendLane>();

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#connection = new Connection(options);
    this.#sessions = new Sessions(this.#connection, options.prefix, options.nodeId);
    this.#capacity = new Capacity(this.#connection, options.diskIsLow ?? (() => false));
    this.#connection.redis.on("ready", () => void this.#reopen());
    this.#connection.redis.on("close", () => {
      this.#usable = false;
      for (const listener of this.#onLost) listener();
    });
    this.hints = new RedisHints({
      target: options.target,
      prefix: options.prefix,
      nodeId: options.nodeId,
      publisher: this.#connection.redis,
      ...(options.onError ? { onError: options.onError } : {}),
    });
  }

  /**
   * Checks the store, once it can be reached; nothing is read or written before. Happens by itself
   * at each connection. Returns warnings; rejects with a LayoutError.
   */
  async open(): Promise<string[]> {
    const warnings = await checkLayout(this.#connection, this.#options.prefix);
    await this.#capacity.look();
    this.#capacity.start();
    // Another Redis may answer now than before: what this process remembers of it is in doubt.
    this.#known.clear();
    this.#sessions.doubt();
    this.#usable = true;
    return warnings;
  }

  /** Connected, and checked since. */
  get ready(): boolean {
    return this.#usable && this.#connection.ready;
  }

  /** Called whenever the store can be used, with what is to be said about it. */
  onReady(listener: (warnings: readonly string[]) => void): void {
    this.#onReady.push(listener);
  }

  onLost(listener: () => void): void {
    this.#onLost.push(listener);
  }

  /** The data there is not for this version: it is not touched, and never will be. */
  onRefused(listener: (error: LayoutError) => void): void {
    this.#onRefused.push(listener);
  }

  async close(): Promise<void> {
    this.#capacity.stop();
    await Promise.all([this.hints.close(), this.#connection.close()]);
  }

  async send(
    queue: string,
    items: readonly SendItem[],
    settings: SendSettings,
  ): Promise<SendReply[]> {
    const full = this.#capacity.full;
    if (full !== undefined) throw storeFull(1000, full);
    await this.#makeKnown(queue);
    const lane = this.#lanes.get(queue) ?? this.#openLane(queue, settings);
    lane.settings = settings;
    // Items may go in several scripts: what becomes of one says nothing of the others.
    const replies = await Promise.all(
      items.map((item) =>
        lane.coalescer.add(item).catch((error: unknown) => ({
          status: "failed" as const,
          error: error instanceof DlqError ? error : internal(error),
        })),
      ),
    );
    const [first] = replies;
    if (first?.status === "failed" && replies.every(({ status }) => status === "failed")) {
      throw first.error;
    }
    return replies;
  }

  tick(queue: string, request: TickRequest) {
    return runTick(this.#run, queue, request, {
      claimer: this.#claimer,
      graceMs: this.#options.expiryGraceMs,
      journalMax: this.#options.journalMax,
    });
  }

  async abandon(queue: string, claimNumber: number, sessions: readonly ClaimedSession[]) {
    await this.#run(
      "abandon",
      queue,
      {
        claim_number: claimNumber,
        journal_max: this.#options.journalMax,
        claimer: this.#claimer,
      },
      sessions.map(({ sessionId, nonce }) => ({ session: sessionId, nonce })),
    );
  }

  examine(queue: string, request: Uint8Array, tokens: readonly LeaseTokenParts[]) {
    return runExamine(this.#run, queue, request, tokens);
  }

  settle(queue: string, request: Uint8Array, items: readonly SettleItem[]) {
    return runSettle(this.#run, queue, request, items, this.#options.journalMax);
  }

  extend(queue: string, items: readonly ExtendItem[]) {
    return runExtend(this.#run, queue, items, this.#options.journalMax);
  }

  leases(queue: string, sessionId: Uint8Array) {
    return runLeases(this.#run, queue, sessionId);
  }

  retry(queue: string, request: Uint8Array, ids: readonly Uint8Array[]) {
    return runRetry(this.#run, queue, request, ids, this.#options.journalMax);
  }

  retryMatching(queue: string, request: Uint8Array, filter: MessageFilter, expectedCount: number) {
    const { journalMax } = this.#options;
    return runRetryMatching(this.#run, queue, request, filter, expectedCount, journalMax);
  }

  async stats(queues: readonly string[]) {
    const alive = await this.#sessions.aliveNodes();
    const isAlive = (nodeId: string) => alive.has(nodeId);
    return Promise.all(queues.map((queue) => runStats(this.#run, queue, isAlive)));
  }

  queues(): Promise<string[]> {
    const { queues } = globalKeys(this.#options.prefix);
    return this.#connection.command((redis) => redis.smembers(queues));
  }

  registerSession(session: SessionRecord): Promise<void> {
    return this.#sessions.register(session);
  }

  unregisterSession(session: SessionRecord): Promise<void> {
    return this.#sessions.unregister(session);
  }

  sessionQueues(sessionId: string): Promise<string[] | undefined> {
    return this.#sessions.queuesOf(sessionId);
  }

  beat(): Promise<void> {
    return this.#sessions.beat();
  }

  async #reopen(): Promise<void> {
    while (this.#connection.ready && !this.#usable) {
      try {
        const warnings = await this.open();
        for (const listener of this.#onReady) listener(warnings);
      } catch (error) {
        if (error instanceof LayoutError) {
          for (const listener of this.#onRefused) listener(error);
          return;
        }
        if (error instanceof Error) this.#options.onError?.(error);
        await new Promise<void>((resolve) => {
          setTimeout(resolve, REOPEN_MS).unref();
        });
      }
    }
  }

  /** The list of queues is written before a queue's first message: no message in an unknown queue. */
  async #makeKnown(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    const { queues } = globalKeys(this.#options.prefix);
    const { maxQueues } = this.#options;
    await this.#connection.command(async (redis) => {
      if ((await redis.sismember(queues, queue)) === 1) return;
      if ((await redis.scard(queues)) >= maxQueues) throw tooManyQueues(maxQueues);
      await redis.sadd(queues, queue);
    });
    this.#known.add(queue);
  }

  #openLane(queue: string, settings: SendSettings): SendLane {
    const { journalMax } = this.#options;
    const coalescer = new Coalescer<SendItem, SendReply>({
      run: async (items) => {
        const replies = await runSend(this.#run, queue, items, lane.settings, journalMax);
        await this.#untilReplicated();
        return replies;
      },
      maxItems: SEND_ITEMS,
      maxBytes: SEND_BYTES,
      sizeOf: (item) => item.envelope.length,
      // A thousand queues that are written once keep nothing here.
      onIdle: () => this.#lanes.delete(queue),
    });
    const lane: SendLane = { settings, coalescer };
    this.#lanes.set(queue, lane);
    return lane;
  }

  /**
   * A send that too few replicas have is stored, but a failover could lose it: the caller hears
   * UNAVAILABLE, and its next try under the same request_id waits for the replicas again.
   */
  async #untilReplicated(): Promise<void> {
    const { waitReplicas = 0, timeoutMs } = this.#options;
    if (waitReplicas === 0) return;
    const waitMs = Math.max(1, Math.floor(timeoutMs / 2));
    const have = await this.#connection.command((redis) => redis.wait(waitReplicas, waitMs));
    if (have < waitReplicas) throw storeUnavailable(waitMs);
  }

  readonly #run: RunScript = async (name, queue, header, items) => {
    if (!this.#usable) throw storeUnavailable(REOPEN_MS);
    const base = queueBase(this.#options.prefix, queue);
    return this.#connection.run(name, base, scriptArgs(name, header, items));
  };
}
