import { EDIT_LIMITS } from "../../core/transform/edit-limits.ts";

/** How many bytes one call may edit. Reading and writing have the same limit. */
export class EditBudget {
  #toRead: number = EDIT_LIMITS.callBytes;
  #toWrite: number = EDIT_LIMITS.callBytes;

  /** Takes bytes from the budget. False: the call exceeds it. */
  read(bytes: number): boolean {
    this.#toRead -= bytes;
    return this.#toRead >= 0;
  }

  /** Whether the read budget is used up. */
  get isReadOut(): boolean {
    return this.#toRead < 0;
  }

  /** As `read`. */
  write(bytes: number): boolean {
    this.#toWrite -= bytes;
    return this.#toWrite >= 0;
  }
}
