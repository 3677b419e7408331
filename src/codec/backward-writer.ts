/**
 * Writes protobuf from its end to its beginning. So the length of a message is known when it is written, and no byte is moved:
 * a writer that goes forward moves each message behind its length.
 */
export class BackwardWriter {
  readonly #buffer: Buffer;
  #at: number;

  /** @param mostBytes an upper bound of what is written; beyond it a call throws */
  constructor(mostBytes: number) {
    this.#buffer = Buffer.allocUnsafe(mostBytes);
    this.#at = mostBytes;
  }

  /** Bytes that are written. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** What is written. The writer must not be used any more. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  /** Leaves bytes for the caller to set. */
  skip(bytes: number): void {
    this.#take(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#take(bytes.length);
    this.#buffer.set(bytes, this.#at);
  }

  /** A field of kind varint. `value` is a whole number from 0 to 2^53. */
  uint(no: number, value: number): void {
    this.#varint(value);
    this.tag(no, 0);
  }

  bytes(no: number, bytes: Uint8Array): void {
    const end = this.length;
    this.raw(bytes);
    this.lengthDelimited(no, end);
  }

  ascii(no: number, text: string): void {
    const { length } = text;
    this.#take(length);
    for (let index = 0; index < length; index++) {
      this.#buffer[this.#at + index] = text.charCodeAt(index);
    }
    this.lengthDelimited(no, this.length - length);
  }

  /** Begins a field with all that was written since `length` was `end`. */
  lengthDelimited(no: number, end: number): void {
    this.#varint(this.length - end);
    this.tag(no, 2);
  }

  tag(no: number, wireType: number): void {
    this.#varint((no << 3) | wireType);
  }

  #varint(value: number): void {
    let bytes = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
    this.#take(bytes);
    let rest = value;
    for (let index = 0; index < bytes - 1; index++) {
      this.#buffer[this.#at + index] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at + bytes - 1] = rest;
  }

  #take(bytes: number): void {
    if (bytes > this.#at) throw new RangeError("more is written than was announced");
    this.#at -= bytes;
  }
}
