// Secrets in queries of failed requests, with the cases of all clients.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { shownQuery } from "../../../clients/typescript/src/http/shown-query.ts";

interface Case {
  readonly query: string;
  readonly names?: readonly string[];
  readonly shown: string;
}

const CASES = resolve(import.meta.dirname, "../../../clients/scenarios/queries.json");

it.each(JSON.parse(readFileSync(CASES, "utf8")) as Case[])("$query", ({ query, names, shown }) => {
  expect(shownQuery(query, names)).toBe(shown);
});
