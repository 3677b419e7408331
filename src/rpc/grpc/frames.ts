/** gRPC's envelope of one message: a byte of flags, four of length (big endian), the message. */
const PREFIX_BYTES = 5;
const COMPRESSED = 0x01;

export interface Frame {
  compressed: boolean;
  bytes: Uint8Array;
}

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
 * whole messages. Never holds more than one message and its prefix beyond what it was just given.
 */
export class FrameReader {
  readonly #limitBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Length of the message that is being read, once its prefix is there. */
  #wanted: number | undefined;
  #compressed = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** True when every byte so far belonged to a message that was given out. */
  get atBoundary(): boolean {
    return this.#bytes === 0 && this.#wanted === undefined;
  }

  push(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next whole message, if it is there. Throws where the bytes are no messages. */
  next(): Frame | undefined {
    if (this.#wanted === undefined) {
      if (this.#bytes < PREFIX_BYTES) return undefined;
      const prefix = this.#take(PREFIX_BYTES);
      const flags = prefix.readUInt8(0);
      if (flags > COMPRESSED) throw new MalformedFrame(`a message has flags ${flags}`);
      this.#compressed = flags === COMPRESSED;
      this.#wanted = prefix.readUInt32BE(1);
      // Before a byte of it is kept.
      if (this.#wanted > this.#limitBytes) throw new FrameTooLarge(this.#limitBytes);
    }
    if (this.#bytes < this.#wanted) return undefined;
    const bytes = this.#take(this.#wanted);
    this.#wanted = undefined;
    return { compressed: this.#compressed, bytes };
  }

  #take(count: number): Buffer {
    const [first] = this.#pieces;
    this.#bytes -= count;
    // Nearly always a message is within one piece: no copy.
    if (first !== undefined && first.length > count) {
      this.#pieces[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    if (first !== undefined && first.length === count) {
      this.#pieces.shift();
      return first;
    }
    const whole = this.#pieces.length === 1 ? (first as Buffer) : Buffer.concat(this.#pieces);
    const rest = whole.subarray(count);
    this.#pieces = rest.length === 0 ? [] : [rest];
    return whole.subarray(0, count);
  }
}

/** A message with its prefix. */
export function frameOf(message: Uint8Array, compressed = false): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = compressed ? COMPRESSED : 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}
