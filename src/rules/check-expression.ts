import { type Expr, elementsOf, type Parsed, pathOf, textOf } from "./expression-tree.ts";
import { RULE_LIMITS } from "./rule.ts";
import {
  ExpressionError,
  type ExpressionFunction,
  type ExpressionType,
  fieldsOf,
  isScalar,
  operatorType,
  type Vocabulary,
} from "./vocabulary.ts";

type Kind = Expr["exprKind"];
type Call = Extract<Kind, { case: "callExpr" }>["value"];
type Select = Extract<Kind, { case: "selectExpr" }>["value"];

export interface CheckedExpression {
  type: ExpressionType;
  /** Arguments of `matches`, and their positions. */
  patterns: readonly { text: string; offset: number | undefined }[];
  /** Variables, and fields of records as `message.queue`. */
  reads: ReadonlySet<string>;
  /** Whether it asks by `has` which fields a record has. */
  testsFields: boolean;
}

/**
 * Determines the type of a parsed expression and refuses unknown constructs: the library's own
 * checker covers only constants and names. At run time only absent map entries, absent numbers,
 * overflows, divisions by zero and conversions can fail.
 */
export function checkExpression(
  parsed: Parsed,
  text: string,
  vocabulary: Vocabulary,
): CheckedExpression {
  const check = new Check(parsed, text, vocabulary);
  const type = check.typeOf(parsed.expr, 1);
  const { patterns, reads, testsFields } = check;
  return { type, patterns, reads, testsFields };
}

/** The search for a longer literal may cost the product of both lengths. */
const LONG_TEXT_LITERAL = 250;

class Check {
  readonly patterns: { text: string; offset: number | undefined }[] = [];
  readonly reads = new Set<string>();
  testsFields = false;
  readonly #source: Parsed["sourceInfo"];
  readonly #text: string;
  readonly #vocabulary: Vocabulary;

  constructor(parsed: Parsed, text: string, vocabulary: Vocabulary) {
    this.#text = text;
    this.#source = parsed.sourceInfo;
    this.#vocabulary = vocabulary;
  }

  typeOf(expr: Expr, depth: number): ExpressionType {
    if (depth > RULE_LIMITS.nesting) {
      throw this.#error(expr, `operations nest at most ${RULE_LIMITS.nesting} deep`);
    }
    const { exprKind: kind } = expr;
    switch (kind.case) {
      case "constExpr":
        return this.#constant(expr, kind.value.constantKind.case);
      case "identExpr":
        return this.#variable(expr, kind.value.name);
      case "selectExpr":
        return this.#select(expr, kind.value, depth);
      case "callExpr":
        return this.#call(expr, kind.value, depth);
      case "listExpr":
        return this.#list(expr, kind.value.elements, depth);
      case "comprehensionExpr":
        throw this.#error(expr, `${this.#macroOf(expr)} is not allowed: its cost is not bounded`);
      default:
        throw this.#error(expr, "maps and messages cannot be created");
    }
  }

