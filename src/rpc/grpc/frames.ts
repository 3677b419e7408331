/** The prefix of a message in gRPC, gRPC-Web and Connect: a byte of flags and four of length (big endian). */
export const PREFIX_BYTES = 5;
/** A flag. */
export const COMPRESSED = 0x01;

export interface Frame {
  compressed: boolean;
  bytes: Uint8Array;
}

const NOTHING = Buffer.alloc(0);

export class FrameTooLarge extends Error {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`the message has more than ${limitBytes} bytes`);
    this.limitBytes = limitBytes;
  }
}

export class MalformedFrame extends Error {}

/**
 * Reads messages from the bytes of one direction of a call, which arrive in chunks of any size.
 * Keeps at most twice the bytes of an incomplete message that have arrived, whatever length was
 * announced.
 */
export class FrameReader {
  readonly #limitBytes: number;
  /** Bytes that are not read yet: `#kept` from `#from` to `#to`. */
  #kept: Buffer = NOTHING;
  #from = 0;
  #to = 0;
  /** `#kept` is our own buffer, not a chunk of the connection. */
  #owned = false;
  /** Length of the current message, once its prefix is read. */
  #wanted: number | undefined;
  #compressed = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Whether all bytes so far belong to complete messages. */
  get atBoundary(): boolean {
    return this.#from === this.#to && this.#wanted === undefined;
  }

  get unreadBytes(): number {
    return this.#to - this.#from;
  }

  /** Size of the buffer. */
  get keptBytes(): number {
    return this.#kept.length;
  }

  /**
   * Copies an incomplete message, so that it does not keep a large chunk of the connection in
   * memory.
   */
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
      // The common case: a message in one chunk, without a copy.
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

  /**
   * Returns the next complete message; undefined if it has not arrived. Throws on invalid bytes.
   */
  next(): Frame | undefined {
    if (this.#wanted === undefined) {
      if (this.#to - this.#from < PREFIX_BYTES) return undefined;
      const prefix = this.#take(PREFIX_BYTES);
      const flags = prefix.readUInt8(0);
      if (flags > COMPRESSED) throw new MalformedFrame(`invalid message flags ${flags}`);
      this.#compressed = flags === COMPRESSED;
      this.#wanted = prefix.readUInt32BE(1);
      // Checked before any byte of it is kept.
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

/** Copies bytes to their own memory, outside of shared pools. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** A message with its prefix. */
export function frameOf(message: Uint8Array, flags = 0): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  writePrefix(frame, flags);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

function writePrefix(frame: Buffer, flags: number): void {
  frame[0] = flags;
  frame.writeUInt32BE(frame.length - PREFIX_BYTES, 1);
}

/** A message that an implementation has encoded itself. Only the gRPC port accepts it, and does not copy it. */
export class EncodedMessage {
  readonly frame: Buffer;

  /** @param frame the message behind PREFIX_BYTES, which are set here */
  constructor(frame: Buffer) {
    writePrefix(frame, 0);
    this.frame = frame;
  }

  get bytes(): Uint8Array {
    return this.frame.subarray(PREFIX_BYTES);
  }
}
