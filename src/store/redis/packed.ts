import { internal } from "../../core/errors.ts";

/** Packs an argument of a script, field by field. Big-endian, as the scripts read. */
export class Packed {
  readonly bytes: Buffer;
  #at = 0;

  /** `length` is exact: the argument is these bytes. */
  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length);
  }

  u8(value: number): this {
    this.#at = this.bytes.writeUInt8(value, this.#at);
    return this;
  }

  u16(value: number): this {
    this.#at = this.bytes.writeUInt16BE(value, this.#at);
    return this;
  }

  u32(value: number): this {
    this.#at = this.bytes.writeUInt32BE(value, this.#at);
    return this;
  }

  /**
   * An instant or a span in milliseconds: 48 bits. Scripts count in whole numbers, and one that is
   * none must never get there.
   */
  ms(value: number): this {
    if (!Number.isFinite(value)) throw internal(new RangeError(`${value} for a script`));
    this.#at = this.bytes.writeUIntBE(Math.round(value), this.#at, 6);
    return this;
  }

  /** A whole number, as far as a double holds them. */
  u64(value: number): this {
    this.#at = this.bytes.writeBigUInt64BE(BigInt(value), this.#at);
    return this;
  }

  double(value: number): this {
    this.#at = this.bytes.writeDoubleBE(value, this.#at);
    return this;
  }

  i32(value: number): this {
    this.#at = this.bytes.writeInt32BE(value, this.#at);
    return this;
  }

  i8(value: number): this {
    this.#at = this.bytes.writeInt8(value, this.#at);
    return this;
  }

  raw(value: Uint8Array): this {
    this.bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** In a place of `length` bytes, with zeros behind it. */
  padded(value: Uint8Array, length: number): this {
    this.bytes.fill(0, this.#at, this.#at + length);
    this.bytes.set(value.subarray(0, length), this.#at);
    this.#at += length;
    return this;
  }

  /** Behind its length in one byte. */
  short(value: Uint8Array): this {
    return this.u8(value.length).raw(value);
  }
}
