// Writes every script as Redis gets it, for one queue and for many, into a folder:
// `node src/store/redis/script-text/print.ts FOLDER`.

import { writeFileSync } from "node:fs";
import { SCRIPTS, type ScriptName } from "../scripts.ts";
import { loadScript } from "./build.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("names no folder");
for (const name of Object.keys(SCRIPTS) as ScriptName[]) {
  const { source, many } = loadScript(name);
  // Lua tools reject the line of flags.
  writeFileSync(`${folder}/${name}.lua`, source.replace(/^#!/, "--"));
  writeFileSync(`${folder}/${name}.many.lua`, many.source.replace(/^#!/, "--"));
}
