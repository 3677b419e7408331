const NOTHING = Buffer.alloc(0);

/**
 * Bytes that arrive in pieces of any size. They are copied into one buffer, because a piece of one
 * byte costs hundreds as an object of its own.
 */
export class GrowingBytes {
  readonly #mostBytes: number;
  #kept: Buffer = NOTHING;
  /** `#kept` is our own buffer, not a piece. */
  #owned = false;
  #length = 0;

  /** The buffer doubles as it grows, up to `mostBytes`; beyond that it has exactly the bytes. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** The size of the buffer. */
  get capacity(): number {
    return this.#kept.length;
  }

  append(piece: Uint8Array): void {
    if (this.#length === 0) {
      // The common case: everything in one piece, without a copy.
      this.#kept = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    } else {
      this.#reserve(this.#length + piece.length);
      this.#kept.set(piece, this.#length);
    }
    this.#length += piece.length;
  }

  /** Returns the bytes and keeps nothing. */
  take(): Buffer {
    const whole = this.#kept.subarray(0, this.#length);
    this.#kept = NOTHING;
    this.#owned = false;
    this.#length = 0;
    return whole;
  }

  #reserve(bytes: number): void {
    if (this.#owned && bytes <= this.#kept.length) return;
    const roomy = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(2 * bytes, this.#mostBytes)));
    roomy.set(this.#kept.subarray(0, this.#length));
    this.#kept = roomy;
    this.#owned = true;
  }
}
