// When the service counts as unavailable.

import { expect, it, vi } from "vitest";
import { Reachability } from "../../../clients/typescript/src/reachability.ts";

it("is unavailable after two failed calls in a row, until a call is answered", () => {
  const onAvailable = vi.fn();
  const reachability = new Reachability();
  reachability.onAvailable = onAvailable;
  reachability.failed(0, undefined, 10);
  expect(reachability.isUnavailable(60)).toBe(false);
  reachability.failed(20, undefined, 30);
  expect(reachability.isUnavailable(60)).toBe(true);
  reachability.answered(40);
  expect(reachability.isUnavailable(60)).toBe(false);
  expect(onAvailable).toHaveBeenCalledOnce();
  reachability.answered(50);
  expect(onAvailable).toHaveBeenCalledOnce();
});

it("counts concurrent failures once", () => {
  const reachability = new Reachability();
  for (const beganAtMs of [0, 1, 2, 3]) reachability.failed(beganAtMs, undefined, 10);
  expect(reachability.isUnavailable(60)).toBe(false);
});

it("ignores failures of calls that began before an answered call", () => {
  const reachability = new Reachability();
  reachability.answered(100);
  reachability.failed(0, undefined, 2_000);
  reachability.failed(50, undefined, 2_050);
  reachability.failed(60, undefined, 2_060);
  expect(reachability.isUnavailable(2_060)).toBe(false);
});

// A spool without room has no message, so the spool sender does not find out that the service is back.
it("is no longer unavailable 45 s after the last failed call", () => {
  const reachability = new Reachability();
  reachability.failed(0, undefined, 10);
  reachability.failed(20, undefined, 30);
  expect(reachability.isUnavailable(35_000)).toBe(true);
  expect(reachability.isUnavailable(45_030)).toBe(false);
  reachability.failed(45_040, undefined, 45_050);
  expect(reachability.isUnavailable(45_060)).toBe(true);
});
