/** The source of a value. At the start of a server the first of these with a value wins. */
export type Source =
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "default" }
  /** Set with UpdateQueue; overrides the others. */
  | { readonly kind: "update" };

export const DEFAULT: Source = { kind: "default" };
export const UPDATE: Source = { kind: "update" };

export function describeSource(source: Source): string {
  switch (source.kind) {
    case "flag":
      return source.flag;
    case "environment":
      return source.variable;
    case "file":
      return `${source.path}:${source.line}`;
    case "update":
      return "UpdateQueue";
    case "default":
      return "default";
  }
}
