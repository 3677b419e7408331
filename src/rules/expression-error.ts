/** Why an expression is not valid, and where. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  /** In characters of the expression, from 0; undefined where it concerns all of it. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number | undefined) {
    super(message);
    this.offset = offset;
  }
}
