// Checks that the proofs named in docs/evidence/guarantees.md exist, and that it names what they report.

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { EMBEDDED, EVENTS, EXTERNAL, SENTINEL } from "../faults/kinds/catalog.ts";
import { table } from "../outage/report.ts";
import { tableRows } from "./markdown.ts";

const PAGE = resolve(import.meta.dirname, "../../docs/evidence/guarantees.md");
const page = readFileSync(PAGE, "utf8");
/** One or more of `name` or "name", in the file that is linked next. */
const PROOF = /((?:(?:`[a-z-]+`|"[^"]+")(?:,\s+|\s+and\s+)?)+)\s+in\s+\[[^\]]+\]\(([^)]+)\)/g;

const proofs = [...page.matchAll(PROOF)].flatMap(([, names = "", file = ""]) =>
  [...names.matchAll(/`([a-z-]+)`|"([^"]+)"/g)].map(([, code, title]) => ({
    name: (code ?? title ?? "").replaceAll(/\s+/g, " "),
    file,
  })),
);

describe("docs/evidence/guarantees.md", () => {
  it("names the rows of an outage as its report does", () => {
    const namesIn = (text: string) => tableRows(text, "what").map(([name]) => name);
    expect(namesIn(page)).toEqual(namesIn(table([])));
  });

  it("names proofs", () => {
    expect(proofs.length).toBeGreaterThan(30);
  });

  it.each(proofs)("$name is in $file", ({ name, file }) => {
    const text = readFileSync(join(dirname(PAGE), file), "utf8");
    // A title or name in quotes, or a rule of one word as a key without quotes.
    const found = text.includes(`"${name}"`) || text.includes(`\n  ${name}:`);
    expect(found).toBe(true);
  });

  it("names every fault that kills a process", () => {
    const kinds = [EXTERNAL, EMBEDDED, SENTINEL, EVENTS].flatMap(
      ({ kinds }) => kinds as readonly { name: string }[],
    );
    const deaths = kinds.filter(({ name }) => /^(kill-(?!worker)|orphaned|failover)/.test(name));
    const missing = deaths.filter(({ name }) => !page.includes(`\`${name}\``));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});
