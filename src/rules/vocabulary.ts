// The part of CEL that rules may use: variables and functions with their types. What is
// neither here nor in operator-type.ts is refused when rules are set: each of these costs no more than its texts are long.

export type Scalar = "bool" | "int" | "double" | "string";
type RecordName = "message" | "origin" | "failure";
export type ExpressionType = Scalar | "map" | RecordName | `list of ${Scalar}` | "empty list";

/** Fields of records are known, so that a typo is refused. Entries of maps are not. */
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

/** The fields of a record; undefined for any other type. */
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
  /** Written `x.name(…)`, `name(x, …)`, or both. */
  readonly form: "method" | "function" | "both";
  /** What `x` may be. */
  readonly on: (type: ExpressionType) => boolean;
  /** What else it takes: nothing, a text, or a text that is written out in the expression. */
  readonly takes?: "text" | "written text";
  readonly gives: Scalar;
}

const isString = (type: ExpressionType): boolean => type === "string";

export const FUNCTIONS: Readonly<Record<string, RuleFunction>> = {
  startsWith: { form: "method", on: isString, takes: "text", gives: "bool" },
  endsWith: { form: "method", on: isString, takes: "text", gives: "bool" },
  // To search for a text that a message brings could cost the product of both lengths.
  contains: { form: "method", on: isString, takes: "written text", gives: "bool" },
  // A pattern has to be compiled, and its size bounded, when rules are set.
  matches: { form: "method", on: isString, takes: "written text", gives: "bool" },
  size: {
    form: "both",
    on: (type) => isString(type) || type === "map" || isList(type),
    gives: "int",
  },
  int: { form: "function", on: (type) => isNumeric(type) || isString(type), gives: "int" },
  double: { form: "function", on: (type) => isNumeric(type) || isString(type), gives: "double" },
  string: { form: "function", on: isScalar, gives: "string" },
};
