// What on a link is the answer to a call: the rest, such as pings and heartbeats, proves nothing when
// it is lost.

import type { AnswerFinder } from "./link.ts";

const SCRIPT = Buffer.from("EVALSHA");
const PONG = Buffer.from("+PONG");

/** Of Redis: what comes back when a script was asked for. */
export function scriptReplies(): AnswerFinder {
  let isAsked = false;
  return {
    up(data) {
      if (data.includes(SCRIPT)) isAsked = true;
    },
    down(data) {
      if (!isAsked || data.subarray(0, PONG.length).equals(PONG)) return false;
      isAsked = false;
      return true;
    },
  };
}

const FRAME_HEAD_BYTES = 9;
const HEADERS = 1;
const END_STREAM = 1;
/** What a client of HTTP/2 says before its first frame. */
const PREFACE_BYTES = 24;

/** Of a gRPC server: the trailers of a call, by the heads of the HTTP/2 frames that carry them. */
export function callAnswers(): AnswerFinder {
  const heads = frameHeads();
  return {
    up() {},
    down: (data) =>
      heads(data).some((head) => isHeaders(head) && (flagsOf(head) & END_STREAM) !== 0),
  };
}

/** Of a gRPC client: tells of each call when it begins, by the headers that it sends once for each. */
export function countCalls(onCall: () => void): (data: Buffer) => void {
  const heads = frameHeads(PREFACE_BYTES);
  return (data) => {
    for (const head of heads(data)) if (isHeaders(head)) onCall();
  };
}

const isHeaders = (head: Buffer) => head[3] === HEADERS;
const flagsOf = (head: Buffer) => head[4] ?? 0;

/** Finds the heads of the HTTP/2 frames in what passes in one direction of one connection. */
function frameHeads(skipBytes = 0): (data: Buffer) => readonly Buffer[] {
  /** A head of which the rest is still to come. */
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
