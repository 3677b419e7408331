// Replaces the variable parts of a message, so that messages of one defect become equal.

import {
  ADDRESS,
  classOf,
  DIGIT,
  isAlphanumeric,
  isFinalMark,
  isWordClass,
  SPACE,
} from "./characters.ts";
import { keepsNumber } from "./kept-number.ts";
import { endOfUrl, hasAddress, normaliseAddress } from "./normalise-address.ts";
import { normaliseName } from "./normalise-name.ts";
import { DURATION, ID, NUMBER, TIME, VALUE } from "./placeholders.ts";
import { closingOf, endOfQuoted, kindOfQuoted } from "./quoted-text.ts";
import { endOfValues } from "./value-list.ts";

/** More of a message is not read. */
const READ_CHARS = 4096;
/** A normalised message is about this long at most. Below READ_CHARS, so that long values do not move the cut. */
const TEXT_CHARS = 512;
const WORD_CHARS = 256;
/** Of quotes in quotes. */
const MAX_DEPTH = 2;
/** What precedes and follows a quoted text, as far as it is read. */
const BEFORE_CHARS = 96;
const AFTER_CHARS = 32;

const NEWLINE = 0x0a;
/** The start of a line of a refused text. */
const EXCERPT = /^ {0,8}\d{0,6} {0,2}\|/;
const EXCERPT_CHARS = 17;
/** Marks that underline. */
const RULES = "^-=~*_";

const UNITS = new Set(
  "ns us µs ms s sec secs second seconds m min mins minute minutes h hour hours d day days milliseconds millis microseconds".split(
    " ",
  ),
);
const MONTH = /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*$/;
const WEEKDAY = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)$/;

/**
 * Returns a message with placeholders for numbers, ids, times, addresses and quoted values. Names stay: of columns,
 * fields, hosts, functions. Reads at most 4,096 characters, and returns little more than 512.
 */
export function normaliseMessage(message: string): string {
  return new MessageReader(message.slice(0, READ_CHARS), 0).read();
}

