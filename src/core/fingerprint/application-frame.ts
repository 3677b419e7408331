import { frameText } from "./frame-text.ts";
import {
  calledFrame,
  type Frame,
  goFrame,
  isAnonymous,
  LINE_CHARS,
  pythonFrame,
  rustFile,
  rustFunction,
} from "./stack-lines.ts";

/** More of a stack trace is not read. */
const READ_CHARS = 16_384;
const READ_LINES = 512;

/**
 * Returns the top application frame of a stack trace, such as "billing/charge.py in charge": the call nearest to the
 * failure that is not of a library or the runtime. With causes, it is that of the innermost cause that has one. Empty:
 * there is none.
 *
 * Reads stack traces of Python, Java, Go, Node and Rust, at most 512 lines and 16,384 characters.
 */
export function applicationFrame(stackTrace: string): string {
  if (stackTrace === "") return "";
  const reader = new StackReader();
  let start = 0;
  for (let lines = 0; lines < READ_LINES; lines++) {
    if (start >= stackTrace.length || start >= READ_CHARS || reader.isDone) break;
    const newline = stackTrace.indexOf("\n", start);
    const end = newline < 0 ? stackTrace.length : newline;
    reader.read(stackTrace.slice(start, Math.min(end, start + LINE_CHARS)));
    start = end + 1;
  }
  const found = reader.found();
  return found === undefined ? "" : frameText(found.file, found.name);
}

const FIRST_A = 0x61;
const FIRST_UPPER_A = 0x41;
const FIRST_UPPER_F = 0x46;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Reads one line after the other. */
class StackReader {
  /** Nothing that follows changes the result. */
  isDone = false;
  /** Of the innermost cause so far that has one. */
  #inner: Frame | undefined;
  /** Of the error whose lines are read. */
  #own: Frame | undefined;
  /** Lines of Python's frames of the error whose lines are read. The nearest is last. */
  #pythonLines: string[] = [];
  /** Further frames cannot change the one of this error. */
  #isFound = false;
  /** Python prints causes first: the frame of the first one wins. */
  #isCauseFirst = false;
  #before = "";
  /** The function of the last line, if that is of a Rust backtrace. Empty: a library's. */
  #rustName: string | undefined;

  read(raw: string): void {
    const line = raw.trim();
    const before = this.#before;
    this.#before = line;
    const first = line.charCodeAt(0);
    if (first === FIRST_A && line.startsWith("at ")) this.#at(line.slice(3));
    else if (first === FIRST_UPPER_F && line.startsWith('File "')) this.#pythonLines.push(line);
    else if (first === FIRST_UPPER_A && line.startsWith("At ")) this.#rustPlace(line.slice(3));
    else if (isDigit(first)) this.#rustName = rustFunction(line);
    else if (raw.startsWith("\t") && line.includes(".go:")) this.#add(goFrame(line, before));
    else this.#section(raw, line);
  }

  found(): Frame | undefined {
    this.#endError();
    return this.#inner;
  }

  #at(call: string): void {
    const name = this.#rustName;
    this.#rustName = undefined;
    if (this.#isFound) return;
    if (name === undefined) {
      this.#add(calledFrame(call));
      return;
    }
    const file = name === "" ? undefined : rustFile(call);
    if (file !== undefined) this.#add({ file, name });
  }

  /** The first frame is the nearest one. A callback is named by the function around it. */
  #add(frame: Frame | undefined): void {
    if (frame === undefined || this.#isFound) return;
    if (this.#own === undefined || this.#own.file === frame.file) this.#own = frame;
    this.#isFound = this.#own !== frame || !isAnonymous(frame);
  }

  /** Where a Rust program gave the error to its client. It wins over a backtrace, which only some programs have. */
  #rustPlace(place: string): void {
    const file = rustFile(place);
    if (file === undefined) return;
    this.#inner = undefined;
    this.#own = { file, name: "" };
    this.isDone = true;
  }

  #section(raw: string, line: string): void {
    if (raw.startsWith("Caused by: ") || raw.startsWith("[cause]: ")) this.#endError();
    else if (line.startsWith("Suppressed: ") || raw.startsWith("[errors][")) {
      // Not causes: they count if there is nothing else.
      this.#endError();
      this.#isFound = this.#inner !== undefined;
    } else if (line.startsWith("The above exception was the direct cause")) {
      this.#endError();
      this.#isCauseFirst = true;
    } else if (line.startsWith("During handling of the above exception")) {
      this.#endError();
      this.#inner = undefined;
      this.#isCauseFirst = false;
    }
  }

  #endError(): void {
    for (let at = this.#pythonLines.length - 1; at >= 0 && !this.#isFound; at--) {
      this.#add(pythonFrame(this.#pythonLines[at] ?? ""));
    }
    if (this.#isCauseFirst) this.#inner ??= this.#own;
    else this.#inner = this.#own ?? this.#inner;
    this.#own = undefined;
    this.#pythonLines = [];
    this.#isFound = false;
  }
}
