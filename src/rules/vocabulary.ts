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
