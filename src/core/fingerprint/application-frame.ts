import { frameText } from "./frame-text.ts";
import {
  calledFrame,
  type Frame,
  goFrame,
  LINE_CHARS,
  pythonFrame,
  rustFile,
  rustFunction,
} from "./stack-lines.ts";

/** More of a stack trace is not read. */
const READ_CHARS = 16_384;
const READ_LINES = 512;

/**
 * Returns the top application frame of a stack trace, such as "billing/charge.py in charge": the call nearest to the failure that is
 * not of a library or the runtime. With causes, it is that of the innermost cause that has one. Empty: there is none.
 *
 * Reads stack traces of Python, Java, Go, Node and Rust, at most 512 lines and 16,384 characters.
 */
export function applicationFrame(stackTrace: string): string {
  if (stackTrace === "") return "";
  const reader = new StackReader();
  let start = 0;
  for (
    let lines = 0;
    lines < READ_LINES && start < stackTrace.length && start < READ_CHARS;
    lines++
  ) {
    const newline = stackTrace.indexOf("\n", start);
    const end = newline < 0 ? stackTrace.length : newline;
    reader.line(stackTrace.slice(start, Math.min(end, start + LINE_CHARS)));
    start = end + 1;
  }
  const found = reader.found();
  return found === undefined ? "" : frameText(found.file, found.name);
}

/** Reads one line after the other. */
class StackReader {
  /** Of the innermost cause so far that has one. */
  #inner: Frame | undefined;
  /** Of the error whose lines are read. */
  #own: Frame | undefined;
  /** Lines of errors that are not causes. */
  #isSkipping = false;
  /** Python prints causes first. Undefined: not Python. */
  #isCause: boolean | undefined;
  #before = "";
  /** The place where a Rust program gave the error to its client. */
  #rustPlace = "";
  /** The function of the last line of a Rust backtrace. */
  #rustName = "";

  line(raw: string): void {
    const line = raw.trim();
    if (line === "") return;
    const first = line.charCodeAt(0);
    const before = this.#before;
    this.#before = line;
    if (first === 0x61 /* a */ && line.startsWith("at ")) this.#at(line.slice(3));
    else if (first === 0x46 /* F */ && line.startsWith('File "')) this.#python(line);
    else if (first === 0x41 /* A */ && line.startsWith("At ")) this.#rustAt(line.slice(3));
    else if (first >= 0x30 && first <= 0x39) this.#rust(line);
    else if ((raw.startsWith("\t") || raw.startsWith(" ")) && line.includes(".go:")) {
      this.#set(goFrame(line, before));
    } else this.#section(raw, line);
  }

  found(): Frame | undefined {
    this.#end();
    if (this.#inner !== undefined) return this.#inner;
    return this.#rustPlace === "" ? undefined : { file: this.#rustPlace, name: "" };
  }

  #at(call: string): void {
    if (this.#rustName !== "") {
      const file = rustFile(call);
      if (file !== undefined) this.#set({ file, name: this.#rustName });
      this.#rustName = "";
      return;
    }
    this.#set(calledFrame(call));
  }

  #set(frame: Frame | undefined): void {
    if (frame !== undefined && !this.#isSkipping) this.#own ??= frame;
  }

  /** The last frame is the nearest one. */
  #python(line: string): void {
    const frame = pythonFrame(line);
    if (frame !== undefined) this.#own = frame;
  }

  #rustAt(place: string): void {
    this.#rustPlace = rustFile(place) ?? "";
  }

  #rust(line: string): void {
    this.#rustName = rustFunction(line) ?? "";
  }

  #section(raw: string, line: string): void {
    if (raw.startsWith("Caused by: ") || raw.startsWith("[cause]: ")) {
      this.#end();
      this.#isSkipping = false;
    } else if (line.startsWith("Suppressed: ") || raw.startsWith("[errors][")) {
      this.#end();
      this.#isSkipping = this.#inner !== undefined;
    } else if (line.startsWith("The above exception was the direct cause")) {
      // What follows is the outer error: the cause's frame wins.
      this.#end();
      this.#isCause = true;
    } else if (line.startsWith("During handling of the above exception")) {
      this.#own = undefined;
      this.#inner = undefined;
      this.#isCause = undefined;
    }
  }

  /** Ends the lines of one error. */
  #end(): void {
    if (this.#isCause === true) this.#inner ??= this.#own;
    else this.#inner = this.#own ?? this.#inner;
    this.#own = undefined;
  }
}
