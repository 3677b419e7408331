/**
 * Estimates the steps of a pattern with its counts (`{20}`) written out, so that a huge one is
 * refused before it is compiled. The result is never much below the compiler's. Accepts any text,
 * valid or not.
 */
export function expandedSteps(pattern: string): number {
  /** Steps of each open group so far. */
  const open: number[] = [];
  let total = 0;
  /** Steps of the part that a count would repeat. */
  let last = 0;
  for (let i = 0; i < pattern.length; ) {
    const count = /^\{(\d+)(?:,(\d*))?\}/.exec(pattern.slice(i, i + MAX_COUNT_LENGTH));
    if (count !== null) {
      const times = Math.max(1, Number(count[1]), Number(count[2] || 0));
      total += last * (times - 1);
      last *= times;
      i += count[0].length;
    } else if (pattern[i] === "(") {
      open.push(total);
      total = 0;
      last = 0;
      i++;
    } else if (pattern[i] === ")") {
      last = total + 2;
      total = (open.pop() ?? 0) + last;
      i++;
    } else {
      last = 1;
      total++;
      i = endOfAtom(pattern, i);
    }
  }
  return open.reduce((sum, steps) => sum + steps, total);
}

/** The length of `{1000,1000}` and more; longer ones are no counts. */
const MAX_COUNT_LENGTH = 16;

function endOfAtom(pattern: string, at: number): number {
  if (pattern[at] === "\\") return at + 2;
  if (pattern[at] !== "[") return at + 1;
  // A class ends with the first ] that is not its first character, escaped, or part of [:name:].
  let i = at + 1;
  if (pattern[i] === "^") i++;
  if (pattern[i] === "]") i++;
  while (i < pattern.length && pattern[i] !== "]") {
    const named = /^\[:\^?\w+:\]/.exec(pattern.slice(i, i + MAX_NAME_LENGTH));
    if (named !== null) i += named[0].length;
    else i += pattern[i] === "\\" ? 2 : 1;
  }
  return i + 1;
}

const MAX_NAME_LENGTH = 16;
