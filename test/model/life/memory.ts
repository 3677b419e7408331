/**
 * What is remembered under a key for a time: surely for the first span, surely not after the second.
 * Between the two a test must not ask, since the documents promise nothing.
 */
export class Memory<T> {
  readonly #entries = new Map<string, { value: T; atMs: number }>();
  readonly #surelyMs: number;
  readonly #atMostMs: number;

  constructor(surelyMs: number, atMostMs: number) {
    this.#surelyMs = surelyMs;
    this.#atMostMs = atMostMs;
  }

  set(key: string, value: T, nowMs: number): void {
    this.#entries.set(key, { value, atMs: nowMs });
  }

  /** Changes the value; its time goes on. */
  update(key: string, value: T): void {
    const entry = this.#entries.get(key);
    if (entry) entry.value = value;
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && nowMs - entry.atMs <= this.#surelyMs ? entry.value : undefined;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  isCertain(key: string, nowMs: number): boolean {
    const entry = this.#entries.get(key);
    const age = entry === undefined ? 0 : nowMs - entry.atMs;
    return age <= this.#surelyMs || age > this.#atMostMs;
  }
}
