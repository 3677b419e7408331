/** Why a transform was refused. Nothing was changed. */
export const REFUSAL_KINDS = [
  /** The payload is not JSON. */
  "NOT_JSON",
  /** The patch is malformed: it would fail on any message. */
  "PATCH_INVALID",
  /** A path of the patch does not exist in the message. */
  "PATH_MISSING",
  /** A `test` operation found another value. */
  "TEST_FAILED",
  /** The result would exceed a limit. */
  "TOO_LARGE",
  /** The attributes would no longer be strings by name within their limits. */
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
