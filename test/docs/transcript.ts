// What a document says that a program prints.

import type { TestServer } from "../support/server.ts";

/** The reader's addresses become the test's. */
export function atServer(block: string, server: TestServer): string {
  return block
    .replaceAll("localhost:50051", server.grpcAddress)
    .replaceAll("localhost:8080", server.httpAddress);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The first line that does not occur in the output in this order; `…` stands for anything. */
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
