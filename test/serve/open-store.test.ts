import { expect, test } from "vitest";
import { createErrorLog, describeTarget } from "../../src/serve/open-store.ts";
import { DamagedOutbox } from "../../src/store/redis/damaged-outbox.ts";

test.each([
  ["redis://h:6379/0", "redis://h:6379/0"],
  ["redis://bob:hunter2@h:6379/0", "redis://h:6379/0"],
  ["rediss://:hun@ter2@h", "rediss://h"],
  ["redis://hunter2@h", "redis://h"],
  ["unix:///run/redis.sock", "unix:///run/redis.sock"],
])("the place of the data at %s is shown as %s", (url, shown) => {
  expect(describeTarget({ kind: "url", url })).toBe(shown);
});

test("each damaged outbox is logged, also among many other errors", () => {
  const lines: unknown[] = [];
  const log = createErrorLog({ warn: (...line: unknown[]) => lines.push(line) });
  log(new Error("no answer"));
  log(new DamagedOutbox("dlq:{1}/outbox", "WRONGTYPE"));
  log(new DamagedOutbox("dlq:{2}/outbox", "WRONGTYPE"));
  log(new Error("no answer"));
  expect(lines).toEqual([
    [{ error: "no answer" }, "the store cannot be reached; retrying"],
    [{ error: expect.stringContaining("dlq:{1}/outbox") }, "some events cannot be read"],
    [{ error: expect.stringContaining("dlq:{2}/outbox") }, "some events cannot be read"],
  ]);
});
