import type { GroupScripts } from "./group-scripts.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import { partitionOf } from "./partitions.ts";

/** Digests that are remembered; a page of states has at most a thousand numbers. */
const DIGESTS_REMEMBERED = 50_000;
/** Lists of ids that are remembered, each with as many ids as a filter has room for: scans that run at once need one a partition. */
const LISTS_REMEMBERED = 2_000;
/** How long the numbers of an id are reused: a scan asks for each page, and a group may begin meanwhile. */
const NUMBERS_REUSED_MS = 5_000;

interface GroupNumbersParts {
  scripts: Pick<GroupScripts, "part" | "run">;
  /** The clock of this process, in milliseconds. */
  now(): number;
  /** When Redis last restarted or failed over; 0: never. */
  historyChangedAtMs(): number;
}

interface Numbers {
  readonly askedAtMs: number;
  readonly found: Promise<readonly number[]>;
}

/** Translates between the digests of groups and their numbers in a partition, which messages have. Remembers answers. */
export class GroupNumbers {
  readonly #parts: GroupNumbersParts;
  /** By partition and number. */
  readonly #digests = new Map<string, string>();
  /** By partition and ids. */
  readonly #numbers = new Map<string, Numbers>();
  #historyChangedAtMs = 0;

  constructor(parts: GroupNumbersParts) {
    this.#parts = parts;
  }

  /** Returns the digests of groups of a queue's partition by their numbers there. Of an unknown number: an empty text. */
  async digests(queue: string, numbers: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const { scripts } = this.#parts;
    const partition = partitionOf(queue);
    const keyOf = (number: number) => `${partition} ${number}`;
    this.#forgetAfterLoss();
    const found = new Map(
      numbers.map((number) => [number, this.#digests.get(keyOf(number)) ?? ""]),
    );
    const unknown = numbers.filter((number) => found.get(number) === "");
    if (unknown.length === 0) return found;
    const items = unknown.map((number) => ({ number }));
    const part = scripts.part("group_digests", partition, {}, items);
    const [reply] = (await scripts.run("group_digests", [part])) as [Buffer[]];
    if (this.#digests.size + unknown.length > DIGESTS_REMEMBERED) this.#digests.clear();
    unknown.forEach((number, index) => {
      const digest = reply[index]?.toString("hex") ?? "";
      found.set(number, digest);
      if (digest !== "") this.#digests.set(keyOf(number), digest);
    });
    return found;
  }

  /** Returns the numbers in a queue's partition of groups by their ids. An id that is unknown there has none. */
  numbers(queue: string, ids: readonly string[]): Promise<readonly number[]> {
    const partition = partitionOf(queue);
    const key = `${partition} ${ids.join(" ")}`;
    const nowMs = this.#parts.now();
    this.#forgetAfterLoss();
    const known = this.#numbers.get(key);
    if (known !== undefined && nowMs < known.askedAtMs + NUMBERS_REUSED_MS) return known.found;
    if (this.#numbers.size >= LISTS_REMEMBERED) this.#numbers.clear();
    const found = this.#readNumbers(partition, ids);
    this.#numbers.set(key, { askedAtMs: nowMs, found });
    found.catch(() => this.#numbers.delete(key));
    return found;
  }

  async #readNumbers(partition: number, ids: readonly string[]): Promise<number[]> {
    const { scripts } = this.#parts;
    const items = ids
      .filter((id) => /^[0-9a-f]{16}$/.test(id))
      .map((id) => ({ prefix: Buffer.from(id, "hex") }));
    if (items.length === 0) return [];
    const part = scripts.part("group_numbers", partition, {}, items);
    const [reply] = (await scripts.run("group_numbers", [part])) as [Buffer];
    const reader = new Reader(reply);
    const numbers: number[] = [];
    while (!reader.done) numbers.push(reader.read(LAYOUTS.groupNumber).number);
    return numbers;
  }

  /** After a failover that lost writes, a number may have been given again. */
  #forgetAfterLoss(): void {
    const changedAtMs = this.#parts.historyChangedAtMs();
    if (changedAtMs === this.#historyChangedAtMs) return;
    this.#digests.clear();
    this.#numbers.clear();
    this.#historyChangedAtMs = changedAtMs;
  }
}
