import { countText } from "./numbers.ts";

/** Returns `a, b and 3 more`. @param total how many there are, if the names are not all */
export function firstNames(names: readonly string[], most: number, total = names.length): string {
  const shown = names.slice(0, most);
  const rest = total - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${countText(rest)} more` : shown.join(", ");
}
