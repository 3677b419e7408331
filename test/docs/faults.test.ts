import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PAGE, withFaults } from "../faults/docs.ts";

it("docs/evidence/faults.md has the faults of the code: `node test/faults/docs.ts` writes them", () => {
  const page = readFileSync(PAGE, "utf8");
  expect(page).toBe(withFaults(page));
});
