// Sums a profile of `node --cpu-prof` by part of the server, in microseconds per message.
//
//   node --cpu-prof --cpu-prof-dir=prof src/main.ts serve …   # load it, then end it
//   node test/bench/profile.ts prof/NAME.cpuprofile MESSAGES

import { readFileSync } from "node:fs";

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string } }[];
  readonly samples: readonly number[];
  /** Microseconds since the previous sample. */
  readonly timeDeltas: readonly number[];
}

const [file, messages] = process.argv.slice(2);
if (file === undefined || !(Number(messages) > 0)) {
  process.stderr.write("usage: node test/bench/profile.ts FILE.cpuprofile MESSAGES\n");
  process.exit(2);
}
const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
const partOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, part(callFrame)]));
const spent = new Map<string, number>();
profile.samples.forEach((id, index) => {
  const name = partOf.get(id) ?? "?";
  spent.set(name, (spent.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0));
});
const rows = [...spent]
  .map(([name, us]) => ({ part: name, "us a message": us / Number(messages) }))
  .filter((row) => row["us a message"] >= 0.05)
  .toSorted((a, b) => b["us a message"] - a["us a message"]);
for (const row of rows) {
  process.stdout.write(`${row["us a message"].toFixed(1).padStart(7)}  ${row.part}\n`);
}

/** Returns the folder of our code, the name of a library, or the part of Node. */
function part({ functionName, url }: { functionName: string; url: string }): string {
  if (functionName.startsWith("(")) return functionName;
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (library !== undefined) return library;
  const own = /\/src\/([^/]+(?:\/redis|\/grpc|\/convert|\/delivery)?)/.exec(url)?.[1];
  if (own !== undefined) return `src/${own}`;
  if (/loader|modules|amaro|wasm/.test(url)) return "start-up";
  const internal = /^node:(internal\/)?([a-z0-9_]+)/.exec(url)?.[2];
  if (internal !== undefined) return `node:${internal}`;
  // Calls into the kernel and the engine, from any part.
  return `native ${functionName === "" ? "code" : functionName}`;
}
