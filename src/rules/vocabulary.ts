// The subset of CEL that rules may use: variables, functions and operators with their types.
// Anything else is refused when rules are set. The cost of each is bounded by the length of its
// strings.

export type Scalar = "bool" | "int" | "double" | "string";
type RecordName = "message" | "origin" | "failure";
export type ExpressionType = Scalar | "map" | RecordName | `list of ${Scalar}` | "empty list";

/** Fields of records are fixed, so that a typo is refused. Entries of maps are not. */
const RECORDS: Readonly<Record<RecordName, Readonly<Record<string, ExpressionType>>>> = {
  message: {
    queue: "string",
    source_id: "string",
    ordering_key: "string",
    priority: "int",
    attributes: "map",
    payload_bytes: "int",
    content_type: "string",
    origin: "origin",
  },
  origin: { service: "string", instance: "string", version: "string", coordinates: "map" },
  failure: {
    reason: "string",
    type: "string",
    message: "string",
    grpc_code: "int",
    http_status: "int",
    attributes: "map",
  },
};

const VARIABLES: Readonly<Record<string, ExpressionType>> = {
  message: "message",
  failure: "failure",
  attempts: "int",
};

export function variableNames(withAttempts: boolean): string[] {
  return Object.keys(VARIABLES).filter((name) => withAttempts || name !== "attempts");
}

export function variableType(name: string): ExpressionType | undefined {
  return Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
}

/** Returns the fields of a record; undefined for other types. */
export function fieldsOf(
  type: ExpressionType,
): Readonly<Record<string, ExpressionType>> | undefined {
  return type === "message" || type === "origin" || type === "failure" ? RECORDS[type] : undefined;
}

export function isNumeric(type: ExpressionType): boolean {
  return type === "int" || type === "double";
}

export function isScalar(type: ExpressionType): type is Scalar {
  return isNumeric(type) || type === "bool" || type === "string";
}

export function isList(type: ExpressionType): boolean {
  return type === "empty list" || type.startsWith("list of ");
}

export interface RuleFunction {
  /** `x.name(…)`, `name(x, …)`, or both. */
  readonly form: "method" | "function" | "both";
  /** Allowed types of `x`. */
  readonly on: (type: ExpressionType) => boolean;
  /** The other argument: none, a string, or a literal string. */
  readonly takes?: "string" | "literal";
  readonly gives: Scalar;
}

const isString = (type: ExpressionType): boolean => type === "string";

export const FUNCTIONS: Readonly<Record<string, RuleFunction>> = {
  startsWith: { form: "method", on: isString, takes: "string", gives: "bool" },
  endsWith: { form: "method", on: isString, takes: "string", gives: "bool" },
  // Searching for a string from the message could cost the product of both lengths.
  contains: { form: "method", on: isString, takes: "literal", gives: "bool" },
  // Patterns are compiled, and their size is checked, when rules are set.
  matches: { form: "method", on: isString, takes: "literal", gives: "bool" },
  size: {
    form: "both",
    on: (type) => isString(type) || type === "map" || isList(type),
    gives: "int",
  },
  int: { form: "function", on: (type) => isNumeric(type) || isString(type), gives: "int" },
  double: { form: "function", on: (type) => isNumeric(type) || isString(type), gives: "double" },
  string: { form: "function", on: isScalar, gives: "string" },
};

/** Why the operands are invalid. `operand` is the index of the wrong one, if it is one. */
export interface OperandMistake {
  problem: string;
  operand?: number;
}

const EQUALITIES = ["==", "!="];
const COMPARISONS = ["<", "<=", ">", ">=", ...EQUALITIES];
const ARITHMETIC = ["+", "-", "*", "/", "%"];

/**
 * Returns the result type of an operator. Names are the parser's: `_==_`, `!_`, `_?_:_`, `@in`.
 */
export function operatorType(
  name: string,
  types: readonly ExpressionType[],
): ExpressionType | OperandMistake {
  const [a = "empty list", b = "empty list", c = "empty list"] = types;
  const sign = /^_(\W+)_$/.exec(name)?.[1] ?? "";
  if (COMPARISONS.includes(sign)) return comparisonType(sign, a, b);
  if (ARITHMETIC.includes(sign)) return arithmeticType(sign, a, b);
  switch (name) {
    case "_&&_":
    case "_||_":
    case "!_": {
      const operand = types.findIndex((type) => type !== "bool");
      if (operand < 0) return "bool";
      return { problem: `bool is needed here, not ${types[operand]}`, operand };
    }
    case "-_":
      return isNumeric(a) ? a : { problem: `-${a} is not defined` };
    case "_?_:_":
      if (a === "bool" && b === c && isScalar(b)) return b;
      return { problem: `${a} ? ${b} : ${c} has no type` };
    case "@in":
      if (b === "map" ? a === "string" : b === "empty list" || b === `list of ${a}`) return "bool";
      return { problem: `${a} in ${b} is not defined` };
    default:
      return { problem: `unknown operator ${name}` };
  }
}

function comparisonType(
  sign: string,
  a: ExpressionType,
  b: ExpressionType,
): "bool" | OperandMistake {
  if (isNumeric(a) && isNumeric(b)) return "bool";
  const equality = EQUALITIES.includes(sign);
  if (a === b && (a === "string" || (equality && (isScalar(a) || isList(a))))) return "bool";
  return { problem: `${a} ${sign} ${b} is not defined` };
}

function arithmeticType(
  sign: string,
  a: ExpressionType,
  b: ExpressionType,
): ExpressionType | OperandMistake {
  if (a === b && isNumeric(a) && (sign !== "%" || a === "int")) return a;
  // Strings cannot be joined: the result could be long and be searched repeatedly.
  return { problem: `${a} ${sign} ${b} is not defined` };
}

/** An invalid expression: why, and where. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  /** Position in characters, from 0; undefined if the whole expression is meant. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number | undefined) {
    super(message);
    this.offset = offset;
  }
}
