/** Entries in one reply: an entry has up to 64 changes. */
const ENTRIES = 2_048;
/** Entries of a partition in one reply. With the fewest, all partitions together have at most what one reply may have. */
const [FEWEST, MOST] = [8, 100];
/** After so long the last reply says nothing about what is there now. */
const QUIET_MS = 500;

/** Decides how much each reply to a reader of all partitions may have. After a quiet time any number of partitions may be busy. */
export class ReplySize {
  #most = FEWEST;
  #hasMore = false;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  /** Whether more may be there already: some partition had as much in the last reply as it might. The next call must not wait. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Returns how many entries of each partition a call may get that is sent now. */
  entries(nowMs: number): number {
    return nowMs - this.#sentAtMs < QUIET_MS ? this.#most : FEWEST;
  }

  /**
   * Notes a reply.
   *
   * @param sizes entries of each partition that has some
   * @param most how many it might have
   * @param sentAtMs when the call was sent, since the reply may have come during a stall of this process
   */
  replied(sizes: readonly number[], most: number, sentAtMs: number): void {
    const isFull = sizes.some((size) => size >= most);
    // A reply that was waited for has one partition only, however many have changes.
    const isOfAll = this.#hasMore;
    const share = Math.floor(ENTRIES / Math.max(1, sizes.length));
    this.#most = isFull && isOfAll ? Math.min(MOST, Math.max(FEWEST, share)) : FEWEST;
    [this.#hasMore, this.#sentAtMs] = [isFull, sentAtMs];
  }
}
