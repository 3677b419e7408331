import {
  isObject,
  type Json,
  type JsonObject,
  jsonEqual,
  memberOf,
  setMember,
  TransformRefusal,
} from "./json.ts";
import { isNumberText } from "./number-text.ts";
import {
  arrayIndex,
  formatOperation,
  formatPointer,
  type JsonPointer,
  type Operation,
  valueAt,
} from "./operation.ts";

/**
 * A JSON document that applies the operations of a patch and records how to undo them. It changes
 * the given value in place. After a refusal it is half edited and must not be used.
 *
 * Why not a library: fast-json-patch 3.1, rfc6902 5.4 and immutable-json-patch 6.0 fail
 * test/core/transform/rfc6902.test.ts (they pass 36, 32 and 24 of its first 39 cases; one edits
 * `/name` for `/constructor/name`), and the first two lose digits of numbers when they copy.
 */
export class JsonDocument {
  #root: Json;
  /**
   * The inverse operations, in the order of application. Undefined once they exceed their limit.
   */
  #undo: string[] | undefined = [];
  #undoRoom: number;
  #copyRoom: number;
  readonly #shifts: ShiftRoom;

  /**
   * `undoBytes` bounds the inverse patch, `copyBytes` the JSON text of all `copy` operations.
   * `shifts` may be shared with other documents.
   */
  constructor(root: Json, room: { undoBytes: number; copyBytes: number; shifts: ShiftRoom }) {
    this.#root = root;
    this.#shifts = room.shifts;
    this.#undoRoom = room.undoBytes;
    this.#copyRoom = room.copyBytes;
  }

  get root(): Json {
    return this.#root;
  }

  /** A JSON Patch that undoes all operations; undefined if it exceeds its limit. */
  get undo(): string | undefined {
    return this.#undo && `[${this.#undo.toReversed().join(",")}]`;
  }

  apply(operation: Operation): void {
    const { path } = operation;
    switch (operation.op) {
      case "add":
        this.#insert(path, operation.value);
        break;
      case "replace":
        this.#replace(path, operation.value);
        break;
      case "remove":
        this.#take(path);
        break;
      case "move":
        this.#move(operation.from, path);
        break;
      case "copy":
        this.#insert(path, this.#copy(this.#need(operation.from)));
        break;
      case "test":
        if (!jsonEqual(this.#need(path), operation.value)) {
          throw new TransformRefusal("TEST_FAILED", `${shown(path)} has another value`);
        }
    }
  }

  #move(from: JsonPointer, path: JsonPointer): void {
    const value = this.#need(from);
    if (formatPointer(path) === formatPointer(from)) return;
    this.#take(from);
    this.#insert(path, value);
  }

  #insert(path: JsonPointer, value: Json): void {
    if (path.length === 0) {
      this.#replace(path, value);
      return;
    }
    const { parent, key } = this.#parentOf(path);
    if (Array.isArray(parent)) {
      const index = key === "-" ? parent.length : arrayIndex(key);
      if (index === undefined || index > parent.length) throw missing(path);
      this.#remember({ op: "remove", path: [...path.slice(0, -1), String(index)] });
      this.#shifts.take(parent.length - index);
      parent.splice(index, 0, value);
    } else if (memberOf(parent, key) !== undefined) {
      this.#replace(path, value);
    } else {
      this.#remember({ op: "remove", path });
      setMember(parent, key, value);
    }
  }

  #replace(path: JsonPointer, value: Json): void {
    this.#remember({ op: "replace", path, value: this.#need(path) });
    if (path.length === 0) {
      this.#root = value;
      return;
    }
    const { parent, key } = this.#parentOf(path);
    if (Array.isArray(parent)) parent[Number(key)] = value;
    else setMember(parent, key, value);
  }

  #take(path: JsonPointer): void {
    this.#remember({ op: "add", path, value: this.#need(path) });
    const { parent, key } = this.#parentOf(path);
    if (Array.isArray(parent)) {
      this.#shifts.take(parent.length - Number(key));
      parent.splice(Number(key), 1);
    } else delete parent[key];
  }

  #need(path: JsonPointer): Json {
    const value = valueAt(this.#root, path);
    if (value === undefined) throw missing(path);
    return value;
  }

  #parentOf(path: JsonPointer): { parent: Json[] | JsonObject; key: string } {
    const parent = valueAt(this.#root, path.slice(0, -1));
    if (!Array.isArray(parent) && !isObject(parent)) throw missing(path);
    return { parent, key: path.at(-1) ?? "" };
  }

  /** Formats at once, because later operations may change the value. */
  #remember(inverse: Operation): void {
    if (this.#undo === undefined) return;
    const text = formatOperation(inverse);
    this.#undoRoom -= Buffer.byteLength(text) + 1;
    if (this.#undoRoom < 0) this.#undo = undefined;
    else this.#undo.push(text);
  }

  /** Charges the copy before it is made: a name or a number may be as long as the document. */
  #copy(value: Json): Json {
    if (Array.isArray(value)) {
      this.#charge(1 + value.length);
      return value.map((item) => this.#copy(item));
    }
    if (isNumberText(value) || !isObject(value)) {
      this.#charge(JSON.stringify(value).length);
      return value;
    }
    const copy: JsonObject = {};
    this.#charge(1);
    for (const [key, member] of Object.entries(value)) {
      this.#charge(JSON.stringify(key).length + 2);
      setMember(copy, key, this.#copy(member));
    }
    return copy;
  }

  /** Takes characters of JSON text from the room for copies. */
  #charge(characters: number): void {
    this.#copyRoom -= characters;
    if (this.#copyRoom >= 0) return;
    throw new TransformRefusal(
      "TOO_LARGE",
      "its copy operations copy more than the largest payload",
    );
  }
}

/**
 * How many elements of arrays the operations of one list of transforms may shift: up to 4 ns each.
 * 256 operations at the beginning of an array of 1 MiB shift 90 million.
 */
export const MAX_SHIFTS = 8 * 1024 * 1024;

export class ShiftRoom {
  #left = MAX_SHIFTS;

  take(elements: number): void {
    this.#left -= elements;
    if (this.#left >= 0) return;
    throw new TransformRefusal(
      "TOO_LARGE",
      "its operations shift too many elements of arrays; replace the whole array instead",
    );
  }
}

function missing(path: JsonPointer): TransformRefusal {
  return new TransformRefusal("PATH_MISSING", `there is nothing at ${shown(path)}`);
}

/** Shortens a path for a message: patches have up to 64 KiB. */
function shown(path: JsonPointer): string {
  const text = formatPointer(path);
  return JSON.stringify(text.length > 128 ? `${text.slice(0, 128)}…` : text);
}
