// Looks at values that somebody threw: anything at all, getters that throw and proxies included.

/** A property, or undefined if there is none or it can't be read. */
export function peek(value: unknown, key: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

export function peekText(value: unknown, key: string): string {
  const found = peek(value, key);
  return typeof found === "string" ? found : "";
}

export function peekInteger(value: unknown, key: string): number | undefined {
  const found = peek(value, key);
  return Number.isInteger(found) ? (found as number) : undefined;
}

/** The first items of a list, or nothing where it is none. */
export function peekList(value: unknown, key: string, most: number): unknown[] {
  const found = peek(value, key);
  try {
    return Array.isArray(found) ? Array.prototype.slice.call(found, 0, most) : [];
  } catch {
    return [];
  }
}

/** A header of an object such as fetch's `Headers`, or undefined where it is none. */
export function peekHeader(headers: unknown, name: string): unknown {
  const get = peek(headers, "get");
  if (typeof get !== "function") return undefined;
  try {
    return Reflect.apply(get, headers, [name]);
  } catch {
    return undefined;
  }
}

/** In words, whatever it is. */
export function describe(value: unknown): string {
  try {
    if (typeof value === "object" && value !== null) {
      return JSON.stringify(value) ?? Object.prototype.toString.call(value);
    }
    return String(value);
  } catch {
    return `a value of type ${typeof value} that can't be shown`;
  }
}

/** Text that UTF-8 can hold, cut so that the server still sees that there was more. */
export function cut(text: string, maxBytes: number): string {
  const short = text.length > maxBytes + 1 ? text.slice(0, maxBytes + 1) : text;
  return short.toWellFormed();
}
