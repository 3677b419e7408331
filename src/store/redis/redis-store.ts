import { randomUUID } from "node:crypto";
import { storeFull } from "../../core/errors.ts";
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
import { Bodies } from "./bodies.ts";
import { Capacity } from "./capacity.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { RedisHints } from "./hints.ts";
import { queueBase } from "./keys.ts";
import { KnownQueues } from "./known-queues.ts";
import { checkLayout, type LayoutError } from "./layout.ts";
import { Opening } from "./opening.ts";
import { scriptArgs } from "./scripts.ts";
import { Sends } from "./sends.ts";
import { Sessions } from "./sessions.ts";
import { runExtend, runLeases } from "./verbs/leases.ts";
import { runRetry, runRetryMatching } from "./verbs/retry.ts";
import type { RunScript } from "./verbs/run.ts";
import { runExamine, runSettle } from "./verbs/settle.ts";
import { runStats } from "./verbs/stats.ts";
import { runTick } from "./verbs/tick.ts";

export interface RedisStoreOptions extends ConnectionOptions {
  prefix: string;
  nodeId: string;
  /** Entries of a queue's journal; each packs up to 64 transitions. */
  journalMax: number;
  /** Messages with payloads of at least this size are stored compressed where it helps; 0: none. */
  compressMinBytes: number;
  /** Longest wait of lease expiry after an outage, in milliseconds. */
  expiryGraceMs: number;
  /** Queues that the deployment may have. */
  maxQueues: number;
  /** Replicas that must have a send before it is answered. Default 0: none is waited for. */
  waitReplicas?: number;
  /** Whether the disk below an embedded store is nearly full. */
  diskIsLow?: () => boolean;
}

/** The store on Redis: each verb is one script on one queue, save the few that say otherwise. */
export class RedisStore implements Store {
  readonly hints: RedisHints;
  readonly #options: RedisStoreOptions;
  readonly #connection: Connection;
  readonly #sessions: Sessions;
  readonly #capacity: Capacity;
  readonly #queues: KnownQueues;
  readonly #opening: Opening;
  readonly #sends: Sends;
  readonly #bodies: Bodies;
  /** A node may restart under its old name and count its claims from 1 again. */
  readonly #claimer = randomUUID();

  constructor(options: RedisStoreOptions) {
    const { prefix, nodeId, journalMax, waitReplicas = 0, timeoutMs } = options;
    this.#options = options;
    const connection = new Connection(options);
    this.#connection = connection;
    this.#sessions = new Sessions(connection, prefix, nodeId);
    this.#capacity = new Capacity(connection, options.diskIsLow ?? (() => false));
    this.#queues = new KnownQueues(connection, prefix, options.maxQueues);
    this.#opening = new Opening({
      connection,
      check: () => this.#check(),
      onError: (error) => options.onError?.(error),
    });
    this.#bodies = new Bodies(options.compressMinBytes);
    const bodies = this.#bodies;
    const run = this.#run;
    this.#sends = new Sends({ run, connection, journalMax, bodies, waitReplicas, timeoutMs });
    this.hints = new RedisHints({
      target: options.target,
      prefix,
      nodeId,
      publisher: connection.redis,
      ...(options.onError ? { onError: options.onError } : {}),
    });
  }

  /**
   * Checks the store, once it can be reached; nothing is read or written before. Happens by itself
   * at each connection. Returns warnings; rejects with a LayoutError.
   */
  open(): Promise<string[]> {
    return this.#opening.open();
  }

  /** Connected, and checked since. */
  get ready(): boolean {
    return this.#opening.usable;
  }

  /** Called whenever the store can be used, with what is to be said about it. */
  onReady(listener: (warnings: readonly string[]) => void): void {
    this.#opening.onReady(listener);
  }

  onLost(listener: () => void): void {
    this.#opening.onLost(listener);
  }

  /** The data there is not for this version: it is not touched, and never will be. */
  onRefused(listener: (error: LayoutError) => void): void {
    this.#opening.onRefused(listener);
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
    this.#opening.require();
    await this.#queues.add(queue);
    return this.#sends.send(queue, items, settings);
  }

  tick(queue: string, request: TickRequest) {
    return runTick(this.#run, queue, request, {
      claimer: this.#claimer,
      bodies: this.#bodies,
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

  async queues(): Promise<string[]> {
    this.#opening.require();
    return this.#queues.all();
  }

  async registerSession(session: SessionRecord): Promise<void> {
    this.#opening.require();
    return this.#sessions.register(session);
  }

  async unregisterSession(session: SessionRecord): Promise<void> {
    this.#sessions.end(session);
    this.#opening.require();
    return this.#sessions.unregister(session);
  }

  async sessionQueues(sessionId: string): Promise<string[] | undefined> {
    this.#opening.require();
    return this.#sessions.queuesOf(sessionId);
  }

  async beat(): Promise<void> {
    this.#opening.require();
    return this.#sessions.beat();
  }

  async #check(): Promise<string[]> {
    const warnings = await checkLayout(this.#connection, this.#options.prefix);
    await this.#capacity.look();
    this.#capacity.start();
    // Another Redis may answer now than before: what this process remembers of it is in doubt.
    this.#queues.doubt();
    this.#sessions.doubt();
    return warnings;
  }

  readonly #run: RunScript = async (name, queue, header, items) => {
    this.#opening.require();
    const base = queueBase(this.#options.prefix, queue);
    return this.#connection.run(name, base, scriptArgs(name, header, items));
  };
}
