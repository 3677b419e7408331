import { MINUTE_MS } from "../../core/time-units.ts";
import type { FailureGroup } from "../contract.ts";
import { partitionOf } from "./partitions.ts";

/** Groups that are remembered. */
const REMEMBERED = 20_000;
/** A description is sent again after this: the store may have lost it, or the queue hides more now. */
export const DESCRIBED_AGAIN_MS = MINUTE_MS;

const NOTHING = new Uint8Array();

export interface GroupDescriptionsParts {
  /** The monotonic clock of this process, in milliseconds. */
  now(): number;
  /** When Redis last restarted or failed over: it may lack descriptions from before. */
  historyChangedAtMs(): number;
  /** Called when a group may be new to a partition. */
  onNew(partition: number): void;
}

/** Decides which failures carry the description of their group: at first, and every minute. */
export class GroupDescriptions {
  readonly #parts: GroupDescriptionsParts;
  /** By partition and digest: until when the store has the description. */
  readonly #stored = new Map<string, number>();
  #historyChangedAtMs = 0;

  constructor(parts: GroupDescriptionsParts) {
    this.#parts = parts;
  }

  /** Returns what a script gets of a failure: the digest and maybe the description; nothing without a group. */
  pack(queue: string, group: FailureGroup | undefined): Uint8Array {
    if (group === undefined) return NOTHING;
    const { now, historyChangedAtMs } = this.#parts;
    const changedAtMs = historyChangedAtMs();
    if (changedAtMs !== this.#historyChangedAtMs) this.#stored.clear();
    this.#historyChangedAtMs = changedAtMs;
    if ((this.#stored.get(keyOf(queue, group)) ?? 0) > now()) return group.digest;
    return Buffer.concat([group.digest, group.describe()]);
  }

  /** A script has stored a failure of the group, with the description if `pack` added it. */
  stored(queue: string, group: FailureGroup | undefined): void {
    if (group === undefined) return;
    const { now, onNew } = this.#parts;
    const key = keyOf(queue, group);
    if ((this.#stored.get(key) ?? 0) > now()) return;
    if (this.#stored.size >= REMEMBERED) this.#stored.clear();
    this.#stored.set(key, now() + DESCRIBED_AGAIN_MS);
    onNew(partitionOf(queue));
  }
}

function keyOf(queue: string, { digest }: FailureGroup): string {
  return `${partitionOf(queue)} ${Buffer.from(digest).toString("latin1")}`;
}
