import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PAGE, withTables } from "../faults/docs.ts";

it("docs/evidence/faults.md has the faults and rules of the code: `node test/faults/docs.ts` writes them", () => {
  const page = readFileSync(PAGE, "utf8");
  expect(page).toBe(withTables(page));
});
