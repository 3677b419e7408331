import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const ROOT = resolve(import.meta.dirname, "../..");
const TIMES = resolve(ROOT, ".runtime/test-times.json");
/** Takes minutes, and is first also where no times are known. */
const LONG = ["test/clients/python-client.test.ts", "test/contract/contract.test.ts"];

/**
 * Starts the files that took longest in the last run of `npm test` first: a long file that comes last
 * leaves the other cores without work.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const times = lastTimes();
    const msOf = ({ moduleId }: TestSpecification) => {
      const file = relative(ROOT, moduleId);
      return times[file]?.ms ?? (LONG.includes(file) ? Number.POSITIVE_INFINITY : 0);
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => msOf(b) - msOf(a) || 0);
  }
}

function lastTimes(): Readonly<Record<string, { readonly ms: number }>> {
  try {
    return JSON.parse(readFileSync(TIMES, "utf8")).files;
  } catch {
    return {}; // nothing has run yet
  }
}
