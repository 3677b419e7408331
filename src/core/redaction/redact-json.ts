import { nestsTooDeeply } from "../transform/json.ts";
import { HIDDEN_TEXT_MIN, type HiddenValues, REDACTED } from "./hidden-values.ts";
import type { PathNodes } from "./path-tree.ts";
import { Place } from "./place.ts";
import { RedactionBudget } from "./redaction-budget.ts";

/** What is hidden of one message. */
export interface Findings {
  readonly values: HiddenValues;
  /** The entries that hid something. */
  readonly entries: Set<string>;
}

/** Whether a text is a JSON object or array that does not nest too deeply to be read. Of any other nothing is known. */
export function isDocument(text: string): boolean {
  if (nestsTooDeeply(text)) return false;
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === "object" && document !== null;
  } catch {
    return false;
  }
}

/**
 * Replaces the values at the paths of a tree in valid JSON by the marker. Everything else keeps its bytes. Throws
 * TooMuchToHide.
 */
export function redactValue(
  text: string,
  nodes: PathNodes,
  findings: Findings,
  budget: RedactionBudget,
): string {
  return new Walk(text, findings, budget).run(new Place(nodes, budget));
}

/** Returns the marker in place of any JSON value. */
export function hideValue(text: string, entry: string, findings: Findings): string {
  return new Walk(text, findings, new RedactionBudget()).hideAll(entry);
}

/**
 * One pass through valid JSON. It works on the text and not on the parsed value, so that numbers, spaces and repeated names
 * stay as they are; all values of a repeated name are hidden.
 */
class Walk {
  readonly #text: string;
  readonly #findings: Findings;
  readonly #budget: RedactionBudget;
  readonly #pieces: string[] = [];
  #at = 0;
  #written = 0;

  constructor(text: string, findings: Findings, budget: RedactionBudget) {
    this.#text = text;
    this.#findings = findings;
    this.#budget = budget;
  }

  run(place: Place): string {
    this.#value(place);
    if (this.#pieces.length === 0) return this.#text;
    this.#pieces.push(this.#text.slice(this.#written));
    return this.#pieces.join("");
  }

  hideAll(entry: string): string {
    this.#next();
    this.#skip(this.#findings.values);
    this.#findings.entries.add(entry);
    return `"${REDACTED}"`;
  }

  #value(place: Place): void {
    const code = this.#next();
    if (place.entry !== undefined) this.#hide(place.entry);
    else if (!place.isPlain && code === OPEN_BRACE) this.#object(place);
    else if (!place.isPlain && code === OPEN_BRACKET) this.#array(place);
    else this.#skip();
  }

  #object(place: Place): void {
    this.#at++;
    while (this.#next() !== CLOSE_BRACE) {
      if (this.#next() === COMMA) this.#at++;
      this.#next();
      const start = this.#at;
      this.#at = endOfString(this.#text, start);
      const member = place.hasNames
        ? place.child(decoded(this.#text.slice(start, this.#at)))
        : place.other;
      this.#next();
      this.#at++; // the colon
      this.#value(member);
    }
    this.#at++;
  }

  #array(place: Place): void {
    if (!place.hasIndexes && place.other.isPlain) {
      this.#skip();
      return;
    }
    this.#at++;
    if (!place.hasIndexes && place.other.entry === undefined) {
      while (this.#passScalars() !== CLOSE_BRACKET) this.#value(place.other);
    }
    for (let index = 0; this.#next() !== CLOSE_BRACKET; index++) {
      if (this.#next() === COMMA) this.#at++;
      this.#value(place.hasIndexes ? place.child(String(index)) : place.other);
    }
    this.#at++;
  }

  /** Passes elements up to the next object or array, or up to the end of the array; returns the character there. */
  #passScalars(): number {
    const text = this.#text;
    let at = this.#at;
    let code = text.charCodeAt(at);
    while (!isOpening(code) && !isClosing(code)) {
      at = code === QUOTE ? endOfString(text, at) : at + 1;
      code = text.charCodeAt(at);
    }
    this.#at = at;
    return code;
  }

  #hide(entry: string): void {
    this.#budget.takeHiddenValue();
    const start = this.#at;
    this.#skip(this.#findings.values);
    this.#findings.entries.add(entry);
    this.#pieces.push(this.#text.slice(this.#written, start), `"${REDACTED}"`);
    this.#written = this.#at;
  }

  /** Passes a value; adds the names, texts and numbers in it to `values`. */
  #skip(values?: HiddenValues): void {
    const text = this.#text;
    let at = this.#at;
    let depth = 0;
    do {
      const code = text.charCodeAt(at);
      const start = at;
      if (code === QUOTE) {
        at = endOfString(text, start);
        if (values?.hasRoom && at - start - 2 >= HIDDEN_TEXT_MIN) {
          const spelled = text.slice(start, at);
          values.addText(decoded(spelled), spelled.slice(1, -1));
        }
      } else if (isOpening(code)) {
        depth++;
        at++;
      } else if (isClosing(code)) {
        depth--;
        at++;
      } else if (code === COMMA || code === COLON || isSpace(code)) {
        at++;
      } else {
        at = endOfWord(text, start);
        if (!values?.hasRoom || at - start < HIDDEN_TEXT_MIN) continue;
        const word = text.slice(start, at);
        if (word !== "true" && word !== "false" && word !== "null") values.addNumber(word);
      }
    } while (depth > 0);
    this.#at = at;
  }

  /** Passes white space; returns the next character. */
  #next(): number {
    while (isSpace(this.#code())) this.#at++;
    return this.#code();
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }
}

/** The place behind a string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) {
    at += code === BACKSLASH ? 2 : 1;
  }
  return at + 1;
}

/** The place behind a number, `true`, `false` or `null`. */
function endOfWord(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && !isEndOfWord(text.charCodeAt(at))) at++;
  return at;
}

function decoded(spelled: string): string {
  return spelled.includes("\\") ? (JSON.parse(spelled) as string) : spelled.slice(1, -1);
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

const isOpening = (code: number) => code === OPEN_BRACE || code === OPEN_BRACKET;
const isClosing = (code: number) => code === CLOSE_BRACE || code === CLOSE_BRACKET;
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const isEndOfWord = (code: number) => code === COMMA || isClosing(code) || isSpace(code);
