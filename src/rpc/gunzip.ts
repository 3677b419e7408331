import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";

const inflate = promisify(gunzipCallback);

/**
 * A message of 4 MiB may come in 4 KiB, and one connection may have hundreds of them under way:
 * together they would fill the memory, and take every core from the thread that serves all others.
 */
const AT_ONCE = Math.max(1, Math.min(4, availableParallelism() - 1));

let running = 0;
/** By peer. Whose turn has come goes behind all others: one that sends many waits for itself alone. */
const waiting = new Map<object, (() => void)[]>();

/** For whom something is inflated. */
export interface Caller {
  /** It has left, or was refused. */
  readonly isGone: boolean;
  /** Its connection. */
  readonly peer: object;
}

/** Nobody waited for it any more when its turn had come. */
export class Gone extends Error {}

/**
 * At most `limitBytes` are ever inflated, and few messages at a time. `bytes` is asked when its turn
 * has come: undefined where its sender has left.
 * @throws {Gone} or an error of code ERR_BUFFER_TOO_LARGE above the limit, others where it is no gzip
 */
export async function gunzip(
  bytes: () => Uint8Array | undefined,
  limitBytes: number,
  peer: object,
): Promise<Buffer> {
  if (running >= AT_ONCE) await turnOf(peer);
  else running++;
  try {
    const present = bytes();
    if (present === undefined) throw new Gone();
    return await inflate(present, { maxOutputLength: limitBytes });
  } finally {
    const next = nextTurn();
    // Its place goes to the next one, but not before what was inflated has been looked at.
    if (next === undefined) running--;
    else setImmediate(next);
  }
}

function turnOf(peer: object): Promise<void> {
  return new Promise((resolve) => {
    const turns = waiting.get(peer);
    if (turns === undefined) waiting.set(peer, [resolve]);
    else turns.push(resolve);
  });
}

function nextTurn(): (() => void) | undefined {
  for (const [peer, turns] of waiting) {
    const turn = turns.shift();
    waiting.delete(peer);
    if (turns.length > 0) waiting.set(peer, turns);
    return turn;
  }
  return undefined;
}
