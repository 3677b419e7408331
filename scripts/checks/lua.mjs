// luacheck on the store's scripts, as Redis gets them: undefined names, unused variables, unreachable code.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inPath } from "../setup/places.mjs";
import { setupIsOff } from "../setup/step.mjs";
import { installPackages, mayInstallPackages } from "../setup/system-packages.mjs";
import { isCi } from "../setup/toolchains.mjs";

const CONFIG = "src/store/redis/lua/.luacheckrc";
const ADVICE = "no luacheck; Debian, Ubuntu: apt-get install lua-check";

/**
 * @param {(command: readonly string[]) => { ok: boolean, output: string }} run
 * @returns {import("./checks.mjs").CheckResult}
 */
export function checkLua(run) {
  if (!ensureLuacheck()) {
    // Locally it is optional; CI must not pass without it.
    return isCi ? { ok: false, output: ADVICE } : { ok: true, output: "", skipped: ADVICE };
  }
  const folder = mkdtempSync(join(tmpdir(), "dlq-lua-"));
  try {
    const printed = run(["node", "src/store/redis/script-text/print.ts", folder]);
    if (!printed.ok) return printed;
    const { ok, output } = run([
      ...["luacheck", "--config", CONFIG, "--no-color", "--quiet", "--formatter", "plain", folder],
    ]);
    return { ok, output: withLines(output, folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ensureLuacheck() {
  if (inPath("luacheck") !== undefined) return true;
  if (setupIsOff || !mayInstallPackages()) return false;
  try {
    installPackages("luacheck", ["lua-check"]);
  } catch {
    return false;
  }
  return inPath("luacheck") !== undefined;
}

/** Shows the line of each finding: the files are gone afterwards. @param {string} output @param {string} folder */
function withLines(output, folder) {
  return output.replace(/^.*\/(\w+\.lua):(\d+):(.*)$/gm, (_, file, line, rest) => {
    const text = readFileSync(join(folder, file), "utf8").split("\n")[Number(line) - 1] ?? "";
    return `${file}:${line}:${rest}\n    ${text.trim()}`;
  });
}
