/** Reads a packed reply of a script, field by field. Big-endian, as the scripts write. */
export class ReplyReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  i8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  /** An instant or a span in milliseconds: 48 bits. */
  ms(): number {
    return this.#bytes.readUIntBE(this.#advance(6), 6);
  }

  /** As `ms`, where 0 stands for "none". */
  optionalMs(): number | undefined {
    const value = this.ms();
    return value === 0 ? undefined : value;
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#advance(8));
  }

  /** A copy, so that a small value does not keep a large reply in memory. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return Uint8Array.from(this.#bytes.subarray(at, at + length));
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  #advance(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
