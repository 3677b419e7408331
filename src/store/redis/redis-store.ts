import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type DeliverySettings, NO_DELIVERY_SETTINGS } from "../../core/delivery-settings.ts";
import type {
  ClaimedSession,
  MessageReads,
  RouteItem,
  SendItem,
  SendSettings,
  SessionRecord,
  Store,
  TickRequest,
} from "../contract.ts";
import { RedisBatchJobs } from "./batch-jobs.ts";
import { Bodies } from "./bodies.ts";
import { Capacity } from "./capacity.ts";
import { Connection } from "./connection.ts";
import type { StoreContext } from "./context.ts";
import { RedisDeletedMessages } from "./deleted-messages.ts";
import { RedisDeliveryBlocks } from "./delivery-blocks.ts";
import { packDeliverySettings } from "./delivery-settings.ts";
import { describeStore } from "./describe.ts";
import { GroupDescriptions } from "./group-descriptions.ts";
import { RedisGroups } from "./groups.ts";
import { RedisHints } from "./hints.ts";
import { KnownQueues } from "./known-queues.ts";
import { createMessageReads } from "./message-reads.ts";
import { RedisMessages } from "./messages.ts";
import { RedisMoves } from "./moves.ts";
import { Opening } from "./opening.ts";
import { RedisOutbox } from "./outbox.ts";
import { PARTITIONS } from "./partitions.ts";
import { RedisQueueDeletion } from "./queue-deletion.ts";
import { QueueReads } from "./queue-reads.ts";
import { RedisQuietSessions } from "./quiet-sessions.ts";
import { createDeploymentRecords, createQueueRecords, type RedisRecords } from "./records.ts";
import { RedisHistory } from "./redis-history.ts";
import type { RedisStoreOptions } from "./redis-store-options.ts";
import { createReplication, type Replication } from "./replication.ts";
import { createScriptRunner } from "./script-runner.ts";
import { Sends } from "./sends.ts";
import { checkServer } from "./server-check.ts";
import { Sessions } from "./sessions.ts";
import { SharedLifeClock } from "./shared-life-clock.ts";
import { LAYOUT, type StoreRefused } from "./storage-version.ts";
import { LayoutGuard } from "./storage-version-guard.ts";
import { StoreId } from "./store-id.ts";
import { runBreakLease } from "./verbs/break-lease.ts";
import { runExtend } from "./verbs/leases.ts";
import { runExamine, runSettle } from "./verbs/settle.ts";
import { runAbandon, runTick } from "./verbs/tick.ts";
import { RedisWakeUps } from "./wake-ups.ts";

export type { RedisStoreOptions } from "./redis-store-options.ts";

/** The longest wait for the store at an orderly end. */
const LEAVE_MS = 300;

/** The store on Redis: each verb is one script on one queue, unless its comment says otherwise. */
export class RedisStore implements Store {
  readonly hints: RedisHints;
  readonly messages: RedisMessages;
  readonly messageReads: MessageReads;
  readonly wakeUps: RedisWakeUps;
  readonly deliveryBlocks: RedisDeliveryBlocks;
  readonly configs: RedisRecords;
  readonly deployment: RedisRecords;
  readonly moves: RedisMoves;
  readonly groups: RedisGroups;
  readonly capacity: Capacity;
  readonly outbox: RedisOutbox;
  readonly describe: Store["describe"];
  readonly deletion: RedisQueueDeletion;
  readonly jobs: RedisBatchJobs;
  readonly deleted: RedisDeletedMessages;
  readonly quietSessions: RedisQuietSessions;
  readonly partitions = PARTITIONS;
  readonly #options: RedisStoreOptions;
  readonly #connection: Connection;
  readonly #sessions: Sessions;
  readonly #queues: KnownQueues;
  readonly #layout: LayoutGuard;
  readonly #history: RedisHistory;
  readonly #id: StoreId;
  readonly #opening: Opening;
  readonly #sends: Sends;
  readonly #context: StoreContext;
  readonly #replication: Replication | undefined;
  readonly #lifeClock: SharedLifeClock;
  readonly #queueReads: QueueReads;
  /** Names this process: a node may restart under its old name and count its claims from 1 again. */
  readonly #claimer = randomUUID();
  #deliverySettingsOf: (queue: string) => DeliverySettings;
  /** A running server goes on with a warning, where its start is refused. */
  #hasOpened = false;

