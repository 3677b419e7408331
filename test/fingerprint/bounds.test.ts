import fc from "fast-check";
import { expect, test } from "vitest";
import { type FailureToGroup, fingerprintOf } from "../../src/core/fingerprint/fingerprint.ts";

const READ_MESSAGE_CHARS = 4096;
const READ_STACK_CHARS = 16_384;

/** Far above what it takes, and far below what work in proportion to the square of these lengths would take. */
const LIMIT_MS = 200;

const CHARS = 64 * 1024;
const HOSTILE = [
  "a",
  "1",
  "a1",
  "1.",
  "-",
  "_",
  ".",
  ":",
  "/",
  "@",
  "$",
  "\\",
  " ",
  "\n",
  '"',
  "'",
  "`",
  "(",
  "[",
  "{",
  "=(",
  "a@",
  "a.",
  "1:",
  "://",
  "x://",
  '" ',
  '"a ',
  "'\"`",
  "error ",
  "$$a",
  "<",
  "^",
  "|\n",
  "1 | \n",
  "😀",
  "\ud800",
  "é",
  "0x",
  "P1T",
  "1s",
  "[parameters: (",
  "but was ",
  "convert ",
  "No enum constant ",
  '" is not valid JSON',
  "::",
  "lambda$",
  "{{closure}}",
  "[as ",
  "Key (",
].map((part) => part.repeat(CHARS / part.length));

const LINES = [
  "\tat com.example.A.b(C.java:1)",
  "    at a (b.js:1:1)",
  "    at ",
  '  File "',
  '  File "/a/b.py", line 1, in c',
  "Caused by: x",
  "[cause]: x",
  "  12: a::b",
  "a.b(...)\n\t/x/a.go:1",
  "The above exception was the direct cause of it",
  "At ",
  "\t((((((.go:1",
  "",
].map((line) => `${line}\n`.repeat(10_000));

function elapsedMs(failure: FailureToGroup): number {
  const start = performance.now();
  fingerprintOf(failure, "UNKNOWN_ERROR", "");
  return performance.now() - start;
}

test.each(HOSTILE.map((text) => [text.slice(0, 8), text]))(
  "64 KiB of %j are no burden",
  (_, text) => {
    const ms = elapsedMs({ type: text, message: text, stackTrace: text });
    expect(ms).toBeLessThan(LIMIT_MS);
  },
);

test.each(LINES.map((text) => [text.slice(0, 24), text]))(
  "10,000 lines of %j are no burden",
  (_, text) => {
    expect(elapsedMs({ type: "", message: "", stackTrace: text })).toBeLessThan(LIMIT_MS);
  },
);

/** Returns the shortest time of several runs: other work of the machine does not matter. */
function bestMs(message: string): number {
  const failure = { type: "", message, stackTrace: "" };
  return Math.min(...Array.from({ length: 20 }, () => elapsedMs(failure)));
}

const messageOf = (start: string, part: string): string =>
  (start + part.repeat(READ_MESSAGE_CHARS)).slice(0, READ_MESSAGE_CHARS);

/** A list of numbers, which is read to its end. */
const ORDINARY = messageOf("", "17, ");
/** The slowest message known takes four times as long. Work in proportion to the square took 10 to 140 times. */
const TIMES = 8;

test.each([
  ["", "::1 "],
  ["", "1 ::"],
  ["", "::500 "],
  ["", "1:11 "],
  ["", '::"a'],
  ["", "?"],
  ["", "*-"],
  ["", '"a@'],
  ["", "0x\n"],
  ["", '"" '],
  ["a://", ";?"],
  ["deadbeef".repeat(12), '" "'],
  ["http".repeat(24), '" "'],
  ["a".repeat(300), "' '"],
  ["http".repeat(46), 'z" "*-'],
  ["bad ".repeat(24), '=" " '],
  ["no such ".repeat(12), ': "" '],
  ["x ".repeat(200), '1"a b c" '],
])("a message of %j and many %j is read in time proportional to its length", (start, part) => {
  const ordinaryMs = bestMs(ORDINARY);
  expect(bestMs(messageOf(start, part))).toBeLessThan(TIMES * ordinaryMs);
});

test("what follows the limits does not matter", () => {
  const start = {
    type: "T",
    message: "m ".repeat(READ_MESSAGE_CHARS),
    stackTrace: "l\n".repeat(READ_STACK_CHARS),
  };
  const more = {
    type: "T",
    message: `${start.message}other`,
    stackTrace: `${start.stackTrace}    at charge (/srv/app/charge.js:1:1)`,
  };
  expect(fingerprintOf(more, "TIMEOUT", "").text).toEqual(fingerprintOf(start, "TIMEOUT", "").text);
});

test("any failure has a fingerprint, each time the same, with short parts", () => {
  const any = fc.string({ unit: "binary", maxLength: 500 });
  fc.assert(
    fc.property(any, any, any, any, (type, message, stackTrace, code) => {
      const failure = { type, message, stackTrace, attributes: { code } };
      const { text, parts } = fingerprintOf(failure, "TIMEOUT", "");
      expect(fingerprintOf(failure, "TIMEOUT", "")).toEqual({ text, parts });
      expect(parts.type.length).toBeLessThan(500);
      expect(parts.message.length).toBeLessThan(3000);
      expect(parts.frame.length).toBeLessThan(1100);
    }),
  );
});
