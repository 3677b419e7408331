import { type Canary, type CanarySlice, jobDuration } from "../../codec/batch-job.ts";
import { MINUTE_MS } from "../../core/time-units.ts";
import type { MessageState } from "../../store/contract.ts";

/** The most messages of a slice, beside those that only stand for their groups. */
const SLICE_MAX = 1_000;
/** The groups that have a message in each slice. */
const GROUPS_MAX = 1_000;
/** Groups with different first digits are different. */
const GROUP_DIGITS = 8;
const DEFAULT_PERCENTS: readonly number[] = [1, 10];
const DEFAULT_MIN_SUCCESS_RATIO = 0.95;
const DEFAULT_DEADLINE_MS = 10 * MINUTE_MS;
/** For ratios such as 0.95 of 20, which is a little more than 19 in floating point. */
const ROUNDING = 1e-9;

/** Gives what is missing its default, so that those who look at the job later see what it was. */
export function fillCanary(canary: Canary): void {
  if (canary.percents.length === 0) canary.percents = [...DEFAULT_PERCENTS];
  if (canary.minSuccessRatio === 0) canary.minSuccessRatio = DEFAULT_MIN_SUCCESS_RATIO;
  canary.deadline ??= jobDuration(DEFAULT_DEADLINE_MS);
}

/** How many messages a slice should have. */
export function sizeOfSlice(percent: number, selected: number): number {
  return Math.min(SLICE_MAX, Math.max(1, Math.round((percent * selected) / 100)));
}

/** What a slice says. WAIT: not yet. NONE: it can have no outcome any more. */
export type SliceDecision = "PASS" | "STOP" | "NONE" | "WAIT";

/** @param size how many messages it should have, while it is not complete */
export function decideSlice(slice: CanarySlice, minRatio: number, size = 0): SliceDecision {
  const others = Number(slice.withoutOutcomeCount);
  const failed = Number(slice.failedCount);
  const counted = Math.max(Number(slice.messageCount), size) - others;
  if (counted <= 0) return others > 0 ? "NONE" : "PASS";
  if (counted - failed < minRatio * counted - ROUNDING) return "STOP";
  return Number(slice.succeededCount) + failed >= counted ? "PASS" : "WAIT";
}

/** Chooses the messages of a slice: evenly, and in any case the first one of each group. */
export class SliceSample {
  readonly #ratio: number;
  #seen = 0;
  #taken = 0;
  readonly #groups = new Set<string>();

  /**
   * @param missing how many messages the slice lacks
   * @param among how many there are to choose from
   * @param groups that have a message in it, as `groups` returns them
   */
  constructor(missing: number, among: number, groups: readonly string[] = []) {
    for (const group of groups) this.#groups.add(group);
    this.#ratio = Math.max(0, missing) / Math.max(1, among);
  }

  /** Returns the chosen ones of messages that come next. */
  choose(messages: readonly MessageState[]): MessageState[] {
    const fresh = new Set<string>();
    let [seen, taken] = [this.#seen, this.#taken];
    return messages.filter(({ group }) => {
      seen++;
      const name = group.slice(0, GROUP_DIGITS);
      const isFirst = this.#isFirst(name, fresh);
      if (!isFirst && taken + 1 > seen * this.#ratio + ROUNDING) return false;
      taken++;
      fresh.add(name);
      return true;
    });
  }

  /** These have come, and some of those that `choose` returns of them were acted on. */
  advance(messages: readonly MessageState[], acted: readonly MessageState[]): void {
    this.#seen += messages.length;
    this.#taken += acted.length;
    for (const { group } of acted) {
      if (group !== "" && this.#groups.size < GROUPS_MAX)
        this.#groups.add(group.slice(0, GROUP_DIGITS));
    }
  }

  /** The groups that have a message in the slice: the first digits of their digests. */
  get groups(): string[] {
    return [...this.#groups];
  }

  /** How many have come. */
  get seen(): number {
    return this.#seen;
  }

  #isFirst(group: string, fresh: ReadonlySet<string>): boolean {
    if (group === "" || this.#groups.has(group) || fresh.has(group)) return false;
    return this.#groups.size + fresh.size < GROUPS_MAX;
  }
}
