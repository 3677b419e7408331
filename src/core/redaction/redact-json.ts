import { nestsTooDeeply } from "../transform/json.ts";
import { type HiddenValues, REDACTED } from "./hidden-values.ts";
import { childrenOf, entryOf, type PathNode, type PathNodes } from "./path-tree.ts";

/** What is hidden of one message. */
export interface Findings {
  readonly values: HiddenValues;
  /** The entries that hid something. */
  readonly entries: Set<string>;
}

/**
 * Replaces the values at the paths of a tree by the marker. Everything else keeps its bytes. Undefined if the text is not a
 * JSON object or array, or nests too deeply to be read: then nothing is known of it.
 */
export function redactDocument(
  text: string,
  root: PathNode,
  findings: Findings,
): string | undefined {
  if (!isContainer(text)) return undefined;
  return redactValue(text, [root], findings);
}

/** As `redactDocument` for any JSON value at a place. */
export function redactValue(text: string, nodes: PathNodes, findings: Findings): string {
  return new Walk(text, findings).run(nodes);
}

/** Returns the marker in place of any JSON value. */
export function hideValue(text: string, entry: string, findings: Findings): string {
  return new Walk(text, findings).hideAll(entry);
}

function isContainer(text: string): boolean {
  if (nestsTooDeeply(text)) return false;
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === "object" && document !== null;
  } catch {
    return false;
  }
}

/**
 * One pass through valid JSON. It works on the text and not on the parsed value, so that numbers, spaces and repeated names
 * stay as they are; all values of a repeated name are hidden.
 */
class Walk {
  readonly #text: string;
  readonly #findings: Findings;
  readonly #pieces: string[] = [];
  #at = 0;
  #written = 0;

  constructor(text: string, findings: Findings) {
    this.#text = text;
    this.#findings = findings;
  }

  run(nodes: PathNodes): string {
    this.#value(nodes);
    if (this.#pieces.length === 0) return this.#text;
    this.#pieces.push(this.#text.slice(this.#written));
    return this.#pieces.join("");
  }

  hideAll(entry: string): string {
    this.#skip(this.#findings.values);
    this.#findings.entries.add(entry);
    return `"${REDACTED}"`;
  }

  #value(nodes: PathNodes): void {
    const code = this.#next();
    const entry = entryOf(nodes);
    if (entry !== undefined) this.#hide(entry);
    else if (nodes.length > 0 && code === OPEN_BRACE) this.#object(nodes);
    else if (nodes.length > 0 && code === OPEN_BRACKET) this.#array(nodes);
    else this.#skip();
  }

  #object(nodes: PathNodes): void {
    this.#at++;
    while (this.#next() !== CLOSE_BRACE) {
      if (this.#next() === COMMA) this.#at++;
      this.#next();
      const key = this.#string();
      this.#next();
      this.#at++; // the colon
      this.#value(childrenOf(nodes, decoded(key)));
    }
    this.#at++;
  }

  #array(nodes: PathNodes): void {
    this.#at++;
    for (let index = 0; this.#next() !== CLOSE_BRACKET; index++) {
      if (this.#next() === COMMA) this.#at++;
      this.#value(childrenOf(nodes, String(index)));
    }
    this.#at++;
  }

  #hide(entry: string): void {
    const start = this.#at;
    this.#skip(this.#findings.values);
    this.#findings.entries.add(entry);
    this.#pieces.push(this.#text.slice(this.#written, start), `"${REDACTED}"`);
    this.#written = this.#at;
  }

  /** Passes a value; adds the names, texts and numbers in it to `values`. */
  #skip(values?: HiddenValues): void {
    let depth = 0;
    do {
      const code = this.#next();
      if (code === QUOTE) {
        const spelled = this.#string();
        values?.addText(decoded(spelled), spelled.slice(1, -1));
      } else if (isOpening(code)) {
        depth++;
        this.#at++;
      } else if (isClosing(code)) {
        depth--;
        this.#at++;
      } else if (code === COMMA || code === COLON) {
        this.#at++;
      } else {
        const word = this.#word();
        if (word !== "true" && word !== "false" && word !== "null") values?.addNumber(word);
      }
    } while (depth > 0);
  }

  /** Passes a string; returns it with its quotes. */
  #string(): string {
    const start = this.#at++;
    while (this.#code() !== QUOTE) this.#at += this.#code() === BACKSLASH ? 2 : 1;
    this.#at++;
    return this.#text.slice(start, this.#at);
  }

  /** Passes a number, `true`, `false` or `null`. */
  #word(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !isEndOfWord(this.#code())) this.#at++;
    // What is no JSON must not loop.
    if (this.#at === start) this.#at++;
    return this.#text.slice(start, this.#at);
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

function decoded(spelled: string): string {
  return spelled.includes("\\") ? (JSON.parse(spelled) as string) : spelled.slice(1, -1);
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

const isOpening = (code: number) => code === OPEN_BRACE || code === OPEN_BRACKET;
const isClosing = (code: number) => code === CLOSE_BRACE || code === CLOSE_BRACKET;
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const isEndOfWord = (code: number) => code === COMMA || isClosing(code) || isSpace(code);
