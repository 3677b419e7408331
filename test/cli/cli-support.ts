import { type CliActions, runCli } from "../../src/cli/cli.ts";
import type { Config } from "../../src/config/config.ts";
import { readFrom } from "../config/load-support.ts";

export interface CliRun {
  env?: Record<string, string>;
  files?: Record<string, string>;
  terminal?: { columns: number };
  serve?: CliActions["serve"];
  tailOutbox?: CliActions["tailOutbox"];
  backUp?: CliActions["backUp"];
  restore?: CliActions["restore"];
}

const NO_BACKUP = { time: "", bytes: 0 };

/** Runs a command line in memory. `served` is the configuration that the server would get. */
export async function cli(argv: readonly string[], run: CliRun = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const served: Config[] = [];
  const terminal = run.terminal === undefined ? {} : { isTTY: true, ...run.terminal };
  const code = await runCli(
    {
      argv,
      env: run.env ?? {},
      stdout: { write: (text) => out.push(text), ...terminal },
      stderr: { write: (text) => err.push(text), ...terminal },
      readFile: readFrom(run.files ?? {}),
      readLiveFile: readFrom(run.files ?? {}),
      isPublic: () => false,
      hostname: "host",
      pid: 42,
      version: "1.2.3",
    },
    {
      serve: async (config) => {
        served.push(config);
        await run.serve?.(config);
      },
      tailOutbox: async (config, options) => run.tailOutbox?.(config, options),
      backUp: async (config, folder) => (await run.backUp?.(config, folder)) ?? NO_BACKUP,
      restore: async (config, folder) => (await run.restore?.(config, folder)) ?? NO_BACKUP,
    },
  );
  return { code, stdout: out.join(""), stderr: err.join(""), served };
}
