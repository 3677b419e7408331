/** Stands in answers for a value that is hidden. */
export const REDACTED = "[redacted]";

/** Shorter values occur in other text by chance. */
export const HIDDEN_TEXT_MIN = 4;
/** Values that are searched for in the texts of one message. */
export const HIDDEN_VALUES_MAX = 200;
/** A longer value is found by its beginning, and hidden as far as it is the same: it may have been cut. */
const BEGINNING = 16;
/** Characters of texts, times values, that are searched in one message: up to 20 ms if a sender chose the worst. */
const ROOM = 4_000_000;
/** Places in the texts of one message where a value is found. Each makes its text up to six characters longer. */
const PLACES_MAX = 10_000;

/** The values of one message that are hidden, so that texts which quote them can be cleaned. */
export class HiddenValues {
  readonly #values = new Set<string>();
  #areTooMany = false;
  #room = ROOM;
  #placesLeft = PLACES_MAX;
  /** Texts that were searched for these values, and what was shown of them. */
  readonly #searched = new Map<string, string | undefined>();

  /** Whether further values can be searched for. */
  get hasRoom(): boolean {
    return !this.#areTooMany;
  }

  /** Some values are not known: no text can be cleaned. */
  giveUp(): void {
    this.#areTooMany = true;
  }

  /** Adds a text, and how JSON may spell it. */
  addText(text: string, spelled?: string): void {
    if (this.#values.has(text) && (spelled === undefined || spelled === text)) return;
    this.#add(text);
    this.#add(JSON.stringify(text).slice(1, -1));
    if (spelled !== undefined) this.#add(spelled);
  }

  /** Adds a number as it is written. */
  addNumber(spelled: string): void {
    this.#add(spelled);
  }

  #add(value: string): void {
    if (value.length < HIDDEN_TEXT_MIN) return;
    if (this.#values.has(value)) return;
    if (this.#values.size === HIDDEN_VALUES_MAX) {
      this.#areTooMany = true;
      return;
    }
    this.#values.add(value);
    this.#searched.clear();
  }

  /**
   * Returns the text with the marker in place of each hidden value; undefined if there is too much to search. `wasCut`: the
   * text may end with the beginning of a value.
   */
  hideIn(text: string, wasCut: boolean): string | undefined {
    if (this.#areTooMany) return undefined;
    const key = `${wasCut}${text}`;
    if (!this.#searched.has(key)) this.#searched.set(key, this.#search(text, wasCut));
    return this.#searched.get(key);
  }

  #search(text: string, wasCut: boolean): string | undefined {
    this.#room -= text.length * this.#values.size;
    if (this.#room < 0) return undefined;
    const spans: Span[] = [];
    for (const value of this.#values) {
      addSpans(text, value, spans, this.#placesLeft);
      if (spans.length > this.#placesLeft) return undefined;
      const start = wasCut ? beginningAtEnd(text, value) : text.length;
      if (start < text.length) spans.push({ start, end: text.length });
    }
    this.#placesLeft -= spans.length;
    return spans.length === 0 ? text : withoutSpans(text, spans);
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Stops when there are more than `most`. */
function addSpans(text: string, value: string, into: Span[], most: number): void {
  const beginning = value.slice(0, BEGINNING);
  let end = 0;
  while (into.length <= most) {
    const start = text.indexOf(beginning, end);
    if (start === -1) return;
    end = start + beginning.length;
    while (end < text.length && text[end] === value[end - start]) end++;
    into.push({ start, end });
  }
}

/** Where the beginning of a value at the end of the text starts; the end if there is none that is long enough to tell. */
function beginningAtEnd(text: string, value: string): number {
  for (let length = Math.min(BEGINNING, value.length) - 1; length >= HIDDEN_TEXT_MIN; length--) {
    if (text.endsWith(value.slice(0, length))) return text.length - length;
  }
  return text.length;
}

/** Values may touch and overlap; each run of them becomes one marker. */
function withoutSpans(text: string, spans: readonly Span[]): string {
  const pieces: string[] = [];
  let written = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start > written || pieces.length === 0) pieces.push(text.slice(written, start), REDACTED);
    written = Math.max(written, end);
  }
  pieces.push(text.slice(written));
  return pieces.join("");
}
