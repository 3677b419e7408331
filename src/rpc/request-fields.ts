import type { DescMessage } from "@bufbuild/protobuf";

/**
 * The most fields of a request, on all levels together. A field needs two bytes on the wire, but
 * some hundred bytes and a third of a microsecond as an object: without a limit, a request of 4 MiB
 * would block other calls for most of a second. This many take at most a tenth of a second. It is
 * the size of the largest batch: 1,000 messages with 64 attributes of three fields each, and some
 * fifty more.
 */
export const MAX_FIELDS = 250_000;
/** In JSON a value costs three times as much; with hundreds of thousands even more. */
export const MAX_VALUES = 90_000;
export const MAX_JSON_DEPTH = 100;

/** The exceeded limit, for the error message. */
export type Excess =
  | `more than ${typeof MAX_FIELDS} fields`
  | `more than ${typeof MAX_VALUES} values`
  | `more than ${typeof MAX_JSON_DEPTH} levels`;

/** The contents of a field: more fields, or numbers without tags. Others count as one value. */
type Contents = DescMessage | "entry" | "packed";

const contentsByMessage = new WeakMap<DescMessage, ReadonlyMap<number, Contents>>();
const NO_CONTENTS: ReadonlyMap<number, Contents> = new Map();

/**
 * Returns which limit these bytes exceed; undefined if they may be decoded or are not a valid
 * message.
 */
export function fieldExcess(desc: DescMessage, bytes: Uint8Array): Excess | undefined {
  // Fewer bytes cannot hold so many fields.
  if (bytes.length < 2 * MAX_FIELDS) return undefined;
  const scan = new FieldScan(bytes);
  return scan.message(contentsOf(desc), bytes.length, 0)
    ? undefined
    : `more than ${MAX_FIELDS} fields`;
}

/** Reads only tags and lengths. As lenient as the decoder: what ends the scan ends that too. */
class FieldScan {
  readonly #bytes: Uint8Array;
  #at = 0;
  #fields = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Returns false if there are too many fields. */
  message(contents: ReadonlyMap<number, Contents>, end: number, depth: number): boolean {
    while (this.#at < end) {
      if (++this.#fields > MAX_FIELDS) return false;
      const tag = this.#varint();
      switch (tag & 7) {
        case 0:
          this.#varint();
          break;
        case 1:
          this.#at += 8;
          break;
        case 2:
          if (!this.#delimited(contents.get(tag >>> 3), depth)) return false;
          break;
        case 3: // fields in a group count like others
        case 4:
          break;
        case 5:
          this.#at += 4;
          break;
        default:
          return true;
      }
    }
    return true;
  }

  #delimited(contents: Contents | undefined, depth: number): boolean {
    const length = this.#varint();
    const end = Math.min(this.#at + length, this.#bytes.length);
    if (contents === "packed") this.#fields += end - this.#at;
    if (contents === undefined || contents === "packed" || depth > 100) {
      this.#at = end;
      return this.#fields <= MAX_FIELDS;
    }
    return this.message(contents === "entry" ? NO_CONTENTS : contentsOf(contents), end, depth + 1);
  }

  /** Returns the lower 32 bits. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  }
}

function contentsOf(desc: DescMessage): ReadonlyMap<number, Contents> {
  const known = contentsByMessage.get(desc);
  if (known !== undefined) return known;
  const contents = new Map<number, Contents>();
  for (const field of desc.fields) {
    if (field.fieldKind === "map") contents.set(field.number, "entry");
    else if (field.message !== undefined) contents.set(field.number, field.message);
    else if (field.fieldKind === "list" && field.packed) contents.set(field.number, "packed");
  }
  contentsByMessage.set(desc, contents);
  return contents;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = [0x5b, 0x7b] as const;
const CLOSE = [0x5d, 0x7d] as const;

/**
 * Returns which limit this JSON text exceeds; undefined if it may be parsed. Contents of strings
 * are skipped.
 */
export function jsonExcess(text: Uint8Array): Excess | undefined {
  let values = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (quoted) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === COMMA) values++;
    else if (byte === OPEN[0] || byte === OPEN[1]) {
      values++;
      if (++depth > MAX_JSON_DEPTH) return `more than ${MAX_JSON_DEPTH} levels`;
    } else if (byte === CLOSE[0] || byte === CLOSE[1]) depth--;
    if (values > MAX_VALUES) return `more than ${MAX_VALUES} values`;
  }
  return undefined;
}
