import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes, the longest first. One that came last would leave the other cores idle. */
const LONG = [
  "test/clients/python-client.test.ts",
  "test/contract/contract.test.ts",
  "test/e2e/breaker.test.ts",
  "test/hostile/hostile.test.ts",
  "test/outage/outage.test.ts",
];

const END = LONG.length;

/** Long files first; the others as vitest has them. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
  return at === -1 ? END : at;
}
