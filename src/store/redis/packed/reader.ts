import type { Fields, Layout, Values } from "./layout.ts";

const NOTHING = new Uint8Array();
/** Up to so many bytes, a loop is faster than a call that copies. */
const SHORT = 64;

/** Reads a packed reply of a script from its beginning to its end. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  read<F extends Fields>(layout: Layout<F>): Values<F> {
    return layout.read(this);
  }

  /** A big-endian number of so many bytes. */
  number(bytes: number): number {
    const at = this.#advance(bytes);
    if (bytes === 1) return this.#bytes[at] as number;
    if (bytes <= 6) return this.#bytes.readUIntBE(at, bytes);
    return this.#bytes.readUInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + bytes - 4);
  }

  signed(bytes: number): number {
    return this.#bytes.readIntBE(this.#advance(bytes), bytes);
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#advance(8));
  }

  /** A copy, so that a small value does not keep a large reply in memory. */
  bytes(length: number): Uint8Array {
    if (length === 0) return NOTHING;
    const at = this.#advance(length);
    const copy = new Uint8Array(length);
    if (length > SHORT) copy.set(this.#bytes.subarray(at, at + length));
    else for (let index = 0; index < length; index++) copy[index] = this.#bytes[at + index] ?? 0;
    return copy;
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError("a reply of the store ends early");
    this.#at = at + length;
    return at;
  }
}

/** An instant, where 0 stands for "none". */
export const optionalMs = (value: number): number | undefined => (value === 0 ? undefined : value);
