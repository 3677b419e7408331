/** Bytes that pay for a piece. */
const PIECE_BYTES = 16;
/** Pieces that a connection may send beyond those that its bytes pay for. */
export const UNPAID_PIECES = 4_096;
/** Pieces of each body that are free: clients send one or two. */
const FREE_PIECES = 16;

const unpaidOf = new WeakMap<object, number>();

/**
 * Counts the pieces in which the body of a request arrives: chunks of HTTP/1.1, DATA frames of
 * HTTP/2. Each costs microseconds, whatever its size, so a body in pieces of one byte costs a
 * thousand times as much as in a few. What a piece costs beyond its bytes is counted for the whole
 * connection.
 */
export class BodyPieces {
  #count = 0;

  /** Counts a piece. Returns whether its connection has sent far too many and should end. */
  add(bytes: number, connection: object | undefined): boolean {
    if (++this.#count <= FREE_PIECES || connection === undefined) return false;
    const before = unpaidOf.get(connection) ?? 0;
    const unpaid = Math.max(0, before + 1 - bytes / PIECE_BYTES);
    if (unpaid !== before) unpaidOf.set(connection, unpaid);
    return unpaid > UNPAID_PIECES;
  }
}
