import type { Input } from "../io.ts";

/** The keys that end a command: q, and Ctrl-C, which is a key like others while keys are read one by one. */
const QUIT: readonly string[] = ["q", "Q", "\u0003"];

/** A signal that aborts at q or Ctrl-C, and what ends reading keys. */
export interface QuitKeys {
  readonly signal: AbortSignal;
  end(): void;
}

/** Reads single keys of a terminal. Undefined: stdin is none. */
export function quitKeys(stdin: Input): QuitKeys | undefined {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return undefined;
  stdin.setRawMode(true);
  const quit = new AbortController();
  void abortAtKey(stdin, quit).catch(() => {}); // the terminal is gone: a signal ends the command
  return {
    signal: quit.signal,
    end() {
      stdin.setRawMode?.(false);
      stdin.destroy?.();
    },
  };
}

async function abortAtKey(stdin: Input, quit: AbortController): Promise<void> {
  for await (const keys of stdin) {
    if (QUIT.some((key) => String(keys).includes(key))) quit.abort();
  }
}
