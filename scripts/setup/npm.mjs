import { ROOT } from "./places.mjs";
import { run } from "./step.mjs";

/**
 * Runs the npm that runs this script, or the one in PATH.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function npm(args, env = process.env) {
  const quiet = [...args, "--no-audit", "--no-fund", "--loglevel=error"];
  const script = process.env.npm_execpath;
  if (script?.endsWith(".js")) return run(process.execPath, [script, ...quiet], { cwd: ROOT, env });
  return run("npm", quiet, { cwd: ROOT, env, shell: process.platform === "win32" });
}
