// Sends the inputs again that once found something.

import { afterAll, beforeAll, expect, it } from "vitest";
import { readFound } from "./found.ts";
import { FuzzTarget } from "./target.ts";

let target: FuzzTarget;
beforeAll(async () => {
  target = await FuzzTarget.start();
});
afterAll(() => target.stop());

it.for(readFound())("$name: $why", async ({ input }) => {
  // A second time, because the first call of a method compiles its decoder.
  await target.send(input);
  await expect(target.send(input)).resolves.toBeUndefined();
});
