// Real failures of Node and gRPC: the cases of the golden set that need no other packages.

import type { JsonMap } from "../../json.ts";

/** Name of a case to its library, its description, and the function that fails. */
type Cases = Readonly<Record<string, readonly [string, string, () => unknown]>>;

const COLLECTORS = "../../../golden/collect/javascript/cases";
const FILES = ["node", "fetch", "values", "grpc"];

/** The first has only the message `fetch failed`; the others depend on the resolver of the machine. */
const LEFT_OUT = ["fetch: redirected in a circle", "dns: no such name", "fetch: no such name"];

/** Loads the cases late, because they read the ports of their peers. */
async function goldenCases(): Promise<Cases> {
  const modules: readonly Readonly<Record<string, Cases>>[] = await Promise.all(
    FILES.map((file) => import(`${COLLECTORS}/${file}.mjs`)),
  );
  return Object.assign({}, ...modules.flatMap((module) => Object.values(module)));
}

export async function caseNames(): Promise<JsonMap> {
  return { names: Object.keys(await goldenCases()).filter((name) => !LEFT_OUT.includes(name)) };
}

/** Returns the value that a case throws. @throws Error if it throws nothing */
export async function failureOfCase(name: string): Promise<unknown> {
  const [, , act] = (await goldenCases())[name] ?? [];
  if (act === undefined) throw new Error(`there is no case ${name}`);
  try {
    await act();
  } catch (thrown) {
    return thrown;
  }
  throw new Error(`nothing failed: ${name}`);
}
