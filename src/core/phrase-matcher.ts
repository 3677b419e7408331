/**
 * Finds which of many phrases a text contains, in one pass (Aho-Corasick). The cost depends on the
 * length of the text only, not on the number of phrases.
 *
 * Both sides are folded first: text to lower case, everything except letters and digits to a
 * single space. `[DEADLINE_EXCEEDED]` and "deadline exceeded" become one phrase. A phrase matches
 * whole words; `*` at an end leaves that end open (`*timeout*` is in "ConnectTimeoutError").
 */
export interface PhraseMatcher {
  /** The smallest index of a phrase that the text contains; -1 if none. */
  first(text: string): number;
}

const OTHER = 0;
/** Character classes: 0 is the separator, 1-26 letters, 27-36 digits. */
const CLASSES = 37;
/** The limit of a Uint16Array. */
const MOST_STATES = 65_536;

const classOf = new Uint8Array(128);
for (let i = 0; i < 26; i++) classOf[97 + i] = classOf[65 + i] = 1 + i;
for (let i = 0; i < 10; i++) classOf[48 + i] = 27 + i;

export function createPhraseMatcher(phrases: readonly string[]): PhraseMatcher {
  const patterns = phrases.map(foldPhrase);
  const most = 1 + patterns.reduce((sum, pattern) => sum + pattern.length, 0);
  if (most > MOST_STATES)
    throw new Error(`the phrases have ${most} characters; at most ${MOST_STATES} are allowed`);
  /** next[state * CLASSES + class]; state 0 is the start. Narrow, to stay in the cache. */
  const next = new Uint16Array(most * CLASSES);
  /** The smallest index of a phrase that ends in this state. */
  const hit = new Uint16Array(most).fill(patterns.length);
  let states = 1;
  patterns.forEach((pattern, index) => {
    let state = 0;
    for (const cls of pattern) {
      const at = state * CLASSES + cls;
      if (!next[at]) next[at] = states++;
      state = next[at] ?? 0;
    }
    hit[state] = Math.min(hit[state] ?? index, index);
  });
  completeAutomaton(next, hit);

  return {
    first(text) {
      let best = patterns.length;
      let previous = OTHER;
      // The text begins and ends with a separator, so that words at its ends match.
      let state = next[OTHER] ?? 0;
      for (let i = 0; i <= text.length; i++) {
        const code = i < text.length ? text.charCodeAt(i) : 32;
        const cls = code < 128 ? (classOf[code] ?? OTHER) : OTHER;
        if (cls === OTHER && previous === OTHER) continue;
        previous = cls;
        state = next[state * CLASSES + cls] ?? 0;
        const found = hit[state] ?? best;
        if (found < best) best = found;
      }
      return best === patterns.length ? -1 : best;
    },
  };
}

/**
 * Breadth first: a missing transition becomes that of the longest suffix that is also a prefix of a
 * phrase. A state inherits the hits of that suffix.
 */
function completeAutomaton(next: Uint16Array, hit: Uint16Array): void {
  const suffix = new Int32Array(hit.length);
  const queue: number[] = [];
  for (let cls = 0; cls < CLASSES; cls++) {
    const child = next[cls] ?? 0;
    if (child) queue.push(child);
  }
  for (const state of queue) {
    const fallback = suffix[state] ?? 0;
    hit[state] = Math.min(hit[state] ?? 0, hit[fallback] ?? 0);
    for (let cls = 0; cls < CLASSES; cls++) {
      const at = state * CLASSES + cls;
      const viaSuffix = next[fallback * CLASSES + cls] ?? 0;
      const child = next[at] ?? 0;
      if (child) {
        suffix[child] = viaSuffix;
        queue.push(child);
      } else {
        next[at] = viaSuffix;
      }
    }
  }
}

function foldPhrase(phrase: string): number[] {
  const openLeft = phrase.startsWith("*");
  const openRight = phrase.endsWith("*");
  const words = phrase.toLowerCase().match(/[a-z0-9]+/g);
  if (words === null) throw new Error(`the phrase ${JSON.stringify(phrase)} has no word`);
  const folded = `${openLeft ? "" : " "}${words.join(" ")}${openRight ? "" : " "}`;
  return Array.from(folded, (char) => classOf[char.charCodeAt(0)] ?? OTHER);
}
