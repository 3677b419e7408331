import { expect, test } from "vitest";
import { describeTarget } from "../../src/serve/open-store.ts";

test.each([
  ["redis://h:6379/0", "redis://h:6379/0"],
  ["redis://bob:hunter2@h:6379/0", "redis://h:6379/0"],
  ["rediss://:hun@ter2@h", "rediss://h"],
  ["redis://hunter2@h", "redis://h"],
  ["unix:///run/redis.sock", "unix:///run/redis.sock"],
])("the place of the data at %s is shown as %s", (url, shown) => {
  expect(describeTarget({ kind: "url", url })).toBe(shown);
});
