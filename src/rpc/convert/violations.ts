import { type DlqError, type FieldViolation, invalid } from "../../core/errors.ts";

/**
 * Everything wrong with one request. A request is read to its end, so that its sender hears of
 * every mistake at once; nothing is done when there is one.
 */
export class Violations {
  readonly #prefix: string;
  readonly #found: FieldViolation[] = [];

  /** `prefix` stands before every field, e.g. `requests[3].`. */
  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  /** `field`: its path as the contract spells it, e.g. `payload.content_type`. */
  add(field: string, description: string): void {
    this.#found.push({ field: this.#prefix + field, description });
  }

  get found(): readonly FieldViolation[] {
    return this.#found;
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  toError(): DlqError {
    return invalid(this.#found);
  }

  throwIfAny(): void {
    if (this.any) throw this.toError();
  }
}

/** The path of a map's entry. Long keys are cut: the path has to fit into an error's trailers. */
export function entryPath(field: string, key: string): string {
  return `${field}[${JSON.stringify(key.length > 64 ? `${key.slice(0, 64)}…` : key)}]`;
}
