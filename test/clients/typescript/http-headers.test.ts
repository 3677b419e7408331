// Options of a send from the headers of a failed request.

import { describe, expect, it } from "vitest";
import { headerOptions, shortText } from "../../../clients/typescript/src/http/headers.ts";

const optionsOf = (headers: Readonly<Record<string, string>>) =>
  headerOptions((name) => headers[name]);

describe("an idempotency key becomes the source id", () => {
  it.each([
    ["of 256 bytes", "k".repeat(256), "k".repeat(256)],
    ["but not of 257 bytes", "k".repeat(257), undefined],
    ["but not of 129 characters of 2 bytes", "\u00e4".repeat(129), undefined],
    ["but not an empty one", "", undefined],
  ])("%s", (_, key, sourceId) => {
    expect(optionsOf({ "idempotency-key": key }).sourceId).toBe(sourceId);
  });
});

it("no headers give no options", () => {
  expect(optionsOf({})).toEqual({});
});

describe("a path", () => {
  it("that is too long is cut between characters", () => {
    const path = `/${"\u00e4".repeat(4_096)}`;
    expect(shortText(path)).toBe(path.slice(0, 2_048));
  });

  it("that is short is not changed", () => {
    expect(shortText("/orders/\u00e4")).toBe("/orders/\u00e4");
  });
});
