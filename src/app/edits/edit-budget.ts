import { EDIT_LIMITS } from "../../core/transform/edit-limits.ts";

/** What one call may edit: each side of it, what is read and what is written, has the same bound. */
export class EditBudget {
  #toRead: number = EDIT_LIMITS.callBytes;
  #toWrite: number = EDIT_LIMITS.callBytes;

  /** False: that is too much for one call. */
  read(bytes: number): boolean {
    this.#toRead -= bytes;
    return this.#toRead >= 0;
  }

  /** Whatever else is read is too much, too. */
  get isReadOut(): boolean {
    return this.#toRead < 0;
  }

  /** As `read`. */
  write(bytes: number): boolean {
    this.#toWrite -= bytes;
    return this.#toWrite >= 0;
  }
}
