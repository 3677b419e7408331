// Failures that Node and gRPC make for real: those of the golden set that need no other packages.

import type { JsonMap } from "../../json.ts";

/** Library, what an operator would say, and what makes it happen. */
type Cases = Readonly<Record<string, readonly [string, string, () => unknown]>>;

const COLLECTORS = "../../../golden/collect/javascript/cases";
const FILES = ["node", "fetch", "values", "grpc"];

/** The first says only `fetch failed`; the others ask whatever resolver there is. */
const LEFT_OUT = ["fetch: redirected in a circle", "dns: no such name", "fetch: no such name"];

/** Loaded when they are asked for: they read the ports of their peers. */
async function goldenCases(): Promise<Cases> {
  const modules: readonly Readonly<Record<string, Cases>>[] = await Promise.all(
    FILES.map((file) => import(`${COLLECTORS}/${file}.mjs`)),
  );
  return Object.assign({}, ...modules.flatMap((module) => Object.values(module)));
}

export async function caseNames(): Promise<JsonMap> {
  return { names: Object.keys(await goldenCases()).filter((name) => !LEFT_OUT.includes(name)) };
}

/** What was thrown. @throws Error when nothing was */
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
