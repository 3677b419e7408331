/** A piece of Lua: `before` is the white space in front of it. Comments are dropped. */
export interface Token {
  readonly text: string;
  readonly type: "name" | "keyword" | "string" | "number" | "symbol";
  readonly before: string;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "and break do else elseif end false for function if in local nil not or repeat return " +
    "then true until while"
  ).split(" "),
);

const PATTERNS = [
  ["comment", /--[^\n]*/y],
  ["name", /[A-Za-z_]\w*/y],
  ["number", /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["string", /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y],
  ["symbol", /\.\.\.|\.\.|==|~=|<=|>=|[-+*/%^#<>=(){}[\];:,.]/y],
] as const;

/** Throws on what the scripts do not use: long strings and long comments. */
export function tokenize(source: string): Token[] {
  if (/--\[=*\[|(?<!\w)\[=*\[(?=\n)/.test(source)) throw new Error("long comments and strings");
  const tokens: Token[] = [];
  let at = 0;
  let before = "";
  while (at < source.length) {
    const space = /\s*/y;
    space.lastIndex = at;
    before += space.exec(source)?.[0] ?? "";
    at = space.lastIndex;
    if (at >= source.length) break;
    const [type, text] = next(source, at);
    at += text.length;
    if (type === "comment") continue;
    const isKeyword = type === "name" && KEYWORDS.has(text);
    tokens.push({ text, type: isKeyword ? "keyword" : type, before });
    before = "";
  }
  return tokens;
}

function next(source: string, at: number) {
  for (const [type, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) return [type, text] as const;
  }
  throw new Error(`not Lua: ${source.slice(at, at + 40)}`);
}

/** The text of tokens again, without empty lines. */
export function textOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ before, text }) => before + text)
    .join("")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n")
    .trim();
}

/** Reports whether a token can end an expression: a name behind it begins a statement. */
export function endsExpression({ type, text }: Token): boolean {
  if (type === "keyword") return ["end", "false", "nil", "true"].includes(text);
  return type !== "symbol" || [")", "]", "}", "..."].includes(text);
}

/** The index behind the bracket that closes the one at `open`. */
export function behindBracket(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { type, text } = tokens[at] as Token;
    if (type !== "symbol") continue;
    if ("([{".includes(text)) depth++;
    if (")]}".includes(text) && --depth === 0) return at + 1;
  }
  throw new Error("a bracket that does not close");
}
