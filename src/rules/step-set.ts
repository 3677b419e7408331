/** A set of small numbers that can be cleared in constant time. */
export class StepSet {
  count = 0;
  readonly #members: Int32Array;
  readonly #places: Int32Array;

  constructor(size: number) {
    this.#members = new Int32Array(size);
    this.#places = new Int32Array(size);
  }

  clear(): void {
    this.count = 0;
  }

  at(n: number): number {
    return this.#members[n] ?? 0;
  }

  /** Returns false if it was already a member. */
  add(member: number): boolean {
    const place = this.#places[member] ?? 0;
    if (place < this.count && this.#members[place] === member) return false;
    this.#members[this.count] = member;
    this.#places[member] = this.count++;
    return true;
  }
}
