// Lists of values in brackets, such as the row that a database refused.

/** What precedes a list of values. */
const BEFORE =
  /(?:\[parameters: |contains |input_value=|[a-z)]=|parameters[:=] ?|params[:=] ?|values )$/;
const CLOSING = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);
/** Longer lists end here. */
const LIST_CHARS = 2048;

/**
 * Returns where the list ends that starts at a bracket: "Failing row contains (17, Anna, null)",
 * "Key (email)=(a@b.example)". 0: there is none.
 *
 * @param before what precedes the bracket, normalised
 */
export function endOfValues(text: string, start: number, before: string): number {
  const opening = text[start] ?? "";
  const closing = CLOSING.get(opening);
  if (closing === undefined || !BEFORE.test(before.slice(-16))) return 0;
  const limit = Math.min(text.length, start + LIST_CHARS);
  let depth = 0;
  for (let at = start; at < limit; at++) {
    if (text[at] === opening) depth++;
    else if (text[at] === closing && --depth === 0) return at + 1;
  }
  return limit;
}
