// The subset of CEL that expressions may use: types, functions and operators. Anything else is refused
// when an expression is compiled. The cost of each is bounded by the length of its strings.

/** Times and durations are whole milliseconds when an expression runs. */
export type Scalar = "bool" | "int" | "double" | "string" | "timestamp" | "duration";
/** `long text` may only be searched for a literal text. */
export type ExpressionType =
  | Scalar
  | "map"
  | "long text"
  | RecordName
  | `list of ${Scalar}`
  | "empty list";
type RecordName = "message" | "origin" | "failure";
type Fields = Readonly<Record<string, ExpressionType>>;

/** What the expressions of one kind may use. */
export interface Vocabulary {
  readonly variables: Fields;
  /** Fields of records are fixed, so that a typo is refused. Entries of maps are not. */
  readonly records: Readonly<Record<RecordName, Fields>>;
  readonly functions: Readonly<Record<string, ExpressionFunction>>;
  /** Variables of other expressions, and where they are known. */
  readonly elsewhere: Readonly<Record<string, string>>;
  /** The only values of some texts: a comparison with another one is a mistake. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/** Fields of the records, in all expressions. */
export const RECORDS: Vocabulary["records"] = {
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

/** Returns the fields of a record; undefined for other types. */
export function fieldsOf({ records }: Vocabulary, type: ExpressionType): Fields | undefined {
  return type === "message" || type === "origin" || type === "failure" ? records[type] : undefined;
}

export function isNumeric(type: ExpressionType): boolean {
  return type === "int" || type === "double";
}

export function isScalar(type: ExpressionType): type is Scalar {
  return isPlain(type) || isTime(type);
}

/** Scalars that have a text of their own. */
function isPlain(type: ExpressionType): boolean {
  return isNumeric(type) || type === "bool" || type === "string";
}

function isTime(type: ExpressionType): boolean {
  return type === "timestamp" || type === "duration";
}

export function isList(type: ExpressionType): boolean {
  return type === "empty list" || type.startsWith("list of ");
}

export interface ExpressionFunction {
  /** `x.name(…)`, `name(x, …)`, or both. */
  readonly form: "method" | "function" | "both";
  /** Allowed types of `x`. */
  readonly on: (type: ExpressionType) => boolean;
  /** The other argument: none, a string, or a literal string. */
  readonly takes?: "string" | "literal";
  /** `x` is a literal string of this form. Throws an Error for another one. */
  readonly literal?: (text: string) => unknown;
  readonly gives: Scalar;
}

const isString = (type: ExpressionType): boolean => type === "string";

const isSearchable = (type: ExpressionType): boolean => isString(type) || type === "long text";

/** Functions of all expressions. */
export const FUNCTIONS: Vocabulary["functions"] = {
  startsWith: { form: "method", on: isString, takes: "string", gives: "bool" },
  endsWith: { form: "method", on: isString, takes: "string", gives: "bool" },
  // Searching for a string from the message could cost the product of both lengths.
  contains: { form: "method", on: isSearchable, takes: "literal", gives: "bool" },
  // Patterns are compiled, and their size is checked, when rules are set.
  matches: { form: "method", on: isString, takes: "literal", gives: "bool" },
  size: {
    form: "both",
    on: (type) => isString(type) || type === "map" || isList(type),
    gives: "int",
  },
  int: { form: "function", on: (type) => isNumeric(type) || isString(type), gives: "int" },
  double: { form: "function", on: (type) => isNumeric(type) || isString(type), gives: "double" },
  string: { form: "function", on: isPlain, gives: "string" },
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
  const ordered = a === "string" || isTime(a);
  if (a === b && (ordered || (equality && (isScalar(a) || isList(a))))) return "bool";
  return { problem: `${a} ${sign} ${b} is not defined` };
}

function arithmeticType(
  sign: string,
  a: ExpressionType,
  b: ExpressionType,
): ExpressionType | OperandMistake {
  if (a === b && isNumeric(a) && (sign !== "%" || a === "int")) return a;
  if (isTime(a) && isTime(b) && (sign === "+" || sign === "-")) {
    if (b === "duration") return a;
    if (sign === "-" ? a === "timestamp" : a === "duration") return sign === "-" ? "duration" : b;
  }
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

  /** The message, with the position as people count. */
  get description(): string {
    return this.offset === undefined
      ? this.message
      : `at character ${this.offset + 1}: ${this.message}`;
  }
}
