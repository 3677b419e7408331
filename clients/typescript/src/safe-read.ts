// Safe reads: of thrown values of any kind, also of getters that throw and of proxies. They never throw.

/** Returns a property; undefined if there is none or it cannot be read. */
export function safeRead(value: unknown, key: string | symbol): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return undefined;
  try {
    return (value as Record<string | symbol, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Returns a string property; empty if there is none. */
export function safeText(value: unknown, key: string): string {
  const found = safeRead(value, key);
  return typeof found === "string" ? found : "";
}

export function safeInteger(value: unknown, key: string): number | undefined {
  const found = safeRead(value, key);
  return Number.isInteger(found) ? (found as number) : undefined;
}

/** Returns the first items of an array property; empty if it is no array. */
export function safeList(value: unknown, key: string, maxItems: number): unknown[] {
  const found = safeRead(value, key);
  try {
    return Array.isArray(found) ? Array.prototype.slice.call(found, 0, maxItems) : [];
  } catch {
    return [];
  }
}

/** Returns a header of an object with a `get` method, such as fetch's `Headers`. */
export function safeHeader(headers: unknown, name: string): unknown {
  const get = safeRead(headers, "get");
  if (typeof get !== "function") return undefined;
  try {
    return Reflect.apply(get, headers, [name]);
  } catch {
    return undefined;
  }
}

/** Returns any value as text. */
export function describe(value: unknown): string {
  try {
    if (typeof value === "object" && value !== null) {
      return JSON.stringify(value) ?? Object.prototype.toString.call(value);
    }
    return String(value);
  } catch {
    return `a value of type ${typeof value} that cannot be shown`;
  }
}

/** Cuts text to one character more than `maxBytes`, so that the server marks it as cut. */
export function cut(text: string, maxBytes: number): string {
  const short = text.length > maxBytes + 1 ? text.slice(0, maxBytes + 1) : text;
  return short.toWellFormed();
}
