import { beforeEach, expect, test } from "vitest";
import { GroupNumbers } from "../../../src/store/redis/group-numbers.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const digest = (n: number) => new Uint8Array(16).fill(n);
const idOf = (n: number) => Buffer.from(digest(n)).toString("hex").slice(0, 16);

let nowMs: number;
let historyChangedAtMs: number;
let calls: number;
let numbers: GroupNumbers;

beforeEach(() => {
  [nowMs, historyChangedAtMs, calls] = [START_MS, 0, 0];
  const scripts = at.current.store.groups.scripts;
  numbers = new GroupNumbers({
    scripts: {
      part: scripts.part.bind(scripts),
      run(name, parts) {
        calls++;
        return scripts.run(name, parts);
      },
    },
    now: () => nowMs,
    historyChangedAtMs: () => historyChangedAtMs,
  });
});

async function fail(n: number): Promise<void> {
  const group = { digest: digest(n), describe: () => new Uint8Array([n]) };
  const [result] = await at.current.store.send(QUEUE, [{ ...item(), group }], SETTINGS);
  expect(result?.status).toBe("stored");
}

test("numbers of groups are looked up once for the pages of a scan", async () => {
  await fail(1);
  const found = await numbers.numbers(QUEUE, [idOf(1)]);
  expect(found).toHaveLength(1);
  expect(await numbers.numbers(QUEUE, [idOf(1)])).toEqual(found);
  expect(calls).toBe(1);
});

test("a group that begins meanwhile is found after five seconds", async () => {
  expect(await numbers.numbers(QUEUE, [idOf(1)])).toEqual([]);
  await fail(1);
  nowMs += 4_999;
  expect(await numbers.numbers(QUEUE, [idOf(1)])).toEqual([]);
  nowMs += 1;
  expect(await numbers.numbers(QUEUE, [idOf(1)])).toHaveLength(1);
});

test("digests are remembered until Redis has lost writes", async () => {
  await fail(1);
  const [number = 0] = await numbers.numbers(QUEUE, [idOf(1)]);
  const digests = () => numbers.digests(QUEUE, [number]);
  const known = new Map([[number, Buffer.from(digest(1)).toString("hex")]]);
  for (let n = 0; n < 2; n++) expect(await digests()).toEqual(known);
  expect(calls).toBe(2);
  historyChangedAtMs = 5;
  expect(await digests()).toEqual(known);
  expect(calls).toBe(3);
});

test("a failed read is not remembered", async () => {
  await fail(1);
  const scripts = at.current.store.groups.scripts;
  let fails = true;
  const failing = new GroupNumbers({
    scripts: {
      part: scripts.part.bind(scripts),
      run: (name, parts) => (fails ? Promise.reject(new Error("gone")) : scripts.run(name, parts)),
    },
    now: () => nowMs,
    historyChangedAtMs: () => 0,
  });
  await expect(failing.numbers(QUEUE, [idOf(1)])).rejects.toThrow("gone");
  fails = false;
  expect(await failing.numbers(QUEUE, [idOf(1)])).toHaveLength(1);
});
