import { describe, safeList, safeRead, safeText } from "./safe-read.ts";

/** Readers do not follow deeper chains. */
const MAX_ERRORS = 16;

/** One error of a chain: the thrown one, a cause, or one of an AggregateError's errors. */
export interface ChainedError {
  readonly error: unknown;
  /** Its introduction in a stack trace: empty for the thrown error. */
  readonly label: string;
}

/** Returns the thrown error, its causes and an AggregateError's errors, nearest first, each once. */
export function chainOf(thrown: unknown): ChainedError[] {
  const chain: ChainedError[] = [];
  const seen = new Set<unknown>();
  const visit = (error: unknown, label: string): void => {
    if (error === undefined || error === null || seen.has(error)) return;
    if (chain.length >= MAX_ERRORS) return;
    seen.add(error);
    chain.push({ error, label });
    visit(safeRead(error, "cause"), "[cause]: ");
    for (const [at, one] of safeList(error, "errors", MAX_ERRORS).entries()) {
      visit(one, `[errors][${at}]: `);
    }
  };
  visit(thrown, "");
  return chain;
}

/** Returns the stack traces of all errors, as Node prints them. Stops once it has `maxChars`. */
export function stackOf(chain: readonly ChainedError[], maxChars: number): string {
  let text = "";
  for (const { error, label } of chain) {
    if (text.length > maxChars) break;
    const own = safeText(error, "stack") || (label === "" ? "" : textOf(error));
    if (own !== "") text += `${text === "" ? "" : "\n"}${label}${own}`;
  }
  return text;
}

/** Returns an error's message; for any other value, the value as text. */
export function textOf(error: unknown): string {
  const message = safeText(error, "message");
  if (message !== "" || isErrorLike(error)) return message;
  return typeof error === "string" ? error : describe(error);
}

/** For messages that are logged on one line. */
export const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, " ").trim();

export function isErrorLike(value: unknown): boolean {
  return (
    typeof safeRead(value, "message") === "string" && typeof safeRead(value, "stack") === "string"
  );
}
