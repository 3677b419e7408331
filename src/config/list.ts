import type { ValueType } from "./value-type.ts";

/**
 * A list of values of one type: separated by commas in a flag or variable, a sequence in YAML.
 * Empty items are dropped, so that a trailing comma is harmless. Duplicates are dropped, unless
 * `repeats`.
 *
 * `hideItems` keeps items out of errors.
 */
export function listOf<T>(
  item: ValueType<T>,
  options: {
    placeholder: string;
    allowed: string;
    min?: number;
    max?: number;
    repeats?: boolean;
    hideItems?: boolean;
  },
): ValueType<readonly T[]> {
  return {
    placeholder: options.placeholder,
    allowed: options.allowed,
    isList: true,
    parse: (raw) => {
      const texts = (typeof raw === "string" ? raw.split(",") : raw)
        .map((text) => text.trim())
        .filter((text) => text !== "");
      if (texts.length < (options.min ?? 0)) return { problem: "has too few items" };
      if (texts.length > (options.max ?? texts.length)) return { problem: "has too many items" };
      const values = new Map<string | number, T>();
      for (const [index, text] of texts.entries()) {
        const parsed = item.parse(text);
        if ("problem" in parsed) {
          const shown = options.hideItems === true ? "" : `, ${JSON.stringify(text)},`;
          return {
            problem: `has a wrong item: number ${index + 1}${shown} ${parsed.problem}`,
          };
        }
        const key = options.repeats === true ? index : String(item.format(parsed.ok));
        values.set(key, parsed.ok);
      }
      return { ok: [...values.values()] };
    },
    format: (values) => values.map((value) => String(item.format(value))),
  };
}
