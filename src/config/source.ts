/** Where a value came from. At the start of a server the first of these that has one wins. */
export type Source =
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "default" }
  /** Set while servers ran: over all of these. */
  | { readonly kind: "update" };

export const DEFAULT: Source = { kind: "default" };
/** Set while the server ran. */
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
