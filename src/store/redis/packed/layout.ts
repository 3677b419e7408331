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

type Read = (reader: Reader) => unknown;
type Write = (buffer: Buffer, at: number, values: unknown) => number;
type Measure = (values: unknown) => number;

/** The order and the kinds of the fields of one packed value. */
export class Layout<F extends Fields> {
  readonly fields: readonly Field[];
  /** For `struct.pack` and `struct.unpack`. */
  readonly format: string;
  readonly #read: Read;
  readonly #write: Write;
  readonly #measure: Measure;

  constructor(fields: F) {
    this.fields = Object.entries(fields).map(([name, { code, bytes, lua }]) => ({
      ...{ name, code, bytes, lua },
    }));
    this.format = `>${this.fields.map(({ lua }) => lua).join("")}`;
    this.#read = compileRead(this.fields);
    this.#write = compileWrite(this.fields);
    this.#measure = compileMeasure(this.fields);
  }

  /** Binds values to this layout, to be written by `pack`. */
  of(values: Values<F>): Part {
    const write = this.#write;
    const writeTo = (buffer: Buffer, at: number) => write(buffer, at, values);
    return { length: this.#measure(values), writeTo };
  }

  /** Packs these values alone. */
  pack(values: Values<F>): Buffer {
    const buffer = Buffer.allocUnsafe(this.#measure(values));
    this.#write(buffer, 0, values);
    return buffer;
  }

  read(reader: Reader): Values<F> {
    return this.#read(reader) as Values<F>;
  }
}

// Functions of one layout, made from its fields: a loop over the fields takes twice the CPU time for
// each message. The source has only names and numbers of layouts.ts.

function compileRead(fields: readonly Field[]): Read {
  const values = fields.map(({ name, code, bytes }) => `${name}: ${readOf(code, bytes)}`);
  return new Function("r", `return { ${values.join(", ")} };`) as Read;
}

function readOf(code: number, bytes: number): string {
  switch (code) {
    case FLAG:
      return "r.number(1) === 1";
    case DOUBLE:
      return "r.double()";
    case I8:
    case I32:
      return `r.signed(${bytes})`;
    case BYTES:
      return `r.bytes(${bytes})`;
    case STRING:
      return `r.bytes(r.number(${bytes}))`;
    default:
      return `r.number(${bytes})`;
  }
}

function compileWrite(fields: readonly Field[]): Write {
  const steps = fields.map(({ name, code, bytes }) => writeOf(code, bytes, `v.${name}`));
  const body = `return (b, at, v) => { ${steps.join(" ")} return at; };`;
  return new Function("number", "fixed", body)(writeNumber, writeFixed) as Write;
}

function writeOf(code: number, bytes: number, value: string): string {
  switch (code) {
    case FLAG:
      return `b[at++] = ${value} === true ? 1 : 0;`;
    case DOUBLE:
      return `at = b.writeDoubleBE(${value}, at);`;
    case I8:
      return `at = b.writeInt8(${value}, at);`;
    case I32:
      return `at = b.writeInt32BE(${value}, at);`;
    case MS:
      return `at = number(b, at, ${bytes}, Math.round(${value}));`;
    case BYTES:
      return `at = fixed(b, at, ${bytes}, ${value});`;
    case STRING:
      return `at = number(b, at, ${bytes}, ${value}.length); b.set(${value}, at); at += ${value}.length;`;
    default:
      return `at = number(b, at, ${bytes}, ${value});`;
  }
}

function compileMeasure(fields: readonly Field[]): Measure {
  const fixed = fields.reduce((sum, { bytes }) => sum + bytes, 0);
  const strings = fields.filter(({ code }) => code === STRING);
  const lengths = strings.map(({ name }) => ` + v.${name}.length`);
  return new Function("v", `return ${fixed}${lengths.join("")};`) as Measure;
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

/** Exactly so many bytes. */
function writeFixed(buffer: Buffer, at: number, bytes: number, value: Uint8Array): number {
  if (value.length < bytes) buffer.fill(0, at, at + bytes);
  buffer.set(value.length > bytes ? value.subarray(0, bytes) : value, at);
  return at + bytes;
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
