import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

const LEVEL_FORMATS: Readonly<Record<string, Format>> = {
  trace: "gray",
  debug: "gray",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: ["red", "bold"],
};

/** Control characters, which would break the line or control the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

function field(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /[\s"=]/.test(value) || CONTROL.test(value) || value === "" ? escaped(value) : value;
}

function escaped(text: string): string {
  // JSON does not escape 0x7f to 0x9f, some of which control terminals.
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
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
    ([key, value]) => `${paint("dim", `${key}=`)}${field(value)}`,
  );
  const head = [
    paint("dim", clock),
    paint(LEVEL_FORMATS[label] ?? "green", label.toUpperCase().padEnd(5)),
    CONTROL.test(text) ? escaped(text) : text,
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
  const own = stack.split("\n").map((l) => (CONTROL.test(l) ? escaped(l) : l));
  const cause = errorLines(err.cause);
  return cause.length === 0 ? own : [...own, "caused by", ...cause];
}
