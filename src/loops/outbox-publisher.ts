import { setTimeout as sleep } from "node:timers/promises";
import type { EventObserver } from "../app/observer.ts";
import { Turns } from "../core/turns.ts";
import type { SharedReader, Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";
import { MissedChanges } from "./missed-changes.ts";
import { PartitionPublisher, type PartitionPublisherParts } from "./partition-publisher.ts";
import { PublishFailures } from "./publish-failures.ts";
import { isOutage } from "./report.ts";

export interface OutboxPublisherParts
  extends Pick<PartitionPublisherParts, "maker" | "publisher" | "types" | "now"> {
  observer: EventObserver;
  store: Pick<Store, "outbox" | "queuesIn" | "partitions">;
  reader: SharedReader;
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void };
  /** What the outboxes of all partitions together may keep now for events that cannot be published. */
  backlogBytes(): number;
}

/** Partitions that publish at once: each holds a page. */
const AT_ONCE = 32;
const ASSIGN_MS = 3_000;
/** The clocks of this server and the store may differ by so much. */
const CLOCK_SKEW_MS = 60_000;
/** How often positions are stored. */
const STORE_MS = 1_000;
/** A partition without new changes for so long is given back. */
const IDLE_MS = 5_000;
/** The store does not answer. */
const STORE_PAUSE_MS = 250;
/** Between two tries to announce what is undone in a partition of another server. */
const ANNOUNCE_MS = 1_000;

/**
 * Publishes the events of all partitions, each by one server at a time: in order within a queue, at least once each. What cannot be
 * published waits in the outbox.
 */
export class OutboxPublisher {
  readonly #parts: OutboxPublisherParts;
  readonly #partitionParts: PartitionPublisherParts;
  readonly #failures: PublishFailures;
  /** What was removed before it was published. */
  readonly missed: MissedChanges;
  readonly #partitions = new Map<number, PartitionPublisher>();
  /** Those that run, or wait for their turn or for a time. */
  readonly #busy = new Set<PartitionPublisher>();
  readonly #turns = new Turns(AT_ONCE);
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  /** Why a step of a loop fails. */
  readonly #stepErrors = new Map<() => Promise<void>, Error>();
  #unfollow = () => {};
  #loops: Loop[] = [];

