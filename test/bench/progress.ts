/** Says what runs: on a terminal one line that changes, elsewhere a line for each. */
export interface Progress {
  step(text: string): void;
  /** Clears the line of a terminal. */
  end(): void;
}

export function createProgress(out: NodeJS.WriteStream): Progress {
  if (!out.isTTY) return { step: (text) => void out.write(`${text}\n`), end() {} };
  const clear = "\r\x1b[2K";
  return {
    step: (text) => void out.write(`${clear}${text.slice(0, out.columns - 1)}`),
    end: () => void out.write(clear),
  };
}
