import { styleText } from "node:util";
import type { Io, Output } from "../io.ts";

type Paint = (text: string) => string;

/** How texts look: colors on a terminal, else nothing. */
export interface Style {
  readonly heading: Paint;
  readonly strong: Paint;
  readonly faint: Paint;
  readonly good: Paint;
  readonly warning: Paint;
  readonly bad: Paint;
}

const same: Paint = (text) => text;
const PLAIN: Style = {
  heading: same,
  strong: same,
  faint: same,
  good: same,
  warning: same,
  bad: same,
};

// Whether the output has colors is decided below.
const paint =
  (format: Parameters<typeof styleText>[0]): Paint =>
  (text) =>
    text === "" ? text : styleText(format, text, { validateStream: false });

const COLORED: Style = {
  heading: paint("bold"),
  strong: paint("bold"),
  faint: paint("dim"),
  good: paint("green"),
  warning: paint("yellow"),
  bad: paint("red"),
};

/** Returns colors for a terminal, unless NO_COLOR (no-color.org) is set or the terminal has none. */
export function styleFor(output: Output, env: Io["env"]): Style {
  const isRefused = (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
  return output.isTTY === true && !isRefused ? COLORED : PLAIN;
}
