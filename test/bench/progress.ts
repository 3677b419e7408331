/** Shows the running row: in one changing line on a terminal, else in a line for each row. */
export interface Progress {
  step(text: string): void;
  /** Clears the line on a terminal. */
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
