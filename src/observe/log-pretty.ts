import { styleText } from "node:util";
import { escapeUnsafe, isUnsafe } from "../core/escape-unsafe.ts";

type Format = Parameters<typeof styleText>[0];

const LEVEL_FORMATS: Readonly<Record<string, Format>> = {
  trace: "gray",
  debug: "gray",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: ["red", "bold"],
};

function field(value: unknown): string {
  if (typeof value !== "string") return escaped(value);
  return /[\s"=]/.test(value) || isUnsafe(value) || value === "" ? escaped(value) : value;
}

/** JSON escapes only some of the characters. */
function escaped(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value));
}

function plain(text: string): string {
  return isUnsafe(text) ? escaped(text) : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Formats a JSON line for people: `12:34:56.789 INFO  message key=value`. An error's stack follows
 * on indented lines. Other lines are passed through.
 */
export function prettyLine(json: string, colours: boolean): string {
  let line: unknown;
  try {
    line = JSON.parse(json);
  } catch {
    return json;
  }
  if (!isRecord(line)) return json;
  const paint = (format: Format, text: string): string =>
    colours ? styleText(format, text, { validateStream: false }) : text;
  const { level, time, msg, err, ...rest } = line;
  const label = typeof level === "string" ? level : "info";
  const text = typeof msg === "string" ? msg : "";
  const clock = typeof time === "string" ? time.slice(11, 23) : "";
  const fields = Object.entries(rest).map(
    ([key, value]) => `${paint("dim", `${plain(key)}=`)}${field(value)}`,
  );
  const head = [
    paint("dim", clock),
    paint(LEVEL_FORMATS[label] ?? "green", label.toUpperCase().padEnd(5)),
    plain(text),
    ...fields,
  ].join(" ");
  return `${head}\n${errorLines(err)
    .map((l) => `    ${paint("dim", l)}\n`)
    .join("")}`;
}

/** The stacks of an error and its causes. */
function errorLines(err: unknown): string[] {
  if (!isRecord(err)) return err === undefined ? [] : [field(err)];
  const stack = typeof err.stack === "string" && err.stack !== "" ? err.stack : String(err.message);
  const own = stack.split("\n").map(plain);
  const cause = errorLines(err.cause);
  return cause.length === 0 ? own : [...own, "caused by", ...cause];
}