class MessageReader {
  #text: string;
  #at = 0;
  #out = "";
  /** The last placeholder, and where it ends in the result. */
  #last = "";
  #lastEnd = -1;
  /** The last plain word. */
  #lead = "";
  #depth: number;

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  read(): string {
    const text = this.#text;
    while (this.#at < text.length && this.#out.length < TEXT_CHARS) {
      const code = text.charCodeAt(this.#at);
      const kind = classOf(code);
      if (kind === SPACE) this.#space();
      else if (isWordClass(kind)) this.#word();
      else if (closingOf(code) > 0) this.#quote(closingOf(code));
      else this.#mark();
    }
    return this.#out.trimEnd();
  }

  #space(): void {
    while (this.#at < this.#text.length && classOf(this.#text.charCodeAt(this.#at)) === SPACE) {
      if (this.#text.charCodeAt(this.#at) === NEWLINE) this.#skipExcerpt();
      this.#at++;
    }
    if (this.#out !== "" && !this.#out.endsWith(" ")) this.#out += " ";
  }

  /** Lines of a refused text, with its line numbers: "2 | total = x". */
  #skipExcerpt(): void {
    while (EXCERPT.test(this.#text.slice(this.#at + 1, this.#at + 1 + EXCERPT_CHARS))) {
      const newline = this.#text.indexOf("\n", this.#at + 1);
      this.#at = newline < 0 ? this.#text.length : newline;
    }
  }

  #mark(): void {
    const end = endOfValues(this.#text, this.#at, this.#out);
    if (end > 0) {
      this.#out += VALUE;
      this.#at = end;
      return;
    }
    const mark = this.#text[this.#at] ?? "";
    this.#at++;
    if (RULES.includes(mark)) {
      // Underlines are as long as what they underline.
      while (this.#text[this.#at] === mark) this.#at++;
      if (this.#out.endsWith(mark)) return;
    }
    this.#out += mark;
  }

  #word(): void {
    const text = this.#text;
    const start = this.#at;
    const limit = Math.min(text.length, start + WORD_CHARS);
    let kinds = 0;
    let end = start;
    while (end < limit) {
      const kind = classOf(text.charCodeAt(end));
      if (!isWordClass(kind)) break;
      kinds |= kind;
      end++;
    }
    const marksEnd = end;
    // Punctuation at the end belongs to the sentence.
    while (end > start && isFinalMark(text.charCodeAt(end - 1))) end--;
    if (end === start) {
      while (this.#at < marksEnd) this.#mark();
      return;
    }
    if ((kinds & ADDRESS) !== 0) end = endOfUrl(text, start, end);
    this.#at = end;
    const word = text.slice(start, end);
    if (this.#out.endsWith("No enum constant ")) this.#constant(word);
    else if (this.#isValueAfter(word)) this.#placeholder(VALUE);
    else if ((kinds & DIGIT) === 0 && ((kinds & ADDRESS) === 0 || !hasAddress(word)))
      this.#plain(word);
    else if (keepsNumber(word, this.#out, text, end)) this.#out += word;
    else this.#normalised((kinds & ADDRESS) === 0 ? normaliseName(word) : normaliseAddress(word));
  }

  /** Words without digits, which are names or say what happened. */
  #plain(word: string): void {
    const afterNumber = this.#last === NUMBER && this.#isLast(" ");
    if (afterNumber && UNITS.has(word)) {
      this.#out = this.#out.slice(0, this.#lastEnd - NUMBER.length);
      this.#placeholder(DURATION);
    } else if ((afterNumber && MONTH.test(word)) || WEEKDAY.test(word)) this.#placeholder(TIME);
    else this.#out += word.length > WORD_CHARS - 1 ? ID : word;
  }

  /** Values without quotation marks: "cannot convert x to a BigInt", "expected an int but was x". */
  #isValueAfter(word: string): boolean {
    const lead = this.#lead;
    this.#lead = word;
    if (lead === "convert") return this.#text.startsWith(" to ", this.#at);
    return lead === "was" && this.#out.endsWith("but was ") && !/^[A-Z_]+$/.test(word);
  }

  /** Java names the enum and the value together, and the value may have spaces. */
  #constant(word: string): void {
    this.#out += word.slice(0, word.lastIndexOf(".") + 1);
    this.#placeholder(VALUE);
    const newline = this.#text.indexOf("\n", this.#at);
    this.#at = newline < 0 ? this.#text.length : newline;
  }

  #normalised(word: string): void {
    if (word.startsWith("<") && word.endsWith(">") && word.indexOf(">") === word.length - 1) {
      this.#placeholder(word);
    } else this.#out += word;
  }

  /** A list of values is as one value, however long. */
  #placeholder(text: string): void {
    if (this.#last === text && (this.#isLast(", ") || this.#isLast(",") || this.#isLast(" "))) {
      this.#out = this.#out.slice(0, this.#lastEnd);
    } else this.#out += text;
    this.#last = text;
    this.#lastEnd = this.#out.length;
  }

  #isLast(between: string): boolean {
    return this.#lastEnd === this.#out.length - between.length && this.#out.endsWith(between);
  }

  #quote(closing: number): void {
    const text = this.#text;
    const start = this.#at + 1;
    const isOpening = this.#at === 0 || !isAlphanumeric(text.charCodeAt(this.#at - 1));
    const end = isOpening ? endOfQuoted(text, start, closing) : -1;
    if (end < 0) {
      this.#mark();
      return;
    }
    const content = text.slice(start, end);
    const before = this.#out.slice(-BEFORE_CHARS);
    const after = text.slice(end + 1, end + AFTER_CHARS);
    const kind = kindOfQuoted(content, before, after);
    if (kind === "text" || (kind === "name" && this.#depth >= MAX_DEPTH)) {
      this.#mark();
      return;
    }
    this.#at = end + 1;
    if (kind === "value") {
      this.#placeholder(VALUE);
      return;
    }
    const name = new MessageReader(content, this.#depth + 1).read();
    this.#out += text[start - 1] + name + text[end];
  }
}
