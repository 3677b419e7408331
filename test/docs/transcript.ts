// Compares documented output with real output.

import type { TestServer } from "../support/server.ts";

/** Replaces the reader's addresses by those of the test. */
export function atServer(block: string, server: TestServer): string {
  return block
    .replaceAll("localhost:50051", server.grpcAddress)
    .replaceAll("localhost:8080", server.httpAddress);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Returns the first line that is not in the output, in this order. `…` matches anything. */
export function firstMissing(lines: readonly string[], output: string): string | undefined {
  let rest = output;
  for (const line of lines) {
    const pattern = line.trim().split("…").map(literally).join(".*");
    const found = new RegExp(pattern).exec(rest);
    if (found === null) return line;
    rest = rest.slice(found.index + found[0].length);
  }
  return undefined;
}
