import { PARTITIONS } from "./partitions.ts";

/** Entries in one reply: an entry has up to 64 changes. */
const ENTRIES = 2_048;
/** Entries of a partition in one reply. With the fewest, all partitions together have at most what one reply may have. */
const [FEWEST, MOST] = [ENTRIES / PARTITIONS, 100];
/** After so long the last call does not show any more what is there now. */
const QUIET_MS = 500;

/** Decides how much each reply to a reader of all partitions may have. After a quiet time any number of partitions may be busy. */
export class ReplySize {
  /** What each partition may have in the next reply, if it is not called too late. */
  #next = FEWEST;
  /** What it might have in the last one. */
  #most = FEWEST;
  #hasMore = false;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  /** Whether more may be there already: some partition had as much in the last reply as it might. The next call must not wait. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Returns how many entries of each partition a call may get that is sent now. Call `replied` next. */
  entries(nowMs: number): number {
    this.#most = nowMs - this.#sentAtMs < QUIET_MS ? this.#next : FEWEST;
    this.#sentAtMs = nowMs;
    return this.#most;
  }

  /** Notes how many entries each partition has that has some in the reply. */
  replied(sizes: readonly number[]): void {
    const isFull = sizes.some((size) => size >= this.#most);
    // A reply that was waited for has one partition only, however many have changes.
    const isOfAll = this.#hasMore;
    const share = Math.floor(ENTRIES / Math.max(1, sizes.length));
    this.#next = isFull && isOfAll ? Math.min(MOST, Math.max(FEWEST, share)) : FEWEST;
    this.#hasMore = isFull;
  }
}
