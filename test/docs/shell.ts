// A shell that runs one block at a time, like a reader who pastes them. It keeps variables and functions.

import { spawn } from "node:child_process";

export interface Shell {
  /** Runs a block and resolves with its output, including stderr. */
  run(block: string): Promise<string>;
  close(): void;
}

const DEADLINE_MS = 60_000;

/** @param preamble runs first, for example to define a program that the reader has in PATH */
export function openShell(preamble: string): Shell {
  const shell = spawn("sh", [], { stdio: ["pipe", "pipe", "inherit"] });
  shell.stdin.write(`exec 2>&1\n${preamble}\n`);
  let output = "";
  let notified = () => {};
  let failed = (_error: Error) => {};
  shell.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    notified();
  });
  shell.once("exit", () => failed(new Error(`the shell ended:\n${output}`)));
  let blocks = 0;

  return {
    async run(block) {
      const end = `--- end of block ${++blocks} ---`;
      output = "";
      shell.stdin.write(`${block}\nprintf '\\n%s\\n' '${end}'\n`);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`no end:\n${output}`)), DEADLINE_MS);
      notified = () => {
        if (output.includes(end)) resolve();
      };
      failed = reject;
      try {
        await promise;
      } finally {
        clearTimeout(timer);
      }
      return output.slice(0, output.indexOf(end));
    },
    close() {
      failed = () => {};
      shell.stdin.end();
      shell.kill();
    },
  };
}
