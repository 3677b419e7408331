/** gRPC's envelope of one message: a byte of flags, four of length (big endian), the message. */
const PREFIX_BYTES = 5;
const COMPRESSED = 0x01;

export interface Frame {
  compressed: boolean;
  bytes: Uint8Array;
}

const NOTHING = Buffer.alloc(0);

export class FrameTooLarge extends Error {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`a message of more than ${limitBytes} bytes`);
    this.limitBytes = limitBytes;
  }
}

export class MalformedFrame extends Error {}

/**
 * Takes the bytes of one direction of a call as they arrive, in pieces of any size, and gives
 * whole messages. What it keeps of an unfinished one is at most twice the bytes that have arrived,
 * in however many pieces, and whatever length was announced.
 */
export class FrameReader {
  readonly #limitBytes: number;
  /** What has arrived and was not given out: `#kept` from `#from` to `#to`. */
  #kept: Buffer = NOTHING;
  #from = 0;
  #to = 0;
  /** `#kept` is of our own making, and not a piece that the connection gave. */
  #owned = false;
  /** Length of the message that is being read, once its prefix is there. */
  #wanted: number | undefined;
  #compressed = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** True when every byte so far belonged to a message that was given out. */
  get atBoundary(): boolean {
    return this.#from === this.#to && this.#wanted === undefined;
  }

  /** Of what has arrived; at most twice that. */
  get keptBytes(): number {
    return this.#kept.length;
  }

  /** What lies unfinished for long must not keep all that was read from the connection with it. */
  compact(): void {
    if (this.#from === this.#to) {
      this.#kept = NOTHING;
      this.#owned = false;
    } else if (this.#owned) {
      return;
    } else {
      this.#kept = ownCopy(this.#kept.subarray(this.#from, this.#to));
      this.#owned = true;
    }
    this.#to -= this.#from;
    this.#from = 0;
  }

  push(chunk: Buffer): void {
    if (this.#from === this.#to) {
      // Nearly always a message is within one piece: no copy.
      this.#kept = chunk;
      this.#owned = false;
      this.#from = 0;
      this.#to = chunk.length;
      return;
    }
    const bytes = this.#to - this.#from;
    if (!this.#owned || this.#to + chunk.length > this.#kept.length) {
      const roomy = Buffer.allocUnsafeSlow(Math.max(64, 2 * (bytes + chunk.length)));
      this.#kept.copy(roomy, 0, this.#from, this.#to);
      this.#kept = roomy;
      this.#owned = true;
      this.#from = 0;
      this.#to = bytes;
    }
    chunk.copy(this.#kept, this.#to);
    this.#to += chunk.length;
  }

  /** The next whole message, if it is there. Throws where the bytes are no messages. */
  next(): Frame | undefined {
    if (this.#wanted === undefined) {
      if (this.#to - this.#from < PREFIX_BYTES) return undefined;
      const prefix = this.#take(PREFIX_BYTES);
      const flags = prefix.readUInt8(0);
      if (flags > COMPRESSED) throw new MalformedFrame(`a message has flags ${flags}`);
      this.#compressed = flags === COMPRESSED;
      this.#wanted = prefix.readUInt32BE(1);
      // Before a byte of it is kept.
      if (this.#wanted > this.#limitBytes) throw new FrameTooLarge(this.#limitBytes);
    }
    if (this.#to - this.#from < this.#wanted) return undefined;
    const bytes = this.#take(this.#wanted);
    this.#wanted = undefined;
    return { compressed: this.#compressed, bytes };
  }

  #take(count: number): Buffer {
    const from = this.#from;
    this.#from += count;
    return this.#kept.subarray(from, this.#from);
  }
}

/** In memory of its own, not within a piece that others share and that stays with it. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** A message with its prefix. */
export function frameOf(message: Uint8Array, compressed = false): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = compressed ? COMPRESSED : 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}