  #constant(expr: Expr, kind: string | undefined): ExpressionType {
    switch (kind) {
      case "boolValue":
        return "bool";
      case "int64Value":
        return "int";
      case "doubleValue":
        return "double";
      case "stringValue":
        return "string";
      default:
        throw this.#error(expr, "use only strings, integers, decimals, true and false");
    }
  }

  #variable(expr: Expr, name: string): ExpressionType {
    const { variables, elsewhere } = this.#vocabulary;
    const type = ownOf(variables, name);
    if (type !== undefined) {
      this.reads.add(name);
      return type;
    }
    const where = ownOf(elsewhere, name);
    const known = Object.keys(variables).join(", ");
    throw this.#error(
      expr,
      where === undefined
        ? `unknown variable ${name}; known are ${known}`
        : `${name} is known ${where}`,
    );
  }

  #select(expr: Expr, { operand, field, testOnly }: Select, depth: number): ExpressionType {
    if (operand === undefined) throw this.#error(expr, `.${field} has no operand`);
    const of = this.typeOf(operand, depth + 1);
    const type = this.#member(expr, of, field);
    if (!testOnly) return type;
    if (of !== "map") this.testsFields = true;
    return "bool";
  }

  #member(expr: Expr, of: ExpressionType, name: string): ExpressionType {
    if (of === "map") return "string";
    const fields = fieldsOf(this.#vocabulary, of);
    if (fields === undefined) throw this.#error(expr, `${of} has no fields (.${name})`);
    const type = ownOf(fields, name);
    if (type !== undefined) {
      this.reads.add(`${of}.${name}`);
      return type;
    }
    const known = Object.keys(fields).join(", ");
    throw this.#error(expr, `${of} has no ${name}; it has ${known}`);
  }

  #list(expr: Expr, elements: readonly Expr[], depth: number): ExpressionType {
    const [first, ...others] = elements.map((element) => this.typeOf(element, depth + 1));
    if (first === undefined) return "empty list";
    if (!isScalar(first) || others.some((type) => type !== first)) {
      throw this.#error(
        expr,
        "the elements of a list must be strings, numbers, booleans or times of one type",
      );
    }
    return `list of ${first}`;
  }

  #call(expr: Expr, call: Call, depth: number): ExpressionType {
    const { function: name, target, args } = call;
    const { functions } = this.#vocabulary;
    const rule = ownOf(functions, name);
    if (rule !== undefined) return this.#function(expr, call, rule, depth);
    if (name === "has") throw this.#error(expr, "has is written has(x.field)");
    if (target !== undefined || /^[A-Za-z]/.test(name)) {
      const known = Object.keys(functions).join(", ");
      throw this.#error(expr, `unknown function ${name}; known are ${known}, has`);
    }
    return this.#operator(expr, name, args, depth);
  }

  #operator(expr: Expr, name: string, args: readonly Expr[], depth: number): ExpressionType {
    const types = args.map((arg) => this.typeOf(arg, depth + 1));
    if (name === "_[_]") return this.#index(expr, types, args[1]);
    if (["_==_", "_!=_", "@in"].includes(name)) this.#checkValues(args);
    const result = operatorType(name, types);
    if (typeof result === "string") return result;
    throw this.#error(
      (result.operand !== undefined && args[result.operand]) || expr,
      result.problem,
    );
  }

  /** Of a text that has certain values only, all literals that it is compared with. */
  #checkValues(args: readonly Expr[]): void {
    const { values } = this.#vocabulary;
    const name = args.map(pathOf).find((path) => path !== undefined && Object.hasOwn(values, path));
    const known = name === undefined ? undefined : values[name];
    if (known === undefined) return;
    for (const literal of args.flatMap(elementsOf)) {
      const text = textOf(literal);
      if (text === undefined || known.includes(text)) continue;
      const meant = known.find((one) => one.toLowerCase() === text.toLowerCase());
      const all = known.filter((one) => one !== "").join(", ");
      const hint = meant === undefined ? `it may be ${all}` : `did you mean ${meant}?`;
      throw this.#error(literal, `${name} is never ${JSON.stringify(text)}; ${hint}`);
    }
  }

  #index(expr: Expr, types: readonly ExpressionType[], key?: Expr): ExpressionType {
    const [of = "empty list", by = "empty list"] = types;
    if (of === "map" && by === "string") return "string";
    const name = key === undefined ? undefined : textOf(key);
    if (fieldsOf(this.#vocabulary, of) !== undefined && name !== undefined)
      return this.#member(expr, of, name);
    throw this.#error(expr, `${of}[${by}] is not defined`);
  }

  #function(
    expr: Expr,
    { function: name, target, args }: Call,
    rule: ExpressionFunction,
    depth: number,
  ): ExpressionType {
    const all = target === undefined ? args : [target, ...args];
    const form = target === undefined ? "function" : "method";
    const count = rule.takes === undefined ? 1 : 2;
    if (all.length !== count || (rule.form !== "both" && rule.form !== form)) {
      throw this.#error(expr, `${name} is written ${usage(name, rule)}`);
    }
    const [on, argument] = all.map((one) => this.typeOf(one, depth + 1));
    if (on === undefined || !rule.on(on)) {
      throw this.#error(expr, `${name} is not defined for ${on}`);
    }
    if (rule.literal !== undefined) this.#checkLiteral(all[0] as Expr, name, rule.literal);
    if (rule.takes !== undefined && argument !== "string") {
      throw this.#error(expr, `${name} takes a string, not ${argument}`);
    }
    if (rule.takes === "literal") {
      const literal = all[1] as Expr;
      const text = this.#literal(literal, name);
      if (on === "long text" && text.length > LONG_TEXT_LITERAL) {
        throw this.#error(literal, `${name} takes at most ${LONG_TEXT_LITERAL} characters here`);
      }
      if (name === "matches") this.patterns.push({ text, offset: this.#offset(literal) });
    }
    return rule.gives;
  }

  #checkLiteral(expr: Expr, name: string, check: (text: string) => unknown): void {
    const text = this.#literal(expr, name);
    try {
      check(text);
    } catch (error) {
      throw this.#error(expr, error instanceof Error ? error.message : String(error));
    }
  }

  #literal(expr: Expr, name: string): string {
    const text = textOf(expr);
    if (text === undefined) throw this.#error(expr, `${name} takes a literal string`);
    return text;
  }

  #macroOf(expr: Expr): string {
    const { exprKind: kind } = this.#source?.macroCalls[String(expr.id)] ?? {};
    return kind?.case === "callExpr" ? kind.value.function : "a macro";
  }

  #offset(expr: Expr): number | undefined {
    const offset = this.#source?.positions[String(expr.id)];
    // For an operator the parser gives the position of the space before it.
    return offset && offset + (/^\s*/.exec(this.#text.slice(offset))?.[0].length ?? 0);
  }

  #error(expr: Expr, message: string): ExpressionError {
    return new ExpressionError(message, this.#offset(expr));
  }
}

function usage(name: string, { form, takes, literal }: ExpressionFunction): string {
  if (literal !== undefined) return `${name}("…")`;
  return form === "method" ? `x.${name}(${takes === undefined ? "" : `"…"`})` : `${name}(x)`;
}

/** A name of an expression may be that of a property which every object has. */
function ownOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
