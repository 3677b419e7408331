import { RE2JS } from "@bufbuild/re2";

/** An invalid pattern; the message says why. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/** Kinds of steps, as the library numbers them. A test compares the results with the library's. */
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const MATCH = 6;
const NOP = 7;
const FIRST_RUNE_KIND = 8;

/** Conditions of an EMPTY_WIDTH step. */
const [BEGIN_LINE, END_LINE, BEGIN_TEXT, END_TEXT] = [1, 2, 4, 8];
const [WORD_BOUNDARY, NO_WORD_BOUNDARY] = [16, 32];

const ASCII = 128;

type Step = ReturnType<RE2JS["re2"]>["prog"]["inst"][number];

/**
 * An RE2 pattern. A test costs at most its number of steps for each character. The library compiles
 * it. The library's matcher is not used: it keeps up to 10,000 states a pattern (20 MB were seen)
 * and then falls back to a method that took 30 ms for 4 KiB.
 */
export class Pattern {
  /** The most steps for one character of text. */
  readonly steps: number;
  readonly #program: readonly Step[];
  readonly #start: number;
  // The same program as numbers: reading objects takes three times as long.
  readonly #kinds: Int32Array;
  readonly #outs: Int32Array;
  readonly #args: Int32Array;
  /** The ASCII characters that each step accepts. */
  readonly #takes: Uint8Array;
  /**
   * The ASCII characters that a match can begin with; undefined if that depends on the position.
   */
  readonly #begins: Uint8Array | undefined;
  readonly #active: StepSet;
  readonly #stack: Int32Array;

  /** Throws a PatternError if the program has more than `maxSteps`. */
  constructor(text: string, maxSteps: number) {
    const { inst, start } = compile(text, maxSteps);
    this.steps = inst.length;
    this.#program = inst;
    this.#start = start;
    this.#kinds = Int32Array.from(inst, ({ op }) => op);
    this.#outs = Int32Array.from(inst, ({ out }) => out);
    this.#args = Int32Array.from(inst, ({ arg }) => arg);
    this.#takes = new Uint8Array(inst.length * ASCII);
    inst.forEach((step, pc) => {
      if (step.op < FIRST_RUNE_KIND) return;
      for (let c = 0; c < ASCII; c++) this.#takes[pc * ASCII + c] = step.matchRune(c) ? 1 : 0;
    });
    this.#active = new StepSet(inst.length);
    this.#stack = new Int32Array(2 * inst.length + 1);
    this.#begins = this.#findBeginnings();
  }

