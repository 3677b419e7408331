// `dlq-client/web`: reads over HTTP, with browser APIs only.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Code, createDlqReader } from "../../../clients/typescript/src/web.ts";
import { startTestServer } from "../../support/server.ts";
import { clientOf, stored } from "./client.ts";

it("reads counts, queues and rules, with a token", { timeout: 60_000 }, async () => {
  const token = "a-long-enough-secret-token";
  const server = await startTestServer({ env: { DLQ_TOKENS: token } });
  onTestFinished(() => server.stop());
  stored(await clientOf(server, { token }).send("orders", "x", new Error("it broke")));
  const url = `http://${server.httpAddress}`;
  const reader = createDlqReader({ url, token });
  const { queues } = await reader.stats({ queues: ["orders"] });
  expect(queues).toMatchObject([{ queue: "orders", scheduled: 1n }]);
  const listed = await reader.listQueues({});
  expect(listed.queues.map(({ name }) => name)).toEqual(["orders"]);
  expect((await reader.getQueue({ queue: "orders" })).queue?.name).toBe("orders");
  expect((await reader.getRules({})).ruleSet?.rules).toEqual([]);
  expect((await reader.listBreakers({ queue: "orders" })).breakers).toEqual([]);
  const withoutToken = createDlqReader({ url }).stats({});
  await expect(withoutToken).rejects.toMatchObject({ code: Code.Unauthenticated });
});

const IMPORT = /^(?:import|export)\s[^"']*?\sfrom\s+"([^"]+)"/gm;

/** Returns all modules that a file imports, by value or type, itself included. */
function modulesFrom(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, target = ""] of readFileSync(file, "utf8").matchAll(IMPORT)) {
    if (target.startsWith(".")) modulesFrom(resolve(dirname(file), target), found);
    else found.add(target);
  }
  return found;
}

it("imports nothing of Node", () => {
  const entry = resolve(import.meta.dirname, "../../../clients/typescript/src/web.ts");
  const modules = [...modulesFrom(entry)];
  expect(modules.filter((name) => /^node:|connect-node/.test(name))).toEqual([]);
  expect(modules.length).toBeGreaterThan(8);
});
