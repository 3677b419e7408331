import { type Expr, elementsOf, pathOf, textOf } from "./expression-tree.ts";

/** Values of which one is necessary for a filter to match. Absent: the filter names none. */
export interface Narrowing {
  states?: readonly string[];
  reasons?: readonly string[];
  quarantineReasons?: readonly string[];
  groupIds?: readonly string[];
}

const NAMES = {
  state: "states",
  "failure.reason": "reasons",
  quarantine_reason: "quarantineReasons",
  group_id: "groupIds",
} as const satisfies Record<string, keyof Narrowing>;

/**
 * Finds what the store can select by: comparisons of four variables with literals, by `==` or `in`, that the whole expression
 * needs. The first one of each kind counts.
 */
export function narrowingOf(expr: Expr): Narrowing {
  const { exprKind: kind } = expr;
  if (kind.case !== "callExpr") return {};
  const { function: name, args } = kind.value;
  if (name === "_&&_") {
    return Object.assign({}, ...args.map(narrowingOf).reverse());
  }
  const [left, right] = args;
  if (left === undefined || right === undefined) return {};
  if (name === "@in") return narrow(left, elementsOf(right));
  if (name !== "_==_") return {};
  return { ...narrow(right, [left]), ...narrow(left, [right]) };
}

function narrow(variable: Expr, values: readonly Expr[]): Narrowing {
  const path = pathOf(variable);
  const name = Object.hasOwn(NAMES, path ?? "") ? NAMES[path as keyof typeof NAMES] : undefined;
  const texts = values.map(textOf).filter((text) => text !== undefined);
  return name === undefined || texts.length < values.length ? {} : { [name]: texts };
}
