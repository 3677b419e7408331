// The golden set: real failures, collected by test/golden/collect.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Reason } from "../../src/core/reason.ts";

export interface GoldenFailure {
  readonly name: string;
  readonly type: string;
  readonly message: string;
  readonly grpc_code?: number;
  readonly http_status?: number;
  /** The one that an operator would give. */
  readonly reason: Reason;
}

interface GoldenSet {
  readonly runtime: string;
  /** Failures by name, by library with its version. */
  readonly libraries: Readonly<
    Record<string, Readonly<Record<string, Omit<GoldenFailure, "name">>>>
  >;
}

/** Returns the failures of a language, such as `javascript`. */
export function goldenFailures(language: string): readonly GoldenFailure[] {
  const file = join(import.meta.dirname, "failures", `${language}.json`);
  const { libraries }: GoldenSet = JSON.parse(readFileSync(file, "utf8"));
  const named = Object.values(libraries).flatMap((failures) => Object.entries(failures));
  return named.map(([name, failure]) => ({ name, ...failure }));
}
