import { homedir } from "node:os";

/** Where a command writes. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
  /** Height of the terminal in lines. */
  readonly rows?: number;
}

/** What a command reads. */
export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
  /** Of a terminal: whether it gives each key at once, without acting on Ctrl-C. */
  setRawMode?(isRaw: boolean): unknown;
  /** Ends reading, so that the process can end. */
  destroy?(): unknown;
}

/** The parts of the process that commands use, so that tests can replace them. */
export interface Io {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  readonly homeFolder: string;
  /** Calls the listener at each SIGINT or SIGTERM. Returns a function that ends this. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** Returns the real process. */
export function processIo(): Io {
  // `dlq ls | head` closes the pipe early: no error, and nobody reads what would follow.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  return {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    homeFolder: homedir(),
    onInterrupt(listener) {
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, listener);
      return () => {
        for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}
