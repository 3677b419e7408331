import { expect, it } from "vitest";
import { callAnswers, countCalls, scriptReplies } from "./link-answers.ts";

it("finds the reply to a script, and no other reply of Redis", () => {
  const finder = scriptReplies();
  expect(finder.down(Buffer.from("+OK\r\n"))).toBe(false);
  finder.up(Buffer.from("*1\r\n$4\r\nPING\r\n"));
  expect(finder.down(Buffer.from("+PONG\r\n"))).toBe(false);
  finder.up(Buffer.from("*3\r\n$7\r\nEVALSHA\r\n$2\r\nab\r\n$1\r\n0\r\n"));
  expect(finder.down(Buffer.from("+PONG\r\n"))).toBe(false);
  expect(finder.down(Buffer.from(":1\r\n"))).toBe(true);
  expect(finder.down(Buffer.from(":1\r\n"))).toBe(false);
});

/** An HTTP/2 frame of stream 1. */
function frame(type: number, flags: number, bytes: number): Buffer {
  const head = Buffer.alloc(9 + bytes, 7);
  head.writeUIntBE(bytes, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(1, 5);
  return head;
}

const PING = frame(6, 1, 8);
const DATA = frame(0, 0, 300);
const HEADERS = frame(1, 4, 20);
const TRAILERS = frame(1, 5, 12);

it("finds the trailers of a call among pings, headers and data", () => {
  const { down } = callAnswers();
  expect(down(Buffer.concat([frame(4, 0, 0), PING]))).toBe(false);
  expect(down(Buffer.concat([HEADERS, DATA]))).toBe(false);
  expect(down(DATA)).toBe(false);
  expect(down(Buffer.concat([DATA, TRAILERS, PING]))).toBe(true);
  expect(down(PING)).toBe(false);
});

it("finds them in pieces of any size", () => {
  const whole = Buffer.concat([PING, HEADERS, DATA, TRAILERS, PING, DATA, TRAILERS]);
  for (const size of [1, 2, 5, 8, 9, 10, 100]) {
    const { down } = callAnswers();
    let found = 0;
    for (let at = 0; at < whole.length; at += size) {
      if (down(whole.subarray(at, at + size))) found++;
    }
    expect(found, `pieces of ${size}`).toBe(2);
  }
});

it("counts calls by the data of the client, in pieces of any size", () => {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const whole = Buffer.concat([preface, frame(4, 0, 6), HEADERS, DATA, PING, HEADERS, HEADERS]);
  for (const size of [1, 7, 24, 33, 1_000]) {
    let calls = 0;
    const count = countCalls(() => void calls++);
    for (let at = 0; at < whole.length; at += size) count(whole.subarray(at, at + size));
    expect(calls, `pieces of ${size}`).toBe(3);
  }
});
