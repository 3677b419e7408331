// Changes a line of a legal history: drops, repeats or alters it, or swaps a field of two lines.

import type { SeededRandom } from "../../../support/random.ts";
import type { FaultRecord, HistoryEvent, SnapshotLine } from "../../history/event.ts";
import type { Rule } from "../rules.ts";
import type { Run } from "./record.ts";

type Line = HistoryEvent | SnapshotLine;
export type Of<E extends Line["e"]> = Extract<Line, { e: E }>;

/** The lines of a run, which may be changed, each with its owner. */
export class Lines {
  readonly owners: string[] = [];
  readonly lines: Line[] = [];
  readonly faults: readonly FaultRecord[];

  constructor({ events, kept, counted, openings, acted, faults }: Run) {
    this.faults = faults;
    for (const [actor, own] of events) this.#add(actor, own);
    this.#add(SNAPSHOT, kept);
    this.#add(SNAPSHOT, counted);
    this.#add(SNAPSHOT, openings);
    this.#add(SNAPSHOT, acted);
  }

  #add(owner: string, lines: readonly Line[]): void {
    for (const line of lines) {
      this.owners.push(owner);
      this.lines.push(line);
    }
  }

  /** Drops lines, and inserts lines of this owner by their time. */
  replace(dropped: readonly number[], owner: string, added: readonly HistoryEvent[]): void {
    const kept = [...this.lines.keys()].filter((place) => !dropped.includes(place));
    const all = [
      ...kept.map((place) => [this.owners[place] as string, this.lines[place] as Line] as const),
      ...added.map((line) => [owner, line] as const),
    ];
    const atOf = (line: Line) => ("at" in line ? line.at : Number.POSITIVE_INFINITY);
    all.sort(([, a], [, b]) => atOf(a) - atOf(b) || 0);
    this.owners.splice(0, this.owners.length, ...all.map(([whose]) => whose));
    this.lines.splice(0, this.lines.length, ...all.map(([, line]) => line));
  }

  /** Adds a delivery to the counters of a queue. */
  countDelivery(queue: string): void {
    const place = this.lines.findIndex((line) => line.e === "counted" && line.queue === queue);
    const line = this.lines[place] as Of<"counted">;
    this.lines[place] = { ...line, deliveries: line.deliveries + 1 };
  }

  /** Returns at most two random places of lines of this kind that match `is`. */
  pick<E extends Line["e"]>(
    kind: E,
    random: SeededRandom,
    is: (line: Of<E>) => boolean = () => true,
  ): readonly number[] {
    const places = [...this.lines.keys()].filter((at) => {
      const line = this.lines[at] as Of<E>;
      return line.e === kind && is(line);
    });
    return random.shuffled(places).slice(0, 2);
  }
}

const SNAPSHOT = "snapshot";

export interface MutatedRun {
  readonly events: Map<string, HistoryEvent[]>;
  readonly snapshot: SnapshotLine[];
  readonly faults: readonly FaultRecord[];
}

/** Returns undefined if the run has no line for this change. */
export type Mutation = (run: Run, random: SeededRandom) => MutatedRun | undefined;

/** A change, and the rules of which one must find it. */
export type Named = readonly [Mutation, ...Rule[]];

export function back(lines: Lines): MutatedRun {
  const events = new Map<string, HistoryEvent[]>();
  const snapshot: SnapshotLine[] = [];
  lines.lines.forEach((line, at) => {
    const owner = lines.owners[at] as string;
    if (owner === SNAPSHOT) snapshot.push(line as SnapshotLine);
    else {
      const own = events.get(owner) ?? [];
      own.push(line as HistoryEvent);
      events.set(owner, own);
    }
  });
  return { events, snapshot, faults: lines.faults };
}

/** Drops one line of this kind. */
export function drop<E extends Line["e"]>(kind: E, is?: (line: Of<E>) => boolean): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [at] = lines.pick(kind, random, is);
    if (at === undefined) return undefined;
    lines.lines.splice(at, 1);
    lines.owners.splice(at, 1);
    return back(lines);
  };
}

/** Repeats one line of this kind. */
export function repeat<E extends Line["e"]>(kind: E): Mutation {
  return repeatedAs(kind, () => ({}));
}

/** Repeats one line of this kind with changed fields. */
export function repeatedAs<E extends Line["e"]>(
  kind: E,
  by: (line: Of<E>) => Partial<Of<E>>,
): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [at] = lines.pick(kind, random);
    if (at === undefined) return undefined;
    const line = lines.lines[at] as Of<E>;
    lines.lines.splice(at + 1, 0, { ...line, ...by(line) });
    lines.owners.splice(at, 0, lines.owners[at] as string);
    return back(lines);
  };
}

export function change<E extends Line["e"]>(
  kind: E,
  by: (line: Of<E>, random: SeededRandom) => Partial<Of<E>>,
  is?: (line: Of<E>) => boolean,
): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [at] = lines.pick(kind, random, is);
    if (at === undefined) return undefined;
    const line = lines.lines[at] as Of<E>;
    lines.lines[at] = { ...line, ...by(line, random) };
    return back(lines);
  };
}

/** Swaps a field of two lines of this kind. */
export function swap<E extends Line["e"]>(kind: E, field: keyof Of<E>): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [first] = lines.pick(kind, random);
    if (first === undefined) return undefined;
    const a = lines.lines[first] as Of<E>;
    const [second] = lines.pick(kind, random, (line) => line[field] !== a[field]);
    if (second === undefined) return undefined;
    const b = lines.lines[second] as Of<E>;
    lines.lines[first] = { ...a, [field]: b[field] };
    lines.lines[second] = { ...b, [field]: a[field] };
    return back(lines);
  };
}
