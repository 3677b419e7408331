import { internal } from "../../../core/errors.ts";
import type { Reader } from "./reader.ts";

/** Kinds of fields. Numbers are big-endian; strings follow their length. */
const U8 = 0;
const U16 = 1;
const U24 = 2;
const U32 = 3;
const MS = 4;
const U64 = 5;
const DOUBLE = 6;
const I8 = 7;
const I32 = 8;
const FLAG = 9;
const BYTES = 10;
const STRING = 11;

/** One kind of field: its bytes here, and its code in a format of Lua's `struct`. */
export interface Kind<T> {
  readonly code: number;
  /** Bytes that every value takes; of a string those of its length. */
  readonly bytes: number;
  readonly lua: string;
  /** The type of its values; never set. */
  readonly value?: T;
}

const kind = <T>(code: number, bytes: number, lua: string): Kind<T> => ({ code, bytes, lua });

export const u8 = kind<number>(U8, 1, "B");
export const u16 = kind<number>(U16, 2, "H");
export const u24 = kind<number>(U24, 3, "I3");
export const u32 = kind<number>(U32, 4, "I4");
/** An instant or a duration in milliseconds: 48 bits. Written rounded. */
export const ms = kind<number>(MS, 6, "I6");
/** A whole number, as far as a double holds it exactly. */
export const u64 = kind<number>(U64, 8, "I8");
export const double = kind<number>(DOUBLE, 8, "d");
export const i8 = kind<number>(I8, 1, "b");
export const i32 = kind<number>(I32, 4, "i4");
/** In Lua the number 0 or 1. */
export const flag = kind<boolean>(FLAG, 1, "B");
/** Exactly so many bytes; a shorter value is filled up with zeros. */
export const bytes = (count: number) => kind<Uint8Array>(BYTES, count, `c${count}`);
/** A string behind its length in one, two or four bytes. */
export const short = kind<Uint8Array>(STRING, 1, "Bc0");
export const medium = kind<Uint8Array>(STRING, 2, "Hc0");
export const long = kind<Uint8Array>(STRING, 4, "I4c0");

export type Fields = Readonly<Record<string, Kind<unknown>>>;
export type Values<F extends Fields> = {
  [Name in keyof F]: F[Name] extends Kind<infer T> ? T : never;
};
/** Something that is written into an argument of a script. */
export interface Part {
  readonly length: number;
  writeTo(buffer: Buffer, at: number): number;
}

interface Field {
  readonly name: string;
  readonly code: number;
  readonly bytes: number;
  readonly lua: string;
}

/** The order and the kinds of the fields of one packed value. */
export class Layout<F extends Fields> {
  readonly fields: readonly Field[];
  /** For `struct.pack` and `struct.unpack`. */
  readonly format: string;
  readonly #fixedBytes: number;
  readonly #strings: readonly string[];
  readonly #empty: Readonly<Record<string, unknown>>;

  constructor(fields: F) {
    this.fields = Object.entries(fields).map(([name, { code, bytes, lua }]) => ({
      ...{ name, code, bytes, lua },
    }));
    this.format = `>${this.fields.map(({ lua }) => lua).join("")}`;
    this.#fixedBytes = this.fields.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#strings = this.fields.filter(({ code }) => code === STRING).map(({ name }) => name);
    this.#empty = Object.fromEntries(this.fields.map(({ name }) => [name, undefined]));
  }

  /** Binds values to this layout, to be written by `pack`. */
  of(values: Values<F>): Part {
    const record = values as Readonly<Record<string, unknown>>;
    let length = this.#fixedBytes;
    for (const name of this.#strings) length += (record[name] as Uint8Array).length;
    return { length, writeTo: (buffer, at) => this.#write(buffer, at, record) };
  }

  /** Packs these values alone. */
  pack(values: Values<F>): Buffer {
    return pack(this.of(values));
  }

  read(reader: Reader): Values<F> {
    // A copy of a complete object: all values of a layout share one hidden class.
    const values: Record<string, unknown> = { ...this.#empty };
    for (const { name, code, bytes } of this.fields) values[name] = readField(reader, code, bytes);
    return values as Values<F>;
  }

  #write(buffer: Buffer, start: number, values: Readonly<Record<string, unknown>>): number {
    let at = start;
    for (const { name, code, bytes } of this.fields) {
      const value = values[name];
      if (code === STRING) {
        const string = value as Uint8Array;
        at = writeNumber(buffer, at, bytes, string.length);
        buffer.set(string, at);
        at += string.length;
      } else if (code === BYTES) {
        const string = value as Uint8Array;
        if (string.length < bytes) buffer.fill(0, at, at + bytes);
        buffer.set(string.length > bytes ? string.subarray(0, bytes) : string, at);
        at += bytes;
      } else {
        at = writeField(buffer, at, code, bytes, value as number | boolean);
      }
    }
    return at;
  }
}

export function layout<F extends Fields>(fields: F): Layout<F> {
  return new Layout(fields);
}

/** Writes parts one behind another; bytes go in as they are. */
export function pack(...parts: readonly (Part | Uint8Array)[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const buffer = Buffer.allocUnsafe(length);
  let at = 0;
  for (const part of parts) {
    if ("writeTo" in part) {
      at = part.writeTo(buffer, at);
    } else {
      buffer.set(part, at);
      at += part.length;
    }
  }
  return buffer;
}

function writeField(
  buffer: Buffer,
  at: number,
  code: number,
  bytes: number,
  value: number | boolean,
): number {
  switch (code) {
    case FLAG:
      buffer[at] = value === true ? 1 : 0;
      return at + 1;
    case DOUBLE:
      return buffer.writeDoubleBE(value as number, at);
    case I8:
      return buffer.writeInt8(value as number, at);
    case I32:
      return buffer.writeInt32BE(value as number, at);
    case MS:
      return writeNumber(buffer, at, bytes, Math.round(value as number));
    default:
      return writeNumber(buffer, at, bytes, value as number);
  }
}

/** A script counts in whole numbers; a wrong one would stop it in the middle of its writes. */
function writeNumber(buffer: Buffer, at: number, bytes: number, value: number): number {
  if (!(value >= 0 && value < 256 ** bytes)) {
    throw internal(new RangeError(`${value} does not fit into ${bytes} bytes of an argument`));
  }
  if (bytes > 4) {
    writeSmall(buffer, at, bytes - 4, Math.floor(value / 2 ** 32));
    writeSmall(buffer, at + bytes - 4, 4, value % 2 ** 32);
  } else {
    writeSmall(buffer, at, bytes, value);
  }
  return at + bytes;
}

/** Up to 32 bits. */
function writeSmall(buffer: Buffer, at: number, bytes: number, value: number): void {
  for (let index = at, shift = 8 * (bytes - 1); shift >= 0; index++, shift -= 8) {
    buffer[index] = (value >>> shift) & 255;
  }
}

function readField(reader: Reader, code: number, bytes: number): number | boolean | Uint8Array {
  switch (code) {
    case FLAG:
      return reader.number(1) === 1;
    case DOUBLE:
      return reader.double();
    case I8:
      return reader.signed(1);
    case I32:
      return reader.signed(4);
    case BYTES:
      return reader.bytes(bytes);
    case STRING:
      return reader.bytes(reader.number(bytes));
    default:
      return reader.number(bytes);
  }
}
