// What headers say of a request that failed, and what of them is left out.

import { describe, expect, it } from "vitest";
import { headerOptions, shortPath } from "../../../clients/typescript/src/http/headers.ts";

const optionsOf = (headers: Readonly<Record<string, string>>) =>
  headerOptions((name) => headers[name]);

describe("an idempotency key", () => {
  it.each([
    ["that the service takes", "k".repeat(256), "k".repeat(256)],
    ["that is too long", "k".repeat(257), undefined],
    ["of too many bytes", "\u00e4".repeat(129), undefined],
    ["that is empty", "", undefined],
  ])("%s", (_, key, sourceId) => {
    expect(optionsOf({ "idempotency-key": key }).sourceId).toBe(sourceId);
  });
});

it("no headers say nothing", () => {
  expect(optionsOf({})).toEqual({});
});

describe("a path", () => {
  it("is cut where it is too long, between characters", () => {
    const path = `/${"\u00e4".repeat(4_096)}`;
    expect(shortPath(path)).toBe(path.slice(0, 2_048));
  });

  it("else stays what it is", () => {
    expect(shortPath("/orders/\u00e4")).toBe("/orders/\u00e4");
  });
});
