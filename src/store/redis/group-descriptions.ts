import { MINUTE_MS } from "../../core/time-units.ts";
import type { FailureGroup } from "../contract.ts";
import { partitionOf } from "./partitions.ts";

/** Groups that are remembered. */
const REMEMBERED = 20_000;
/** A description is sent again after this: the store may have lost it, or the queue hides more now. */
export const DESCRIBED_AGAIN_MS = MINUTE_MS;

const NOTHING = new Uint8Array();

interface GroupDescriptionsParts {
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
  /** By digest: in which partitions the store has the description, and until when that counts. */
  readonly #stored = new Map<string, Map<number, number>>();
  /** Many failures have the same digest. */
  readonly #names = new WeakMap<Uint8Array, string>();
  #count = 0;
  #historyChangedAtMs = 0;

  constructor(parts: GroupDescriptionsParts) {
    this.#parts = parts;
  }

  /** Returns what a script gets of a failure: the digest and maybe the description; nothing without a group. */
  pack(queue: string, group: FailureGroup | undefined): Uint8Array {
    if (group === undefined) return NOTHING;
    const changedAtMs = this.#parts.historyChangedAtMs();
    if (changedAtMs !== this.#historyChangedAtMs) this.#forget();
    this.#historyChangedAtMs = changedAtMs;
    if (this.#isStored(partitionOf(queue), group)) return group.digest;
    return Buffer.concat([group.digest, group.describe()]);
  }

  /** A script has stored a failure of the group, with the description if `pack` added it. */
  stored(queue: string, group: FailureGroup | undefined): void {
    if (group === undefined) return;
    const partition = partitionOf(queue);
    if (this.#isStored(partition, group)) return;
    const { now, onNew } = this.#parts;
    const name = this.#nameOf(group);
    const isKnown = this.#stored.get(name)?.has(partition) === true;
    if (!isKnown && ++this.#count > REMEMBERED) this.#forget();
    const until = this.#stored.get(name) ?? new Map<number, number>();
    this.#stored.set(name, until.set(partition, now() + DESCRIBED_AGAIN_MS));
    onNew(partition);
  }

  #isStored(partition: number, group: FailureGroup): boolean {
    const until = this.#stored.get(this.#nameOf(group))?.get(partition);
    return until !== undefined && until > this.#parts.now();
  }

  #nameOf({ digest }: FailureGroup): string {
    let name = this.#names.get(digest);
    if (name === undefined) {
      name = Buffer.from(digest).toString("latin1");
      this.#names.set(digest, name);
    }
    return name;
  }

  #forget(): void {
    this.#stored.clear();
    this.#count = 0;
  }
}
