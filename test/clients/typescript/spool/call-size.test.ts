import { expect, it } from "vitest";
import { CallSize } from "../../../../clients/typescript/src/spool/call-size.ts";

const KIB = 1024;

it("shrinks after calls without an answer, down to 64 KiB", () => {
  const size = new CallSize();
  const seen = Array.from({ length: 4 }, () => {
    size.unanswered();
    return size.bytes / KIB;
  });
  expect(seen).toEqual([768, 192, 64, 64]);
});

it("doubles after quick answers only, up to 3 MiB", () => {
  const size = new CallSize();
  for (let at = 0; at < 2; at++) size.unanswered();
  size.answered(4_000);
  expect(size.bytes).toBe(192 * KIB);
  const seen = Array.from({ length: 5 }, () => {
    size.answered(100);
    return size.bytes / KIB;
  });
  expect(seen).toEqual([384, 768, 1536, 3072, 3072]);
});
