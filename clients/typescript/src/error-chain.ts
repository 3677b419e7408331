import { describe, peek, peekList, peekText } from "./peek.ts";

/** Deeper causes say nothing that a reader would still follow. */
const MAX_ERRORS = 16;

/** One error of a chain: what was thrown itself, a cause, or one of an AggregateError's errors. */
export interface ChainedError {
  readonly error: unknown;
  /** How it is introduced in a stack trace: empty for the first. */
  readonly label: string;
}

/** What was thrown, then its causes and an AggregateError's errors, nearest first; never a circle. */
export function chainOf(thrown: unknown): ChainedError[] {
  const chain: ChainedError[] = [];
  const seen = new Set<unknown>();
  const visit = (error: unknown, label: string): void => {
    if (error === undefined || error === null || seen.has(error)) return;
    if (chain.length >= MAX_ERRORS) return;
    seen.add(error);
    chain.push({ error, label });
    visit(peek(error, "cause"), "[cause]: ");
    for (const [at, one] of peekList(error, "errors", MAX_ERRORS).entries()) {
      visit(one, `[errors][${at}]: `);
    }
  };
  visit(thrown, "");
  return chain;
}

/** Stack traces of all, as Node prints them; stops when `maxChars` are full. */
export function stackOf(chain: readonly ChainedError[], maxChars: number): string {
  let text = "";
  for (const { error, label } of chain) {
    if (text.length > maxChars) break;
    const own = peekText(error, "stack") || (label === "" ? "" : textOf(error));
    if (own !== "") text += `${text === "" ? "" : "\n"}${label}${own}`;
  }
  return text;
}

/** An error's own words; for what is no error, the value itself. */
export function textOf(error: unknown): string {
  const message = peekText(error, "message");
  if (message !== "" || isErrorLike(error)) return message;
  return typeof error === "string" ? error : describe(error);
}

export function isErrorLike(value: unknown): boolean {
  return typeof peek(value, "message") === "string" && typeof peek(value, "stack") === "string";
}
