// When the service is known to be away: neither one fault nor old news says so.

import { expect, it, vi } from "vitest";
import { Reachability } from "../../../clients/typescript/src/reachability.ts";

it("is away after two calls one after the other have failed, until one is answered", () => {
  const onBack = vi.fn();
  const reachability = new Reachability();
  reachability.onBack = onBack;
  reachability.failed(0, undefined, 10);
  expect(reachability.isAway(60)).toBe(false);
  reachability.failed(20, undefined, 30);
  expect(reachability.isAway(60)).toBe(true);
  reachability.answered(40);
  expect(reachability.isAway(60)).toBe(false);
  expect(onBack).toHaveBeenCalledOnce();
  reachability.answered(50);
  expect(onBack).toHaveBeenCalledOnce();
});

it("is not away because calls that were under way together fail by one fault", () => {
  const reachability = new Reachability();
  for (const beganAtMs of [0, 1, 2, 3]) reachability.failed(beganAtMs, undefined, 10);
  expect(reachability.isAway(60)).toBe(false);
});

it("is not away by failures of calls that had begun before one was answered", () => {
  const reachability = new Reachability();
  reachability.answered(100);
  reachability.failed(0, undefined, 2_000);
  reachability.failed(50, undefined, 2_050);
  reachability.failed(60, undefined, 2_060);
  expect(reachability.isAway(2_060)).toBe(false);
});

// Where nothing finds room in the spool, nothing in it finds out that the service is back.
it("is not taken to be away any more once nothing has asked for long", () => {
  const reachability = new Reachability();
  reachability.failed(0, undefined, 10);
  reachability.failed(20, undefined, 30);
  expect(reachability.isAway(35_000)).toBe(true);
  expect(reachability.isAway(45_030)).toBe(false);
  reachability.failed(45_040, undefined, 45_050);
  expect(reachability.isAway(45_060)).toBe(true);
});
