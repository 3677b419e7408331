/** Why an edit was not made. Nothing of it was. */
export const REFUSAL_KINDS = [
  /** What is to be edited is not JSON text. */
  "NOT_JSON",
  /** The patch itself is malformed: it would fail on any message. */
  "PATCH_INVALID",
  /** The message has nothing at a path that the patch needs. */
  "PATH_MISSING",
  /** A `test` of the patch found another value. */
  "TEST_FAILED",
  /** The result would exceed a limit. */
  "TOO_LARGE",
  /** The attributes would no longer be texts by name, within their limits. */
  "ATTRIBUTES_INVALID",
] as const;

export type RefusalKind = (typeof REFUSAL_KINDS)[number];

/** The message is for the operator who wrote the patch. */
export class TransformRefusal extends Error {
  override readonly name = "TransformRefusal";
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export const NESTED_TOO_DEEPLY = "the result would nest too deeply";
