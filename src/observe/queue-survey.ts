import type { QueueFigureSource, QueueFigures } from "../app/queues/queue-figures.ts";
import type { QueueLabels, WeighedQueue } from "./queue-labels.ts";

const COUNTS = [
  "messages",
  "dueNow",
  "inFlight",
  "quarantined",
  "workers",
  "openBreakers",
  "heldKeys",
] as const;

/** Properties of a queue; a sum counts the queues that have one. */
const FLAGS = ["paused", "damaged"] as const;

/** Sums over queues. */
export interface QueueSums extends Record<(typeof COUNTS)[number], number> {
  /** Paused queues. */
  readonly paused: number;
  /** Queues whose data is damaged; the other sums are without them. */
  readonly damaged: number;
  /** Age of the oldest message of all; 0: there is none. */
  readonly oldestAgeMs: number;
}

/** As QueueSums; the oldest message by when it was created, on the clock of this process. Infinity: there is none. */
type Sums = Record<(typeof COUNTS)[number] | (typeof FLAGS)[number] | "createdAtMs", number>;

/** Queues that are read in a second: they cost Redis about 0.5 % of a core. */
const QUEUES_A_SECOND = 250;
/** The most in one step. */
const BURST = 10_000;
/** About as many names are read together. */
const NAMES_A_STEP = 128;
const PARTITIONS_A_STEP = 64;
/** After so long without a step the sums are too old to be shown. */
const FORGOTTEN_MS = 300_000;
/** How many messages these weigh. */
const QUARANTINED_WEIGHT = 10;
const BLOCKED_WEIGHT = 100;
const DAMAGED_WEIGHT = 1_000;

interface Candidate extends WeighedQueue {
  readonly partition: number;
  readonly figures: QueueFigures;
}

/**
 * Sums the figures of all queues without labels. It goes round by partition and keeps one sum each, so its memory does not grow
 * with the queues. At the end of each round the heaviest queues get labels.
 */
export class QueueSurvey {
  readonly #labels: QueueLabels;
  readonly #now: () => number;
  #source: QueueFigureSource | undefined;
  /** By partition, those that were read. */
  #sums = new Map<number, Sums>();
  #next = 0;
  #partitionsAStep = 1;
  /** The heaviest of this round. */
  #heaviest: Candidate[] = [];
  #lastStepAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  /** `now` is a monotonic clock in milliseconds. */
  constructor(labels: QueueLabels, now: () => number) {
    this.#labels = labels;
    this.#now = now;
  }