  /** Reports whether the pattern matches any part of the text. */
  test(text: string): boolean {
    const active = this.#active;
    const kinds = this.#kinds;
    const outs = this.#outs;
    const takes = this.#takes;
    const waiting = new Int32Array(this.steps);
    let waitingCount = 0;
    let previous = -1;
    for (let i = 0; ; ) {
      if (waitingCount === 0 && this.#begins !== undefined) {
        while (i < text.length && this.#begins[text.charCodeAt(i)] === 0) i++;
      }
      const rune = i < text.length ? (text.codePointAt(i) ?? -1) : -1;
      const place = placeBetween(previous, rune);
      active.clear();
      for (let n = 0; n < waitingCount; n++) {
        if (this.#follow(waiting[n] ?? 0, place)) return true;
      }
      if (this.#follow(this.#start, place)) return true;
      if (rune < 0) return false;
      waitingCount = 0;
      for (let n = 0; n < active.count; n++) {
        const pc = active.at(n);
        if ((kinds[pc] ?? 0) < FIRST_RUNE_KIND) continue;
        const taken =
          rune < ASCII ? takes[pc * ASCII + rune] === 1 : this.#program[pc]?.matchRune(rune);
        if (taken) waiting[waitingCount++] = outs[pc] ?? 0;
      }
      previous = rune;
      i += rune > 0xffff ? 2 : 1;
    }
  }

  /**
   * Adds a step and all that follow it without consuming a character. True: the match is reached.
   */
  #follow(from: number, place: number): boolean {
    const stack = this.#stack;
    const active = this.#active;
    const outs = this.#outs;
    let depth = 0;
    stack[depth++] = from;
    while (depth > 0) {
      const pc = stack[--depth] ?? 0;
      if (!active.add(pc)) continue;
      switch (this.#kinds[pc]) {
        case MATCH:
          return true;
        case ALT:
        case ALT_MATCH:
          stack[depth++] = this.#args[pc] ?? 0;
          stack[depth++] = outs[pc] ?? 0;
          break;
        case CAPTURE:
        case NOP:
          stack[depth++] = outs[pc] ?? 0;
          break;
        case EMPTY_WIDTH:
          if (((this.#args[pc] ?? 0) & ~place) === 0) stack[depth++] = outs[pc] ?? 0;
          break;
      }
    }
    return false;
  }

  #findBeginnings(): Uint8Array | undefined {
    this.#active.clear();
    if (this.#follow(this.#start, 0)) return undefined;
    const begins = new Uint8Array(ASCII);
    for (let n = 0; n < this.#active.count; n++) {
      const pc = this.#active.at(n);
      if (this.#kinds[pc] === EMPTY_WIDTH) return undefined;
      for (let c = 0; c < ASCII; c++)
        begins[c] = (begins[c] ?? 0) | (this.#takes[pc * ASCII + c] ?? 0);
    }
    return begins;
  }
}

function compile(text: string, maxSteps: number): { inst: readonly Step[]; start: number } {
  // The step estimate does not support \Q…\E.
  if (text.includes("\\Q")) throw new PatternError("\\Q is not supported; escape each character");
  // Compiling ((…){31}){31} takes a third of a second.
  const expected = expandedSteps(text);
  if (expected > 8 * maxSteps) throw tooLarge(expected, maxSteps);
  try {
    const program = RE2JS.compile(text).re2().prog;
    if (program.inst.length > maxSteps) throw tooLarge(program.inst.length, maxSteps);
    return program;
  } catch (error) {
    if (error instanceof PatternError) throw error;
    throw new PatternError(error instanceof Error ? error.message : String(error));
  }
}

function tooLarge(steps: number, maxSteps: number): PatternError {
  return new PatternError(
    `the pattern has ${steps} steps with counts such as {20} written out; at most ${maxSteps} are allowed in an expression`,
  );
}

function placeBetween(before: number, after: number): number {
  let place = isWord(before) === isWord(after) ? NO_WORD_BOUNDARY : WORD_BOUNDARY;
  if (before < 0) place |= BEGIN_TEXT | BEGIN_LINE;
  else if (before === LINE_FEED) place |= BEGIN_LINE;
  if (after < 0) place |= END_TEXT | END_LINE;
  else if (after === LINE_FEED) place |= END_LINE;
  return place;
}

const LINE_FEED = 10;

function isWord(rune: number): boolean {
  return (
    (rune >= 48 && rune <= 57) ||
    (rune >= 65 && rune <= 90) ||
    (rune >= 97 && rune <= 122) ||
    rune === 95
  );
}

/** A set of small numbers that can be cleared in constant time. */
export class StepSet {
  count = 0;
  readonly #members: Int32Array;
  readonly #places: Int32Array;

  constructor(size: number) {
    this.#members = new Int32Array(size);
    this.#places = new Int32Array(size);
  }

  clear(): void {
    this.count = 0;
  }

  at(n: number): number {
    return this.#members[n] ?? 0;
  }

  /** Returns false if it was already a member. */
  add(member: number): boolean {
    const place = this.#places[member] ?? 0;
    if (place < this.count && this.#members[place] === member) return false;
    this.#members[this.count] = member;
    this.#places[member] = this.count++;
    return true;
  }
}

/**
 * Estimates the steps of a pattern with its counts (`{20}`) written out, so that a huge one is
 * refused before it is compiled. The result is never much below the compiler's. Accepts any text,
 * valid or not.
 */
export function expandedSteps(pattern: string): number {
  /** Steps of each open group so far. */
  const open: number[] = [];
  let total = 0;
  /** Steps of the part that a count would repeat. */
  let last = 0;
  for (let i = 0; i < pattern.length; ) {
    const count = /^\{(\d+)(?:,(\d*))?\}/.exec(pattern.slice(i, i + MAX_COUNT_LENGTH));
    if (count !== null) {
      const times = Math.max(1, Number(count[1]), Number(count[2] || 0));
      total += last * (times - 1);
      last *= times;
      i += count[0].length;
    } else if (pattern[i] === "(") {
      open.push(total);
      total = 0;
      last = 0;
      i++;
    } else if (pattern[i] === ")") {
      last = total + 2;
      total = (open.pop() ?? 0) + last;
      i++;
    } else {
      last = 1;
      total++;
      i = endOfAtom(pattern, i);
    }
  }
  return open.reduce((sum, steps) => sum + steps, total);
}

/** The length of `{1000,1000}` and more; longer ones are no counts. */
const MAX_COUNT_LENGTH = 16;

function endOfAtom(pattern: string, at: number): number {
  if (pattern[at] === "\\") return at + 2;
  if (pattern[at] !== "[") return at + 1;
  // A class ends with the first ] that is not its first character, escaped, or part of [:name:].
  let i = at + 1;
  if (pattern[i] === "^") i++;
  if (pattern[i] === "]") i++;
  while (i < pattern.length && pattern[i] !== "]") {
    const named = /^\[:\^?\w+:\]/.exec(pattern.slice(i, i + MAX_NAME_LENGTH));
    if (named !== null) i += named[0].length;
    else i += pattern[i] === "\\" ? 2 : 1;
  }
  return i + 1;
}

const MAX_NAME_LENGTH = 16;
