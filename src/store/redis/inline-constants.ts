/** `local A, B = 1, 'x'` at the start of a line, of numbers and plain texts alone. */
const DECLARATION =
  /^local ([A-Z]\w*(?:, [A-Z]\w*)*) = ((?:\d+|'[^'\\\n,]*')(?:, (?:\d+|'[^'\\\n,]*'))*)$/gm;
/** What may hold a constant's name without being it comes first. */
const TOKEN = /--[^\n]*|'(?:[^'\\\n]|\\.)*'|\b[A-Z]\w*\b/g;

/**
 * Puts values in the place of the constants that a script declares, and drops its comments. Lua allows
 * a function 200 local variables, which the parts of a script share; and a constant costs less to
 * read than a variable of an outer function.
 */
export function inlineConstants(source: string): string {
  const values = new Map<string, string>();
  const rest = source.replace(DECLARATION, (line, names: string, numbers: string) => {
    const [all, given] = [names.split(", "), numbers.split(", ")];
    if (all.length !== given.length) return line;
    all.forEach((name, index) => {
      values.set(name, given[index] as string);
    });
    return "";
  });
  const inlined = rest.replace(TOKEN, (token) =>
    token.startsWith("--") ? "" : (values.get(token) ?? token),
  );
  return inlined.replace(/[ \t]+$/gm, "").replace(/\n{2,}/g, "\n");
}
