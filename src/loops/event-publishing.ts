import type { EventMaker } from "../app/events/event-maker.ts";
import type { EventPublisher } from "../app/events/event-publisher.ts";
import { PublishPage } from "../app/events/publish-page.ts";
import type { EventObserver } from "../app/observer.ts";
import type { EventType } from "../core/event.ts";
import { Turns } from "../core/turns.ts";
import type { OutboxItem, OutboxPosition, SharedReader, Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";
import { PublishTries, sleep } from "./publish-tries.ts";

export interface EventPublishingParts {
  store: Pick<Store, "outbox" | "queuesIn" | "partitions">;
  reader: SharedReader;
  maker: Pick<EventMaker, "eventsOf">;
  publisher: EventPublisher;
  /** Events that are published. */
  types: ReadonlySet<EventType>;
  /** What the outboxes of all partitions together may keep while nothing can be published. */
  backlogBytes: number;
  observer: EventObserver;
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void };
  /** The wall clock of this server. */
  now(): number;
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
/** Another server has the partition. */
const TAKEN_PAUSE_MS = 1_000;
interface Partition {
  /** Behind what was published. */
  position: OutboxPosition | undefined;
  /** Whether no other server publishes it now. */
  isTaken: boolean;
  isRunning: boolean;
  /** Whether there may be something to publish. */
  hasChanged: boolean;
  /** Whether it waits for a timer. */
  isWaiting: boolean;
  /** Whether the position is stored. */
  isStored: boolean;
  /** When something was last published. */
  changedAtMs: number;
}

/**
 * Publishes the events of all partitions, each by one server at a time: in order within a queue, at least once each. What cannot be
 * published waits in the outbox.
 */
export class EventPublishing {
  readonly #parts: EventPublishingParts;
  readonly #partitions = new Map<number, Partition>();
  readonly #turns = new Turns(AT_ONCE);
  readonly #running = new Set<Promise<void>>();
  #unfollow = () => {};
  #loops: Loop[] = [];
  readonly #stopping = new AbortController();
  readonly #tries: PublishTries;

  constructor(parts: EventPublishingParts) {
    this.#parts = parts;
    this.#tries = new PublishTries(parts.log);
  }

  /**
   * Stores where reading begins: what happens after it resolves will be published. If the store does not answer, it resolves
   * anyway, and reading begins at this time, less a minute.
   */
  async start(): Promise<void> {
    const { reader, now, backlogBytes, store } = this.#parts;
    const startedAtMs = now();
    const keepBytes = backlogBytes / store.partitions;
    const begun = reader.begin(keepBytes).then(
      () => true,
      () => false,
    );
    let hasBegun = await begun;
    const assign = async () => {
      // What has happened meanwhile is published, too.
      if (!hasBegun) await reader.begin(keepBytes, startedAtMs - CLOCK_SKEW_MS);
      hasBegun = true;
      await this.#assign();
    };
    const pauseMs = () => (hasBegun ? ASSIGN_MS : STORE_PAUSE_MS);
    this.#loops = [startLoop(pauseMs, assign), startLoop(STORE_MS, () => this.#store())];
  }

  /** Resolves when what was being published is, or after a failure of it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unfollow();
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await Promise.all(this.#running);
    await this.#store().catch(() => {});
    const taken = [...this.#partitions].flatMap(([partition, { isTaken }]) =>
      isTaken ? [partition] : [],
    );
    await this.#parts.reader.leave(taken).catch(() => {});
  }

  /** How long the oldest failure lasts, in milliseconds; 0: publishing works. */
  get failingMs(): number {
    return this.#tries.failingMs;
  }

  /** Partitions that have something to publish. */
  get waiting(): number {
    return [...this.#partitions.values()].filter((one) => one.hasChanged || one.isRunning).length;
  }

  async #assign(): Promise<void> {
    const assigned = await this.#parts.reader.assigned();
    const gone = [...this.#partitions.keys()].filter((partition) => !assigned.has(partition));
    const fresh = [...assigned].filter((partition) => !this.#partitions.has(partition));
    if (gone.length === 0 && fresh.length === 0) return;
    for (const partition of gone) {
      const one = this.#partitions.get(partition);
      this.#partitions.delete(partition);
      // Otherwise at the end of what runs.
      if (one?.isRunning === false) await this.#drop(partition, one);
    }
    const stored = await this.#parts.reader.positions(fresh);
    fresh.forEach((partition, at) => {
      this.#partitions.set(partition, {
        ...{ position: stored[at], isTaken: false, isRunning: false, hasChanged: false },
        ...{ isWaiting: false, isStored: true, changedAtMs: performance.now() },
      });
    });
    this.#unfollow();
    this.#unfollow = this.#parts.store.outbox.follow([...assigned], (one) => this.#wake(one));
    for (const partition of fresh) this.#wake(partition);
  }

  /** Another server publishes it from now on. */
  async #drop(partition: number, one: Partition): Promise<void> {
    const { isTaken, position } = one;
    if (!isTaken || position === undefined) return;
    one.isTaken = false;
    const { reader } = this.#parts;
    await reader.store(new Map([[partition, position]]), 0).catch(() => {});
    // Otherwise it is free after some seconds.
    await reader.giveBack([partition]).catch(() => {});
  }

  #wake(partition: number): void {
    const one = this.#partitions.get(partition);
    if (one === undefined || this.#isStopped) return;
    one.hasChanged = true;
    if (one.isRunning || one.isWaiting) return;
    one.isRunning = true;
    const run = this.#turns
      .run(() => this.#run(partition, one))
      .catch(() => this.#later(STORE_PAUSE_MS, partition, one))
      .finally(() => {
        one.isRunning = false;
        this.#running.delete(run);
        if (this.#partitions.get(partition) !== one) void this.#drop(partition, one);
        else if (one.hasChanged) this.#wake(partition);
      });
    this.#running.add(run);
  }

  /** Tries again after a time. */
  #later(ms: number, partition: number, one: Partition): void {
    one.isWaiting = true;
    void sleep(ms, this.#stopping.signal).then(() => {
      one.isWaiting = false;
      if (this.#partitions.get(partition) === one) this.#wake(partition);
    });
  }

  async #run(partition: number, one: Partition): Promise<void> {
    const { outbox } = this.#parts.store;
    while (one.hasChanged && this.#mayRun(partition, one)) {
      one.hasChanged = false;
      const [page] = await outbox.read(new Map([[partition, one.position]]));
      if (page === undefined || (page.items.length === 0 && !page.hasMore)) continue;
      one.hasChanged = true;
      if (!one.isTaken) {
        // What it has read may have been published by another server.
        one.position = await this.#parts.reader.take(partition);
        if (one.position === undefined) return this.#later(TAKEN_PAUSE_MS, partition, one);
        one.isTaken = true;
        continue;
      }
      if (!(await this.#publish(page.items, () => this.#mayRun(partition, one)))) return;
      one.position = page.position;
      one.isStored = false;
      one.changedAtMs = performance.now();
    }
  }

  #mayRun(partition: number, one: Partition): boolean {
    return !this.#isStopped && this.#partitions.get(partition) === one;
  }

  /** Tries until all is published. Returns whether it is: false if it may not go on. */
  async #publish(items: readonly OutboxItem[], mayGoOn: () => boolean): Promise<boolean> {
    const { maker, publisher, types, observer, store, now } = this.#parts;
    const queuesIn = async (partition: number) => (await store.queuesIn([partition]))[0] ?? [];
    const page = new PublishPage({ maker, publisher, types, queuesIn, now }, items);
    while (mayGoOn()) {
      await this.#tries.untilNext(this.#stopping.signal);
      try {
        await store.outbox.confirm();
        await page.run();
        this.#tries.worked();
        observer.eventsPublished(page.published);
        for (const item of items) this.#countGap(item);
        return true;
      } catch (error) {
        observer.eventPublishFailed();
        this.#tries.failed(error as Error);
      }
    }
    return false;
  }

  #countGap(item: OutboxItem): void {
    const { observer, log } = this.#parts;
    if ("missed" in item) {
      observer.eventsMissed(item.missed);
      log.warn({ count: item.missed }, "events were removed before they were published");
    } else if ("undone" in item) {
      observer.eventsMissed(item.undone);
      log.warn({ count: item.undone }, "the store has lost changes whose events were published");
    }
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Stores positions, keeps what is taken, and gives back what has been idle. */
  async #store(): Promise<void> {
    if (this.#tries.failingMs > 0) await this.#takeChanged();
    const taken = [...this.#partitions].filter(([, { isTaken }]) => isTaken);
    const nowMs = performance.now();
    const isIdle = (one: Partition) => !one.hasChanged && nowMs - one.changedAtMs > IDLE_MS;
    const stored = taken.filter(([, one]) => one.isRunning || !one.isStored || isIdle(one));
    const positions = new Map(
      stored.flatMap(([partition, { position }]) =>
        position === undefined ? [] : [[partition, position] as const],
      ),
    );
    if (positions.size === 0) return;
    const lost = await this.#parts.reader.store(positions, this.#keepBytes());
    for (const [partition, one] of stored) {
      if (lost.has(partition)) one.isTaken = false;
      else one.isStored = one.position === positions.get(partition);
    }
    const idle = stored.filter(([, one]) => one.isTaken && !one.isRunning && isIdle(one));
    if (idle.length === 0) return;
    for (const [, one] of idle) one.isTaken = false;
    await this.#parts.reader.giveBack(idle.map(([partition]) => partition));
  }

  /** While nothing can be published, only few partitions have a turn; the outboxes of the others must be kept, too. */
  async #takeChanged(): Promise<void> {
    for (const [partition, one] of this.#partitions) {
      if (!one.hasChanged || one.isTaken || one.isWaiting) continue;
      const position = await this.#parts.reader.take(partition);
      if (position === undefined || one.isTaken) continue;
      [one.position, one.isTaken, one.isStored] = [position, true, false];
    }
  }

  /** This server's part of the bytes, shared by the partitions that have something to publish. */
  #keepBytes(): number {
    const share = this.#partitions.size / this.#parts.store.partitions;
    return (this.#parts.backlogBytes * share) / Math.max(1, this.waiting);
  }
}
