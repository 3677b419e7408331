import { expect, it } from "vitest";
import { ScanSlots } from "../../../src/app/messages/scan-slots.ts";

const NEVER = new AbortController().signal;

it("lets some scans run at once; the others begin in order when one ends", async () => {
  const slots = new ScanSlots("counts", 2, 9);
  const [first, second] = [await slots.take(NEVER), await slots.take(NEVER)];
  const begun: number[] = [];
  const waiting = [3, 4].map(async (name) => {
    const giveBack = await slots.take(NEVER);
    begun.push(name);
    return giveBack;
  });
  first();
  (await waiting[0])?.();
  (await waiting[1])?.();
  expect(begun).toEqual([3, 4]);
  second();
  const again = [await slots.take(NEVER), await slots.take(NEVER)];
  expect(again).toHaveLength(2);
});

it("refuses a scan if too many wait", async () => {
  const slots = new ScanSlots("counts", 1, 1);
  const giveBack = await slots.take(NEVER);
  const waiting = slots.take(NEVER);
  await expect(slots.take(NEVER)).rejects.toMatchObject({
    message: expect.stringContaining("1 counts run, and 1 wait"),
    detail: { kind: "BUSY", retryAfterMs: 5_000 },
  });
  giveBack();
  (await waiting)();
});

it("a scan that waits ends with its call, and makes room", async () => {
  const slots = new ScanSlots("counts", 1, 1);
  const giveBack = await slots.take(NEVER);
  const call = new AbortController();
  const waiting = slots.take(call.signal);
  call.abort(new Error("the client ended the call"));
  await expect(waiting).rejects.toThrow("the client ended the call");
  await expect(slots.take(call.signal)).rejects.toThrow("the client ended the call");
  const next = slots.take(NEVER);
  giveBack();
  (await next)();
});
