import type { FailureGroup } from "../contract.ts";
import { partitionOf } from "./partitions.ts";

/** Groups that are remembered. */
const REMEMBERED = 20_000;
/** A description is sent again after this, in case the store has lost it. */
const AGAIN_MS = 600_000;

const NOTHING = new Uint8Array();

/** Decides which failures carry the description of their group: the store keeps it, so few need to. */
export class GroupTexts {
  readonly #now: () => number;
  readonly #onNew: (partition: number) => void;
  /** By partition and digest: until when the store has the description. */
  readonly #stored = new Map<string, number>();

  /**
   * @param now the monotonic clock of this process, in milliseconds
   * @param onNew called when a group may be new to a partition
   */
  constructor(now: () => number, onNew: (partition: number) => void) {
    this.#now = now;
    this.#onNew = onNew;
  }

  /** Returns what a script gets of a failure: the digest and maybe the description; nothing without a group. */
  pack(queue: string, group: FailureGroup | undefined): Uint8Array {
    if (group === undefined) return NOTHING;
    const partition = partitionOf(queue);
    const key = `${partition} ${Buffer.from(group.digest).toString("latin1")}`;
    const nowMs = this.#now();
    if ((this.#stored.get(key) ?? 0) > nowMs) return group.digest;
    if (this.#stored.size >= REMEMBERED) this.#stored.clear();
    this.#stored.set(key, nowMs + AGAIN_MS);
    this.#onNew(partition);
    return Buffer.concat([group.digest, group.describe()]);
  }
}
