import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { gunzip as gunzipCallback, gzip as gzipCallback } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { canceled, malformedRequest, tooLarge } from "../error-map.ts";
import { COMPRESSED, type Frame, frameOf } from "./frames.ts";

const gzip = promisify(gzipCallback);

/** Supported encodings, for `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = "gzip,identity";

export type Encoding = "gzip" | "identity";

export function encodingOf(header: string | undefined): Encoding | undefined {
  if (header === undefined || header === "identity") return "identity";
  return header === "gzip" ? "gzip" : undefined;
}

/** Decompresses a message, at most `limitBytes` of it. */
export async function inflate(
  frame: Frame,
  encoding: Encoding,
  limitBytes: number,
  caller: Caller,
): Promise<Uint8Array> {
  if (!frame.compressed || frame.bytes.length === 0) return frame.bytes;
  if (encoding === "identity") {
    throw malformedRequest("compressed message without a grpc-encoding header", Code.Internal);
  }
  try {
    return await gunzip(() => (caller.isGone ? undefined : frame.bytes), limitBytes, caller.peer);
  } catch (error) {
    if (error instanceof CallerGone) throw canceled();
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw tooLarge(limitBytes);
    throw malformedRequest("the message is not valid gzip");
  }
}

/** Compresses a message, unless it is too small to be worth it. */
export async function deflate(message: Uint8Array, minBytes: number): Promise<Buffer> {
  if (message.length < minBytes) return frameOf(message);
  return frameOf(await gzip(message), COMPRESSED);
}

const gunzipBytes = promisify(gunzipCallback);

/**
 * 4 KiB may decompress to 4 MiB, and one connection may have hundreds of calls. Without this limit
 * they would fill the memory and use every core.
 */
const AT_ONCE = Math.max(1, Math.min(4, availableParallelism() - 1));

let running = 0;
/** Waiting callers by peer. Peers take turns, so that one with many requests delays only itself. */
const waiting = new Map<object, (() => void)[]>();

/** The call that a message is decompressed for. */
export interface Caller {
  /** Whether it was cancelled or refused. */
  readonly isGone: boolean;
  /** The connection of the call. */
  readonly peer: object;
}

/** The caller was gone when its turn came. */
export class CallerGone extends Error {}

/**
 * Decompresses at most `limitBytes`, a few messages at a time. `bytes` is called when it starts and
 * returns undefined if the caller is gone. @throws {CallerGone}, an error of code
 * ERR_BUFFER_TOO_LARGE above the limit, or others for invalid gzip
 */
export async function gunzip(
  bytes: () => Uint8Array | undefined,
  limitBytes: number,
  peer: object,
): Promise<Buffer> {
  if (running >= AT_ONCE) await waitForSlot(peer);
  else running++;
  try {
    const present = bytes();
    if (present === undefined) throw new CallerGone();
    return await gunzipBytes(present, { maxOutputLength: limitBytes });
  } finally {
    const next = nextInLine();
    // The slot goes to the next caller, after the result was processed.
    if (next === undefined) running--;
    else setImmediate(next);
  }
}

function waitForSlot(peer: object): Promise<void> {
  return new Promise((resolve) => {
    const turns = waiting.get(peer);
    if (turns === undefined) waiting.set(peer, [resolve]);
    else turns.push(resolve);
  });
}

function nextInLine(): (() => void) | undefined {
  for (const [peer, turns] of waiting) {
    const turn = turns.shift();
    waiting.delete(peer);
    if (turns.length > 0) waiting.set(peer, turns);
    return turn;
  }
  return undefined;
}
