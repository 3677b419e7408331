import type { StoredRecord } from "../contract.ts";

/** A record, and until when it is needed, by the store's clock. Infinity: it counts for the limits. */
export interface CopiedRecord extends StoredRecord {
  readonly neededUntilMs: number;
}

export const isCounted = ({ neededUntilMs }: Pick<CopiedRecord, "neededUntilMs">): boolean =>
  neededUntilMs === Number.POSITIVE_INFINITY;

/** The copy of records in hashes. No step takes time for records that are not concerned. */
export class RecordCopy {
  readonly #records = new Map<string, CopiedRecord>();
  /** The names in each hash. */
  readonly #namesOf: readonly Set<string>[];
  readonly #counted = new Set<string>();
  /** Those that do not count, the latest last. */
  readonly #others = new Map<string, CopiedRecord>();
  #countedBytes = 0;
  /** Where the next look for records that are no longer needed goes on. */
  #walk: Iterator<[string, CopiedRecord]> | undefined;

  constructor(hashes: number) {
    this.#namesOf = Array.from({ length: hashes }, () => new Set<string>());
  }

  get(name: string): CopiedRecord | undefined {
    return this.#records.get(name);
  }

  /** The names of records that count. */
  get counted(): ReadonlySet<string> {
    return this.#counted;
  }

  /** The size of the records that count. */
  get countedBytes(): number {
    return this.#countedBytes;
  }

  namesOf(hash: number): Iterable<string> {
    return this.#namesOf[hash] ?? [];
  }

  /** Undefined removes it. Returns whether it is another one than before, and either counts. */
  set(hash: number, name: string, record: CopiedRecord | undefined): boolean {
    const before = this.#records.get(name);
    if (before === record) return false;
    if (before !== undefined) this.#remove(hash, name, before);
    if (record !== undefined) this.#add(hash, name, record);
    return [before, record].some((one) => one !== undefined && isCounted(one));
  }

  #remove(hash: number, name: string, record: CopiedRecord): void {
    this.#records.delete(name);
    this.#namesOf[hash]?.delete(name);
    this.#others.delete(name);
    if (this.#counted.delete(name)) this.#countedBytes -= record.bytes.length;
  }

  #add(hash: number, name: string, record: CopiedRecord): void {
    this.#records.set(name, record);
    this.#namesOf[hash]?.add(name);
    if (isCounted(record)) {
      this.#counted.add(name);
      this.#countedBytes += record.bytes.length;
    } else this.#others.set(name, record);
  }

  get otherCount(): number {
    return this.#others.size;
  }

  /** Yields up to `most` records that do not count, each time the next ones. */
  *nextOthers(most: number): Generator<[string, CopiedRecord]> {
    for (let looked = 0; looked < most; looked++) {
      this.#walk ??= this.#others.entries();
      const { value, done } = this.#walk.next();
      if (done) {
        this.#walk = undefined;
        return;
      }
      yield value;
    }
  }
}
