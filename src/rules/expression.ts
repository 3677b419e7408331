import {
  type CelError,
  type CelInput,
  CelScalar,
  celEnv,
  celFunc,
  isCelError,
  parse,
  plan,
} from "@bufbuild/cel";
import { exceedsUtf8 } from "../core/utf8.ts";
import { checkExpression } from "./check-expression.ts";
import { ExpressionError } from "./expression-error.ts";
import { Pattern, PatternError } from "./pattern.ts";
import { RULE_LIMITS, type RuleEvent } from "./rule.ts";

/** An expression whose cost is bounded by its size and that of the texts that it looks at. */
export interface Expression {
  /** "absent": it needs an attribute or a number that the message does not have. */
  evaluate(bindings: Record<string, CelInput>): boolean | "absent" | { error: string };
}

/** Throws an ExpressionError. */
export function compileExpression(text: string, event: RuleEvent): Expression {
  const parsed = parseBounded(text);
  const { type, patterns } = checkExpression(parsed, text, event === "FAILURE");
  if (type !== "bool") throw new ExpressionError(`gives a ${type}; it must give true or false`);
  const compiled = compilePatterns(patterns);
  const env = celEnv({
    funcs: CONVERSIONS,
    re2: {
      compile(pattern) {
        const found = compiled.get(pattern);
        if (found === undefined) throw new Error(`the pattern ${pattern} was never compiled`);
        return found;
      },
    },
  });
  const run = plan(env, parsed);
  return {
    evaluate(bindings) {
      const result = run(bindings);
      if (typeof result === "boolean") return result;
      if (!isCelError(result)) return { error: "gave neither true nor false" };
      return outcomeOf(result);
    },
  };
}

function parseBounded(text: string): ReturnType<typeof parse> {
  if (text.trim() === "") throw new ExpressionError("is empty");
  if (exceedsUtf8(text, RULE_LIMITS.expressionBytes)) {
    throw new ExpressionError(`is longer than ${RULE_LIMITS.expressionBytes} bytes`);
  }
  // The parser's time and stack grow with nesting: hundreds of open brackets took seconds.
  checkNesting(text);
  try {
    return parse(text);
  } catch (error) {
    throw syntaxError(error);
  }
}

/** Counts those in texts too, since only the parser could tell them apart. */
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

/** The parser's error has a place and bare words, as fields that its package does not export. */
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
        throw new PatternError(`patterns come to more than ${RULE_LIMITS.patternSteps} steps`);
      compiled.set(text, pattern);
    } catch (error) {
      if (error instanceof PatternError) throw new ExpressionError(error.message, offset);
      throw error;
    }
  }
  return compiled;
}

/** How the library words the read of an entry that is not there; the test holds it to that. */
const ABSENT = "field not found: ";

function outcomeOf(error: CelError): "absent" | { error: string } {
  const found = errorsOf(error).find(({ message }) => !message.startsWith(ABSENT));
  return found === undefined ? "absent" : { error: found.message };
}

/** Both sides of && and || may fail: the first error then has all of them as its cause. */
function errorsOf(error: CelError): CelError[] {
  const causes = Array.isArray(error.cause) ? error.cause.filter(isCelError) : [];
  return [error, ...causes.flatMap(errorsOf)];
}

/** The library's own read "" as 0, "0x10" as 16 and "many" as not a number. */
const CONVERSIONS = [
  celFunc("int", [CelScalar.STRING], CelScalar.INT, (text) => {
    if (!/^-?\d{1,19}$/.test(text)) throw new Error("int() of a text that is no whole number");
    return BigInt.asIntN(64, BigInt(text));
  }),
  celFunc("double", [CelScalar.STRING], CelScalar.DOUBLE, (text) => {
    if (!/^-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?$/.test(text)) {
      throw new Error("double() of a text that is no number");
    }
    return Number(text);
  }),
];