  /** Starts again, with nothing known. */
  reset(source: QueueFigureSource | undefined = this.#source): void {
    this.#source = source;
    this.#sums = new Map();
    this.#next = 0;
    this.#heaviest = [];
    this.#lastStepAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Undefined: the first round has not ended. */
  sums(): QueueSums | undefined {
    if (this.#now() - this.#lastStepAtMs > FORGOTTEN_MS) this.reset();
    if (this.#source === undefined || this.#sums.size < this.#source.partitions) return undefined;
    return shown(total(this.#sums.values()), this.#now());
  }

  /** Reads on, as many queues as the time since the last step allows. Never rejects: the next step goes on. */
  step(labelled: readonly QueueFigures[]): Promise<void> {
    this.#running ??= this.#step(labelled)
      .catch(() => {})
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #step(labelled: readonly QueueFigures[]): Promise<void> {
    const source = this.#source;
    const nowMs = this.#now();
    let left = Math.min(BURST, ((nowMs - this.#lastStepAtMs) / 1_000) * QUEUES_A_SECOND);
    this.#lastStepAtMs = nowMs;
    // At most one round.
    for (let read = 0; source !== undefined && left > 0 && read < source.partitions; ) {
      const partitions = this.#take(source.partitions - read);
      const lists = await source.namesIn(partitions);
      left -= await this.#read(source, partitions, lists);
      if (source !== this.#source) return;
      read += partitions.length;
      const last = partitions.at(-1) ?? 0;
      this.#next = (last + 1) % source.partitions;
      if (this.#next === 0) this.#endRound(labelled);
    }
  }

  /** The next partitions: of few queues each, several at once. */
  #take(most: number): number[] {
    const count = Math.min(
      this.#partitionsAStep,
      most,
      (this.#source?.partitions ?? 0) - this.#next,
    );
    return Array.from({ length: count }, (_, n) => this.#next + n);
  }

  /** Returns the number of queues. */
  async #read(
    source: QueueFigureSource,
    partitions: readonly number[],
    lists: readonly (readonly string[])[],
  ): Promise<number> {
    const others = lists.map((names) => names.filter((name) => !this.#labels.has(name)));
    const figures = await source.read(others.flat());
    if (source !== this.#source) return 0;
    let at = 0;
    partitions.forEach((partition, index) => {
      const own = figures.slice(at, at + (others[index]?.length ?? 0));
      at += own.length;
      this.#sums.set(partition, sumsOf(own, this.#now()));
      for (const one of own) this.#weigh(partition, one);
    });
    const perPartition = figures.length / Math.max(1, partitions.length);
    const fitting = Math.floor(NAMES_A_STEP / Math.max(1, perPartition));
    this.#partitionsAStep = Math.min(Math.max(1, fitting), PARTITIONS_A_STEP);
    return figures.length;
  }

  #weigh(partition: number, figures: QueueFigures): void {
    const { max } = this.#labels;
    this.#heaviest.push({ ...weighed(figures), partition, figures });
    if (this.#heaviest.length < 2 * max + NAMES_A_STEP) return;
    this.#heaviest = this.#heaviest.toSorted((a, b) => b.weight - a.weight).slice(0, max);
  }

  #endRound(labelled: readonly QueueFigures[]): void {
    const added = new Set(this.#labels.label([...labelled.map(weighed), ...this.#heaviest]));
    for (const { queue, partition, figures } of this.#heaviest) {
      const sums = this.#sums.get(partition);
      if (added.has(queue) && sums) this.#sums.set(partition, without(sums, figures));
    }
    this.#heaviest = [];
  }
}

function weighed(figures: QueueFigures): WeighedQueue {
  const { queue, messages, quarantined, openBreakers, heldKeys, damaged } = figures;
  const trouble =
    QUARANTINED_WEIGHT * quarantined +
    BLOCKED_WEIGHT * (openBreakers + heldKeys) +
    (damaged ? DAMAGED_WEIGHT : 0);
  return { queue, weight: messages + trouble };
}

function sumsOf(all: readonly QueueFigures[], nowMs: number): Sums {
  const sums = { ...NOTHING };
  for (const one of all) {
    for (const key of COUNTS) sums[key] += one[key];
    for (const key of FLAGS) if (one[key]) sums[key]++;
    const { oldestAgeMs } = one;
    if (oldestAgeMs > 0) sums.createdAtMs = Math.min(sums.createdAtMs, nowMs - oldestAgeMs);
  }
  return sums;
}

/** The sums of queues that were read just now. */
export function sumQueues(all: readonly QueueFigures[]): QueueSums {
  return shown(sumsOf(all, 0), 0);
}

function shown({ createdAtMs, ...sums }: Sums, nowMs: number): QueueSums {
  return { ...sums, oldestAgeMs: Math.max(0, nowMs - createdAtMs) };
}

function total(all: Iterable<Sums>): Sums {
  const sums = { ...NOTHING };
  for (const one of all) {
    for (const key of [...COUNTS, ...FLAGS]) sums[key] += one[key];
    sums.createdAtMs = Math.min(sums.createdAtMs, one.createdAtMs);
  }
  return sums;
}

/** The oldest message stays until the partition is read again. */
function without(sums: Sums, figures: QueueFigures): Sums {
  const rest = { ...sums };
  const own = sumsOf([figures], 0);
  for (const key of [...COUNTS, ...FLAGS]) rest[key] -= own[key];
  return rest;
}

const NOTHING: Sums = {
  messages: 0,
  dueNow: 0,
  inFlight: 0,
  quarantined: 0,
  workers: 0,
  paused: 0,
  damaged: 0,
  openBreakers: 0,
  heldKeys: 0,
  createdAtMs: Number.POSITIVE_INFINITY,
};
