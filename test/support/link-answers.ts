// Finds answers to calls on a link. Losing anything else, such as a ping or a heartbeat, tests nothing.

import type { AnswerFinder } from "./link.ts";

const SCRIPT = Buffer.from("EVALSHA");
const PONG = Buffer.from("+PONG");

/** For Redis: replies to scripts. */
export function scriptReplies(): AnswerFinder {
  let isPending = false;
  return {
    up(data) {
      if (data.includes(SCRIPT)) isPending = true;
    },
    down(data) {
      if (!isPending || data.subarray(0, PONG.length).equals(PONG)) return false;
      isPending = false;
      return true;
    },
  };
}

const FRAME_HEAD_BYTES = 9;
const HEADERS = 1;
const END_STREAM = 1;
/** A client of HTTP/2 sends this before its first frame. */
const PREFACE_BYTES = 24;

/** For gRPC: the trailers of a call, by the heads of the HTTP/2 frames that carry them. */
export function callAnswers(): AnswerFinder {
  const heads = frameHeads();
  return {
    up() {},
    down: (data) =>
      heads(data).some((head) => isHeaders(head) && (flagsOf(head) & END_STREAM) !== 0),
  };
}

/** For a gRPC client: calls `onCall` when a call begins, by the headers that the client sends. */
export function countCalls(onCall: () => void): (data: Buffer) => void {
  const heads = frameHeads(PREFACE_BYTES);
  return (data) => {
    for (const head of heads(data)) if (isHeaders(head)) onCall();
  };
}

const isHeaders = (head: Buffer) => head[3] === HEADERS;
const flagsOf = (head: Buffer) => head[4] ?? 0;

/** Finds the heads of HTTP/2 frames in one direction of one connection. */
function frameHeads(skipBytes = 0): (data: Buffer) => readonly Buffer[] {
  /** The beginning of a head that is not complete yet. */
  let head = Buffer.alloc(0);
  /** Bytes until the next head. */
  let rest = skipBytes;
  return (data) => {
    const found: Buffer[] = [];
    for (let at = 0; at < data.length; ) {
      if (rest > 0) {
        const taken = Math.min(rest, data.length - at);
        rest -= taken;
        at += taken;
        continue;
      }
      const missing = FRAME_HEAD_BYTES - head.length;
      head = Buffer.concat([head, data.subarray(at, at + missing)]);
      at += missing;
      if (head.length < FRAME_HEAD_BYTES) break;
      rest = head.readUIntBE(0, 3);
      found.push(head);
      head = Buffer.alloc(0);
    }
    return found;
  };
}
