import {
  type CelError,
  type CelInput,
  type CelResult,
  CelScalar,
  celEnv,
  celFunc,
  isCelError,
  parse,
  plan,
} from "@bufbuild/cel";
import { exceedsUtf8 } from "../core/utf8.ts";
import { checkExpression } from "./check-expression.ts";
import { Pattern, PatternError } from "./pattern.ts";
import { RULE_LIMITS } from "./rule.ts";
import { dayOf, durationMs, hourOf, instantMs } from "./times.ts";
import { ExpressionError, type Vocabulary } from "./vocabulary.ts";

/** An expression. Its cost is bounded by its size and that of the strings it reads. */
export interface Expression {
  /** The steps of all its patterns, the most work for one character of a text. */
  readonly patternSteps: number;
  /** "absent": an attribute or number is missing in the message. */
  evaluate(bindings: Bindings): boolean | "absent" | { error: string };
}

export type Bindings = Record<string, CelInput>;

/** Throws an ExpressionError. */
export function compileExpression(text: string, vocabulary: Vocabulary): Expression {
  const { checked, patternSteps, run } = compile(text, vocabulary);
  const { type } = checked;
  if (type !== "bool") throw new ExpressionError(`has type ${type}; it must be bool`);
  return {
    patternSteps,
    evaluate(bindings) {
      const result = run(bindings);
      if (typeof result === "boolean") return result;
      if (!isCelError(result)) return { error: "the result is neither true nor false" };
      return outcomeOf(result);
    },
  };
}

/** Compiles an expression of any type that the vocabulary allows. Throws an ExpressionError. */
export function compile(text: string, vocabulary: Vocabulary) {
  const parsed = parseBounded(text);
  const checked = checkExpression(parsed, text, vocabulary);
  const compiled = compilePatterns(checked.patterns);
  const env = celEnv({
    funcs: [...CONVERSIONS, ...TIMES],
    re2: {
      compile(pattern) {
        const found = compiled.get(pattern);
        if (found === undefined) throw new Error(`the pattern ${pattern} was not compiled`);
        return found;
      },
    },
  });
  const run: (bindings: Bindings) => CelResult = plan(env, parsed);
  const stepsOf = ({ text: one }: { text: string }) => compiled.get(one)?.steps ?? 0;
  const patternSteps = checked.patterns.reduce((sum, one) => sum + stepsOf(one), 0);
  return { checked, patternSteps, run, root: parsed.expr };
}

/**
 * The library creates an Error for each absent entry. The stack trace is nine tenths of the cost
 * and unused. `run` is synchronous, so the changed limit affects nothing else.
 */
export function withoutStackTraces<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function parseBounded(text: string): ReturnType<typeof parse> {
  if (text.trim() === "") throw new ExpressionError("is empty");
  if (exceedsUtf8(text, RULE_LIMITS.expressionBytes)) {
    throw new ExpressionError(`is longer than ${RULE_LIMITS.expressionBytes} bytes`);
  }
  // The parser's time and stack grow with nesting: hundreds of brackets took seconds.
  checkNesting(text);
  try {
    return parse(text);
  } catch (error) {
    throw syntaxError(error);
  }
}

/** Counts brackets inside strings too: only the parser can distinguish them. */
function checkNesting(text: string): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if ("([{".includes(char)) depth++;
    else if (")]}".includes(char)) depth--;
    if (depth > RULE_LIMITS.nesting) {
      throw new ExpressionError(`brackets nest at most ${RULE_LIMITS.nesting} deep`, i);
    }
  }
}

/** The parser's error has its position in fields that the package does not export. */
function syntaxError(error: unknown): ExpressionError {
  const { rawMessage, location, message } = error as {
    rawMessage?: string;
    location?: { start: { offset: number } };
    message?: string;
  };
  return new ExpressionError(rawMessage ?? message ?? String(error), location?.start.offset);
}

function compilePatterns(
  patterns: readonly { text: string; offset: number | undefined }[],
): Map<string, Pattern> {
  const compiled = new Map<string, Pattern>();
  let room: number = RULE_LIMITS.patternSteps;
  for (const { text, offset } of patterns) {
    try {
      const pattern = compiled.get(text) ?? new Pattern(text, RULE_LIMITS.patternSteps);
      room -= pattern.steps;
      if (room < 0)
        throw new PatternError(
          `the patterns have more than ${RULE_LIMITS.patternSteps} steps in total; shorten them: a count such as {20} is 20 steps`,
        );
      compiled.set(text, pattern);
    } catch (error) {
      if (error instanceof PatternError) throw new ExpressionError(error.message, offset);
      throw error;
    }
  }
  return compiled;
}

/** The library's message for an absent entry. A test checks it. */
const ABSENT = "field not found: ";

function outcomeOf(error: CelError): "absent" | { error: string } {
  const found = errorsOf(error).find(({ message }) => !message.startsWith(ABSENT));
  return found === undefined ? "absent" : { error: found.message };
}

/** If both sides of && or || fail, the first error has all of them as its cause. */
function errorsOf(error: CelError): CelError[] {
  const causes = Array.isArray(error.cause) ? error.cause.filter(isCelError) : [];
  return [error, ...causes.flatMap(errorsOf)];
}

/** The library's own conversions read "" as 0 and "0x10" as 16. */
const CONVERSIONS = [
  celFunc("int", [CelScalar.STRING], CelScalar.INT, (text) => {
    if (!/^-?\d{1,19}$/.test(text)) throw new Error("int() of a string that is not an integer");
    return BigInt.asIntN(64, BigInt(text));
  }),
  celFunc("double", [CelScalar.STRING], CelScalar.DOUBLE, (text) => {
    if (!/^-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?$/.test(text)) {
      throw new Error("double() of a string that is not a number");
    }
    return Number(text);
  }),
];

/** Times are whole milliseconds: the library's own are objects, which cost ten times as much. */
const TIMES = [
  celFunc("timestamp", [CelScalar.STRING], CelScalar.INT, (text) => BigInt(instantMs(text))),
  celFunc("duration", [CelScalar.STRING], CelScalar.INT, (text) => BigInt(durationMs(text))),
  celFunc("hour", [CelScalar.INT], CelScalar.STRING, (ms) => hourOf(Number(ms))),
  celFunc("day", [CelScalar.INT], CelScalar.STRING, (ms) => dayOf(Number(ms))),
];
