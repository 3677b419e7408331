/** Where a value came from: the first of these that has one wins, in this order. */
export type Source =
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "default" };

export const DEFAULT: Source = { kind: "default" };

export function describeSource(source: Source): string {
  switch (source.kind) {
    case "flag":
      return source.flag;
    case "environment":
      return source.variable;
    case "file":
      return `${source.path}:${source.line}`;
    case "default":
      return "default";
  }
}
