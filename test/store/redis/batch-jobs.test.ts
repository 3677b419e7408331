import { expect, test } from "vitest";
import type { StoredJob } from "../../../src/store/contract.ts";
import { useTestStore } from "../../support/store.ts";

const at = useTestStore();
const jobs = () => at.current.store.jobs;
const bytes = (text: string) => Buffer.from(text);
const NO_REQUEST = new Uint8Array();

const create = (request = NO_REQUEST) => jobs().create(request, (number) => bytes(`job ${number}`));
const textOf = (job: StoredJob | undefined) => job && String(Buffer.from(job.record));

test("jobs have numbers in order, and their records", async () => {
  const all = await Promise.all([create(), create(), create()]);
  expect(all.map(({ number }) => number).toSorted()).toEqual([1, 2, 3]);
  for (const job of all) expect(textOf(await jobs().get(job.number))).toBe(`job ${job.number}`);
  expect(await jobs().get(4)).toBeUndefined();
  expect((await jobs().list(undefined, 2)).map(textOf)).toEqual(["job 3", "job 2"]);
  expect((await jobs().list(2, 2)).map(textOf)).toEqual(["job 1"]);
});

test("a repeated request gets the job that it created", async () => {
  const first = await create(bytes("again"));
  const second = await create(bytes("again"));
  expect(second.number).toBe(first.number);
  expect((await create(bytes("other"))).number).toBe(2);
});

test("at most 100 jobs have not ended", async () => {
  for (let n = 0; n < 100; n++) await create();
  await expect(create()).rejects.toThrow("has 100 batch jobs that have not ended");
  const [job] = await jobs().list(undefined, 1);
  expect(await jobs().replace(job as StoredJob, bytes("over"), "ENDED")).toBe(true);
  expect((await create()).number).toBe(102);
});

test("a record is replaced only if it is the one that was seen", async () => {
  const job = await create();
  expect(await jobs().replace(job, bytes("second"), "WAITING")).toBe(true);
  expect(await jobs().replace(job, bytes("third"), "WAITING")).toBe(false);
  expect(textOf(await jobs().get(job.number))).toBe("second");
});

test("one server runs a job at a time, and another one after ten seconds of silence", async () => {
  await create();
  const [one] = await jobs().take([], 5);
  expect(one).toBe(1);
  expect(await jobs().take([], 5)).toEqual([]);
  expect(await jobs().take([1], 5)).toEqual([1]);
  await jobs().giveBack(1);
  expect(await jobs().take([], 5)).toEqual([1]);
});

test("nobody runs a job that is paused or has ended; a resumed one waits again", async () => {
  let job = await create();
  const become = async (record: string, status: "WAITING" | "PAUSED" | "ENDED") => {
    expect(await jobs().replace(job, bytes(record), status)).toBe(true);
    job = (await jobs().get(job.number)) as StoredJob;
  };
  expect(await jobs().take([], 5)).toEqual([1]);
  await become("paused", "PAUSED");
  expect(await jobs().take([1], 5)).toEqual([]);
  await become("resumed", "WAITING");
  expect(await jobs().take([], 5)).toEqual([1]);
  await become("ended", "ENDED");
  expect(await jobs().take([1], 5)).toEqual([]);
});

test("a server takes no more jobs than it may run", async () => {
  for (let n = 0; n < 5; n++) await create();
  expect(await jobs().take([], 2)).toHaveLength(2);
  expect(await jobs().take([1, 2], 3)).toHaveLength(3);
});

test("the oldest of more than 1,000 ended jobs are forgotten", async () => {
  for (let n = 0; n < 1_002; n++) await jobs().replace(await create(), bytes("over"), "ENDED");
  expect(await jobs().get(2)).toBeUndefined();
  expect(textOf(await jobs().get(3))).toBe("over");
  expect(await jobs().list(undefined, 2_000)).toHaveLength(1_000);
});

test("jobs that are created at the same time all get a number", async () => {
  const all = await Promise.all(Array.from({ length: 60 }, () => create()));
  expect(new Set(all.map(({ number }) => number)).size).toBe(60);
});

test("after a failover, which may have lost jobs, no number is used again", async () => {
  await create();
  const { redis, prefix } = at.current;
  await redis.hset(`${prefix}:{jobs}`, "history", "1");
  expect((await create()).number).toBe(102);
  expect((await create()).number).toBe(103);
});

test("jobs wait in the order of their numbers", async () => {
  for (let n = 0; n < 11; n++) await create();
  expect(await jobs().take([], 3)).toEqual([1, 2, 3]);
  expect(await jobs().take([], 8)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
});

test("a job that ends after many later ones is kept", async () => {
  const old = await create();
  for (let n = 0; n < 1_001; n++) {
    const later = await create();
    expect(await jobs().replace(later, bytes("over"), "ENDED")).toBe(true);
  }
  expect(await jobs().replace(old, bytes("late"), "ENDED")).toBe(true);
  expect(textOf(await jobs().get(old.number))).toBe("late");
});
