import type { parse } from "@bufbuild/cel";

export type Parsed = ReturnType<typeof parse>;
export type Expr = Parsed["expr"];

/** The name of a variable, or of a field as `failure.reason`. */
export function pathOf({ exprKind: kind }: Expr): string | undefined {
  if (kind.case === "identExpr") return kind.value.name;
  if (kind.case !== "selectExpr" || kind.value.operand === undefined) return undefined;
  const of = pathOf(kind.value.operand);
  return of === undefined ? undefined : `${of}.${kind.value.field}`;
}

/** The elements of a list; another expression alone. */
export function elementsOf(expr: Expr): readonly Expr[] {
  return expr.exprKind.case === "listExpr" ? expr.exprKind.value.elements : [expr];
}

/** The text of a literal. */
export function textOf(expr: Expr): string | undefined {
  if (expr.exprKind.case !== "constExpr") return undefined;
  const { constantKind: kind } = expr.exprKind.value;
  return kind.case === "stringValue" ? kind.value : undefined;
}