  constructor(options: RedisStoreOptions) {
    const { prefix, nodeId, outboxMaxBytes, timeoutMs } = options;
    this.#options = options;
    this.#deliverySettingsOf = options.deliverySettingsOf ?? (() => NO_DELIVERY_SETTINGS);
    const connection = new Connection(options);
    this.#connection = connection;
    this.capacity = new Capacity(connection, options);
    this.#layout = new LayoutGuard({
      connection,
      prefix,
      nodeId,
      layout: options.layout ?? LAYOUT,
      writeSignOfLife: () => this.#sessions.writeSignOfLife(),
      othersAlive: () => this.#sessions.othersAlive(),
      onUpgrade: options.onUpgrade,
    });
    this.#history = new RedisHistory({ connection, prefix, nodeId });
    this.#id = new StoreId(connection, prefix);
    const writeLayout = () => this.#layout.write();
    const max = options.maxQueues;
    const mayCreate = options.mayCreate ?? (() => true);
    this.#queues = new KnownQueues({ connection, prefix, timeoutMs, max, mayCreate, writeLayout });
    this.#sessions = new Sessions({ connection, queues: this.#queues, prefix, nodeId });
    const enter = () => this.#opening.enter();
    this.quietSessions = new RedisQuietSessions({
      connection,
      prefix,
      sessions: this.#sessions,
      enter,
    });
    const records = { connection, prefix, most: max, enter, writeLayout };
    const historyChangedAtMs = () => this.#history.changedAtMs;
    this.configs = createQueueRecords({ ...options, ...records, historyChangedAtMs });
    this.deployment = createDeploymentRecords(records);
    const now = options.now ?? (() => performance.now());
    const onError = (error: Error) => options.onError?.(error);
    this.#lifeClock = new SharedLifeClock({
      ...{ ...options, connection, now },
      onStep: (ms) => options.onClockStep?.(ms),
    });
    this.#opening = new Opening({
      connection,
      check: () => this.#check(),
      confirm: () =>
        Promise.all([this.#layout.confirm(), this.#history.confirm(), this.#id.read()]),
      onError,
      now,
    });
    this.#replication = createReplication(options, connection);
    const runner = { connection, prefix, enter, timeoutMs };
    const run = createScriptRunner(runner);
    const reads = { ...runner, run, queues: this.#queues, sessions: this.#sessions };
    this.#queueReads = new QueueReads(reads);
    this.describe = () => describeStore({ ...reads, nodeId });
    this.groups = new RedisGroups({ ...runner, now, historyChangedAtMs });
    this.wakeUps = new RedisWakeUps({ ...runner, run, nodeId, onError });
    const onNew = (partition: number) => void this.groups.trim(partition).catch(onError);
    const context: StoreContext = {
      run,
      bodies: new Bodies(options.compressMinBytes),
      groupDescriptions: new GroupDescriptions({ now, historyChangedAtMs, onNew }),
      outboxMaxBytes,
      deliverySettingsOf: (queue) => packDeliverySettings(this.#deliverySettingsOf(queue)),
      historyChangedAtMs,
      replication: this.#replication,
    };
    this.#context = context;
    this.#sends = new Sends(context);
    this.messages = new RedisMessages({ ...context, capacity: this.capacity });
    this.messageReads = createMessageReads(context, this.groups.numbers);
    const admit = (queue: string) => this.#admit(queue);
    this.moves = new RedisMoves({ ...context, capacity: this.capacity, admit });
    this.deliveryBlocks = new RedisDeliveryBlocks(context);
    this.deletion = new RedisQueueDeletion(context, this.groups);
    const { capacity } = this;
    this.jobs = new RedisBatchJobs({ ...context, connection, prefix, enter, capacity });
    this.deleted = new RedisDeletedMessages({ ...context, connection, prefix, capacity });
    this.outbox = new RedisOutbox({ ...options, ...context, connection, enter, id: this.#id });
    this.hints = new RedisHints({ ...options, publisher: connection.redis });
    this.hints.onConfig((queue) => this.#queues.forget(queue));
  }

  /**
   * Checks the store; nothing is read or written before. Also happens by itself at each connection. Returns warnings;
   * rejects with StoreRefused.
   */
  open(): Promise<string[]> {
    return this.#opening.open();
  }

  /** Connected and checked. */
  get ready(): boolean {
    return this.#opening.usable;
  }

  /** For people: why the store is not ready, and what to do. */
  get problem(): string {
    return (
      this.#connection.problem ?? "the data is being checked or upgraded; see the log if this lasts"
    );
  }

  /** Calls the listener whenever the store becomes usable, with warnings. */
  onReady(listener: (warnings: readonly string[]) => void): void {
    this.#opening.onReady(listener);
  }

  onLost(listener: () => void): void {
    this.#opening.onLost(listener);
  }

  /** Calls the listener if the data is not for this version: it is not used from then on. */
  onRefused(listener: (error: StoreRefused) => void): void {
    this.#opening.onRefused(listener);
  }

  async close(): Promise<void> {
    this.capacity.stop();
    if (this.#connection.ready) await this.#leave();
    const parts = [this.hints, this.outbox, this.#connection, this.#replication];
    await Promise.all(parts.map((part) => part?.close()));
  }

  async send(queue: string, items: readonly SendItem[], settings: SendSettings) {
    this.capacity.requireRoom();
    await this.#admit(queue);
    return this.#sends.send(queue, items, settings);
  }

  route(queue: string, items: readonly RouteItem[]) {
    return this.#sends.route(queue, items);
  }

  tick(queue: string, request: TickRequest) {
    const { expiryGraceMs: graceMs } = this.#options;
    const setup = { claimer: this.#claimer, graceMs, lifeClock: this.#lifeClock.clock };
    return runTick(this.#context, queue, request, setup);
  }

  abandon(queue: string, claimNumber: number, sessions: readonly ClaimedSession[]) {
    return runAbandon(this.#context, queue, claimNumber, sessions, this.#claimer);
  }

  examine(...[queue, request, tokens, withEnvelopes]: Parameters<Store["examine"]>) {
    const { run, bodies } = this.#context;
    return runExamine(run, queue, request, tokens, withEnvelopes ? bodies : undefined);
  }

  readonly settle: Store["settle"] = (...outcomes) => runSettle(this.#context, ...outcomes);
  readonly extend: Store["extend"] = (...items) => runExtend(this.#context.run, ...items);
  readonly breakLease: Store["breakLease"] = (...lease) => runBreakLease(this.#context, ...lease);
  readonly leases: Store["leases"] = (...session) => this.#queueReads.leases(...session);
  readonly stats: Store["stats"] = (queues) => this.#queueReads.stats(queues);
  readonly statsOrErrors: Store["statsOrErrors"] = (queues) =>
    this.#queueReads.statsOrErrors(queues);
  readonly workers: Store["workers"] = (queue) => this.#queueReads.workers(queue);
  readonly sizes: Store["sizes"] = (queues) => this.#queueReads.sizes(queues);
  readonly queues: Store["queues"] = (after, most) =>
    this.#opening.whenOpen(() => this.#queues.page(after, most));
  readonly queuesIn: Store["queuesIn"] = (partitions) =>
    this.#opening.whenOpen(() => this.#queues.of(partitions));
  readonly hasQueue: Store["hasQueue"] = (queue) =>
    this.#opening.whenOpen(() => this.#queues.has(queue));
  readonly existingOf: Store["existingOf"] = (queues) =>
    this.#opening.whenOpen(() => this.#queues.existingOf(queues));
  readonly registerWorkers: Store["registerWorkers"] = (queue) =>
    this.#opening.whenOpen(() => this.#sessions.registerWorkers(queue));
  readonly sessionQueues: Store["sessionQueues"] = (sessionId) =>
    this.#opening.whenOpen(() => this.#sessions.queuesOf(sessionId));

  async registerSession(session: SessionRecord): Promise<void> {
    // At once: the stream may end before the store answers.
    return this.#sessions.register(session, this.#opening.enter());
  }

  async unregisterSession(session: SessionRecord, holdsLeases: boolean): Promise<void> {
    this.#sessions.end(session, holdsLeases);
    await this.#opening.enter();
    return this.#sessions.unregister(session);
  }

  async signOfLife(): Promise<void> {
    await this.#opening.confirm();
    this.wakeUps.setServers(await this.#sessions.aliveNodes());
    await Promise.all([this.#sessions.tend(), this.#lifeClock.share()]);
  }

  async #check(): Promise<string[]> {
    const { prefix, allowEviction = false, allowCluster = false } = this.#options;
    const check = { prefix, allowEviction: allowEviction || this.#hasOpened, allowCluster };
    const warnings = await checkServer(this.#connection, check);
    warnings.push(...(await this.#layout.open()));
    await this.#history.open(() => this.#sessions.writeSignOfLife());
    await this.#id.read();
    await this.#lifeClock.share();
    await this.capacity.check(true);
    this.capacity.start();
    // Another Redis may answer now than before: what this process remembers of it may be wrong.
    this.#queues.forgetAll();
    this.#sessions.rewriteAll();
    // Before any delivery: a paused queue must stay paused.
    await Promise.all([this.configs.reload(), this.deployment.reload()]);
    this.#hasOpened = true;
    return warnings;
  }

  async #admit(queue: string): Promise<void> {
    await this.#opening.enter();
    await this.#queues.admit(queue);
  }

  /** Sets where the delivery settings of queues come from. */
  useDeliverySettings(deliverySettingsOf: (queue: string) => DeliverySettings): void {
    this.#deliverySettingsOf = deliverySettingsOf;
  }

  /** If this fails, other nodes find out by the silence of this one. */
  async #leave(): Promise<void> {
    const late = sleep(LEAVE_MS, undefined, { ref: false });
    const left = Promise.all([this.#history.leave(this.ready), this.#sessions.leave()]);
    await Promise.race([left.catch(() => {}), late]);
  }
}
