/** An invalid expression: why, and where. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  /** Position in characters, from 0; undefined if the whole expression is meant. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number | undefined) {
    super(message);
    this.offset = offset;
  }
}
