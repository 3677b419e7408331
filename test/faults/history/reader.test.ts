import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readJsonLines } from "./reader.ts";
import { asEvent } from "./shape.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dlq-history-"));
  file = join(folder, "actor.jsonl");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(text: string): Promise<{ values: unknown[]; isCut: boolean }> {
  await writeFile(file, text);
  const values: unknown[] = [];
  const { lines, bytes, isCut } = await readJsonLines(file, (value) => values.push(value));
  expect(lines).toBe(values.length);
  expect(bytes).toBe(Buffer.byteLength(text));
  return { values, isCut };
}

it("reads each line, also a last one without a newline", async () => {
  expect(await read("")).toEqual({ values: [], isCut: false });
  expect(await read('{"a":"ü"}\n[2]\n')).toEqual({ values: [{ a: "ü" }, [2]], isCut: false });
  expect(await read("1\n2")).toEqual({ values: [1, 2], isCut: false });
});

it("skips an incomplete last line", async () => {
  expect(await read('{"a":1}\n{"a":')).toEqual({ values: [{ a: 1 }], isCut: true });
});

it("reports the place of any other invalid line", async () => {
  await expect(read('1\n{"a":\n3\n')).rejects.toThrow(`${file}:2: `);
  await expect(read("1\n\n3\n")).rejects.toThrow(`${file}:2: `);
  await expect(read('1\n{"a":\n')).rejects.toThrow(`${file}:2: `);
});

it("reports the place of a line that its consumer rejects", async () => {
  await writeFile(file, "1\n2\n3\n");
  const refuse = (value: unknown) => {
    if (value === 3) throw new Error("no threes");
  };
  await expect(readJsonLines(file, refuse)).rejects.toThrow(`${file}:3: no threes`);
});

it("reads lines across the chunks of the file", async () => {
  const line = (n: number) => JSON.stringify({ n, text: "ö".repeat(n % 977) });
  for (let from = 0; from < 20_000; from += 1_000) {
    const piece = Array.from({ length: 1_000 }, (_, at) => `${line(from + at)}\n`);
    await appendFile(file, piece.join(""));
  }
  let next = 0;
  await readJsonLines(file, (value) => {
    if (JSON.stringify(value) !== line(next++)) throw new Error("another line");
  });
  expect(next).toBe(20_000);
});

it("accepts events with a known name and the right fields", () => {
  const ended = { e: "ended", at: 1 };
  expect(asEvent(ended)).toBe(ended);
  const closed = { e: "closed", at: 1, stream: "s", why: "reset" };
  expect(asEvent(closed)).toBe(closed);
  expect(() => asEvent({ ...closed, stream: undefined })).toThrow("closed.stream is not a string");
  expect(() => asEvent({ e: "acking", at: 1, request: "r", outcomes: {} })).toThrow(
    "is not an array",
  );
  expect(() => asEvent({ e: "finished", at: 1 })).toThrow("unknown event");
  expect(() => asEvent(null)).toThrow("is not an object");
  const sending = {
    e: "sending",
    at: 1,
    request: "r",
    source: "s",
    queue: "q",
    sum: "",
    edited: "s",
    plan: "x",
  };
  expect(() => asEvent(sending)).toThrow("unknown plan x");
});