  constructor(parts: OutboxPublisherParts) {
    this.#parts = parts;
    const { store, observer, log, now } = parts;
    const queuesIn = async (partition: number) => (await store.queuesIn([partition]))[0] ?? [];
    this.missed = new MissedChanges({ observer, log, now, queuesIn });
    this.#failures = new PublishFailures({
      log,
      waitingPartitions: () => this.#waiting().map(({ partition }) => partition),
      missed: () => this.missed.count,
      logMissed: () => this.missed.logMissed(),
    });
    this.#partitionParts = {
      ...{ ...parts, outbox: store.outbox, failures: this.#failures, missed: this.missed },
      queuesIn,
    };
  }

  /**
   * Stores where reading begins: what happens after it resolves will be published. If the store does not answer, it resolves
   * anyway, and reading begins at this time, less a minute.
   */
  async start(): Promise<void> {
    const { reader, now, backlogBytes, store } = this.#parts;
    const startedAtMs = now();
    const keepBytes = backlogBytes() / store.partitions;
    let hasBegun = await reader.begin(keepBytes).then(
      () => true,
      () => false,
    );
    const assign = async () => {
      // What has happened meanwhile is published, too.
      if (!hasBegun) await reader.begin(keepBytes, startedAtMs - CLOCK_SKEW_MS);
      hasBegun = true;
      await this.#assign();
    };
    const pauseMs = () => (hasBegun ? ASSIGN_MS : STORE_PAUSE_MS);
    const storeAndLog = async () => {
      try {
        await this.#store();
      } finally {
        await this.missed.log();
      }
    };
    this.#loops = [
      startLoop(pauseMs, () => this.#noted(assign)),
      startLoop(STORE_MS, () => this.#noted(storeAndLog)),
    ];
  }

  /** Notes why a step fails, and logs it once. An outage of the store is logged elsewhere. */
  async #noted(step: () => Promise<void>): Promise<void> {
    const before = this.#stepErrors.get(step);
    try {
      await step();
      this.#stepErrors.delete(step);
    } catch (error) {
      if (isOutage(error)) return;
      this.#stepErrors.set(step, error as Error);
      const { message } = error as Error;
      if (message === before?.message) return;
      this.#parts.log.warn({ error: message }, "a step of publishing events failed; retrying");
    }
  }

  /** Resolves when what was being published is, or after a failure of it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unfollow();
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await Promise.all(this.#running);
    await this.#store().catch(() => {});
    const taken = [...this.#partitions.values()].filter(({ isTaken }) => isTaken);
    await this.#parts.reader.leave(taken.map(({ partition }) => partition)).catch(() => {});
  }

  /** How long the oldest failure lasts, in milliseconds; 0: publishing works. */
  get failingMs(): number {
    return this.#failures.failingMs;
  }

  /** Why some events cannot be published. Undefined: publishing works. */
  get error(): Error | undefined {
    return this.#failures.error ?? this.#stepErrors.values().next().value;
  }

  /** Partitions that have something to publish. */
  get waitingPartitions(): number {
    return this.#waiting().length;
  }

  /** What waits to be published, as of a second ago. `sinceMs`: when the oldest change happened; undefined: nothing waits. */
  get backlog(): { readonly bytes: number; readonly sinceMs: number | undefined } {
    const known = this.#waiting().flatMap((one) => one.backlog ?? []);
    const bytes = known.reduce((sum, one) => sum + one.bytes, 0);
    const sinceMs = known.length === 0 ? undefined : Math.min(...known.map((one) => one.sinceMs));
    return { bytes, sinceMs };
  }

  #waiting(): readonly PartitionPublisher[] {
    return [...this.#partitions.values()].filter((one) => one.hasChanged || this.#busy.has(one));
  }

  async #assign(): Promise<void> {
    const { reader, store } = this.#parts;
    const assigned = await reader.assigned();
    const gone = [...this.#partitions.values()].filter((one) => !assigned.has(one.partition));
    const fresh = [...assigned].filter((partition) => !this.#partitions.has(partition));
    if (gone.length === 0 && fresh.length === 0) return;
    for (const one of gone) {
      this.#partitions.delete(one.partition);
      // Otherwise at the end of its step.
      if (!this.#busy.has(one)) await this.#drop(one);
    }
    const stored = await reader.positions(fresh);
    for (const [at, partition] of fresh.entries()) {
      // Without a readable one, all that is kept is published: maybe twice, but nothing is lost.
      const position = stored[at] ?? (await store.outbox.oldest(partition));
      const one = new PartitionPublisher(partition, position, this.#partitionParts);
      this.#partitions.set(partition, one);
    }
    this.#unfollow();
    this.#unfollow = store.outbox.follow([...assigned], (one) => this.#wake(one));
    for (const partition of fresh) this.#wake(partition);
  }

  /** Another server publishes it from now on. */
  async #drop(one: PartitionPublisher): Promise<void> {
    const { reader } = this.#parts;
    this.#failures.dropped(one.partition);
    this.#announceUndone(one);
    if (!one.isTaken) return;
    one.isTaken = false;
    await reader.store(new Map([[one.partition, one.position]]), 0).catch(() => {});
    // Otherwise it is free after some seconds.
    await reader.giveBack([one.partition]).catch(() => {});
  }

  /** Tries until it succeeds, beside the other partitions: no other server may know what is undone. */
  #announceUndone(one: PartitionPublisher): void {
    const { signal } = this.#stopping;
    const announce = async () => {
      while (!signal.aborted) {
        const isDone = await this.#turns
          .run(() => one.announceUndone())
          .then(
            () => true,
            () => false,
          );
        if (isDone) return;
        await sleep(ANNOUNCE_MS, undefined, { signal }).catch(() => {});
      }
    };
    const announcing = announce().finally(() => this.#running.delete(announcing));
    this.#running.add(announcing);
  }

  #wake(partition: number): void {
    const one = this.#partitions.get(partition);
    if (one === undefined) return;
    one.hasChanged = true;
    if (!this.#busy.has(one)) this.#run(one);
  }

  /** Runs steps of a partition while it has something to publish. Other partitions have their turns in between. */
  #run(one: PartitionPublisher): void {
    this.#busy.add(one);
    const running = this.#runSteps(one).finally(() => {
      this.#busy.delete(one);
      this.#running.delete(running);
      if (this.#partitions.get(one.partition) !== one) void this.#drop(one);
      else if (one.hasChanged && !this.#stopping.signal.aborted) this.#run(one);
    });
    this.#running.add(running);
  }

  async #runSteps(one: PartitionPublisher): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && this.#partitions.get(one.partition) === one) {
      const pauseMs = await this.#turns
        .run(() => one.step())
        .catch(() => {
          one.hasChanged = true;
          return STORE_PAUSE_MS;
        });
      if (pauseMs === undefined) return;
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Stores positions, keeps what is taken, and gives back what has been idle. */
  async #store(): Promise<void> {
    await this.#takeWaiting();
    const nowMs = performance.now();
    const isIdle = (one: PartitionPublisher) =>
      !one.hasChanged && !this.#busy.has(one) && nowMs - one.publishedAtMs > IDLE_MS;
    const stored = [...this.#partitions.values()].filter(
      (one) => one.isTaken && (this.#busy.has(one) || !one.isStored || isIdle(one)),
    );
    if (stored.length === 0) return;
    const { reader } = this.#parts;
    const positions = new Map(stored.map(({ partition, position }) => [partition, position]));
    // Shares shrink when more partitions begin to wait.
    const backlogs = await reader.store(positions, this.#keepBytes(), this.failingMs > 0);
    for (const one of stored) {
      const [backlog, position] = [backlogs.get(one.partition), positions.get(one.partition)];
      one.isTaken = backlog !== undefined;
      if (backlog === undefined || position === undefined) continue;
      one.isStored = one.position === position;
      one.noteBacklog(position, backlog);
    }
    const idle = stored.filter((one) => one.isTaken && isIdle(one));
    if (idle.length === 0) return;
    for (const one of idle) one.isTaken = false;
    await reader.giveBack(idle.map(({ partition }) => partition));
  }

  /** Partitions that wait are taken, too, so that their outboxes are kept meanwhile. */
  async #takeWaiting(): Promise<void> {
    if (this.failingMs === 0 && this.#busy.size <= AT_ONCE) return;
    for (const one of this.#busy) {
      if (one.isTaken || this.#stopping.signal.aborted) continue;
      const from = one.position;
      const taken = await this.#parts.reader.take(one.partition, from);
      if (taken === undefined || one.isTaken || one.position !== from) continue;
      [one.isTaken, one.isStored] = [true, false];
      one.useStored(taken);
    }
  }

  /** This server's part of the bytes, shared by the partitions that have something to publish. */
  #keepBytes(): number {
    const share = this.#partitions.size / this.#parts.store.partitions;
    return (this.#parts.backlogBytes() * share) / Math.max(1, this.waitingPartitions);
  }
}
