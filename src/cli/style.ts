import { styleText } from "node:util";
import type { CliIo, Output } from "./io.ts";

export interface Style {
  heading(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
  error(text: string): string;
}

const plain: Style = {
  heading: (text) => text,
  strong: (text) => text,
  faint: (text) => text,
  error: (text) => text,
};

// The caller has decided: styleText must not check stdout again.
const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
  styleText(format, text, { validateStream: false });

const coloured: Style = {
  heading: paint(["bold", "underline"]),
  strong: paint("bold"),
  faint: paint("dim"),
  error: paint("red"),
};

/** Colours on a terminal, unless NO_COLOR (no-color.org) is set and not empty. */
export function styleFor(output: Output, env: CliIo["env"]): Style {
  const refused = (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
  return output.isTTY === true && !refused ? coloured : plain;
}
