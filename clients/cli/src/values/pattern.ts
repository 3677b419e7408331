/** Reports whether the text is a pattern of queues: `*` stands for any characters. */
export function isPattern(text: string): boolean {
  return text.includes("*");
}

/** Reports whether one of the patterns matches the name of a queue. */
export function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const literal = pattern.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
    return new RegExp(`^${literal.join(".*")}$`).test(name);
  });
}
