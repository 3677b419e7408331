import { endsExpression, type Token } from "./tokens.ts";

/** One statement of the outermost block of a text, with all that is in it. */
export interface Statement {
  readonly tokens: readonly Token[];
  /**
   * The names that it defines and does nothing else, `a.b` for a function of a table. Undefined: it has
   * effects.
   */
  readonly defines: readonly string[] | undefined;
  /** Every variable that it reads or writes; of `a.b` also `a.b`. */
  readonly uses: ReadonlySet<string>;
}

/** Calls that are left out if their value is not used. */
const PURE_CALLS = /^(?:lazy|read_settings|read_tending|tonumber|(?:string|struct|math)\.\w+)$/;

const OPENS: ReadonlySet<string> = new Set(["function", "if", "for", "while", "do", "repeat"]);
const STARTS: ReadonlySet<string> = new Set(
  "local function if for while do repeat return break".split(" "),
);

export function statementsOf(tokens: readonly Token[]): Statement[] {
  return split(tokens).map((own) => {
    const defines = definedBy(own);
    return { tokens: own, defines, uses: new Set(namesIn(own)) };
  });
}

/**
 * Lua needs no mark between statements: one begins at a keyword that can start one, or at a name, wherever
 * an expression has just ended. Layout does not matter.
 */
function split(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [];
  let depth = 0;
  // `for` and `while` have opened the block that their `do` begins.
  let loops = 0;
  tokens.forEach((token, at) => {
    const previous = tokens[at - 1];
    const { type, text } = token;
    const mayStart = type === "name" || (type === "keyword" && STARTS.has(text));
    const isLoopBody = text === "do" && type === "keyword" && loops > 0;
    if (depth === 0 && mayStart && (previous === undefined || endsStatement(previous))) {
      statements.push([]);
    }
    statements.at(-1)?.push(token);
    if (type === "keyword") {
      if (isLoopBody) loops--;
      else if (OPENS.has(text)) depth++;
      if (text === "for" || text === "while") loops++;
      if (text === "end" || text === "until") depth--;
    } else if (type === "symbol") {
      if ("([{".includes(text)) depth++;
      if (")]}".includes(text)) depth--;
    }
  });
  return statements;
}

const endsStatement = (token: Token) => endsExpression(token) || token.text === "break";

function definedBy(tokens: readonly Token[]): string[] | undefined {
  const [first, second] = tokens;
  if (first?.text === "function") return [partOf(functionName(tokens, 1))];
  if (first?.text === "local" && second?.text === "function") return [functionName(tokens, 2)];
  if (first?.text === "local") return isPure(tokens) ? localNames(tokens) : undefined;
  // A block in which functions share variables defines those functions.
  if (first?.text !== "do") return undefined;
  const inner = split(tokens.slice(1, -1));
  const defined = inner.map(definedBy);
  if (defined.includes(undefined)) return undefined;
  return inner.flatMap((one, index) => (one[0]?.text === "local" ? [] : (defined[index] ?? [])));
}

function functionName(tokens: readonly Token[], start: number): string {
  let name = "";
  for (let at = start; tokens[at]?.text !== "("; at++) name += tokens[at]?.text;
  return name;
}

/** `lazy` calls the builder of a part: it is needed as long as the part is. */
const partOf = (name: string) => name.replace(/\.build$/, "");

/** The variables that a statement of the outermost block declares. */
export function declaredBy({ tokens }: Statement): string[] {
  if (tokens[0]?.text !== "local") return [];
  return tokens[1]?.text === "function" ? [tokens[2]?.text ?? ""] : localNames(tokens);
}

export function localNames(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  for (let at = 1; tokens[at]?.type === "name"; at += 2) {
    names.push((tokens[at] as Token).text);
    if (tokens[at + 1]?.text !== ",") break;
  }
  return names;
}

/** Whether its values can be left out: of calls it has only those without an effect. */
function isPure(tokens: readonly Token[]): boolean {
  return tokens.every(({ text }, at) => {
    const previous = tokens[at - 1];
    if (text !== "(" || previous === undefined || !endsExpression(previous)) return true;
    if (previous.type !== "name") return false;
    const name = dotted(tokens, at - 1);
    return PURE_CALLS.test(name);
  });
}

/** The name that ends at `at`, with the tables before it. */
function dotted(tokens: readonly Token[], at: number): string {
  let name = (tokens[at] as Token).text;
  for (let dot = at - 1; tokens[dot]?.text === "."; dot -= 2) {
    name = `${tokens[dot - 1]?.text}.${name}`;
  }
  return name;
}

/** Names of variables; neither fields of unknown tables nor keys of a constructor. */
function* namesIn(tokens: readonly Token[]): Iterable<string> {
  for (const [at, { type }] of tokens.entries()) {
    if (type !== "name" || isKey(tokens, at)) continue;
    const name = dotted(tokens, at);
    yield name;
    yield name.replace(/\..*/, "");
  }
}

/** `{ name = value }`: behind a brace or a comma, and not in an assignment to several variables. */
function isKey(tokens: readonly Token[], at: number): boolean {
  if (tokens[at + 1]?.text !== "=") return false;
  if (tokens[at - 1]?.text === "{") return true;
  if (tokens[at - 1]?.text !== ",") return false;
  let depth = 0;
  for (let before = at - 1; before >= 0; before--) {
    const { text, type } = tokens[before] as Token;
    if (type === "string") continue;
    if (")]}".includes(text)) depth++;
    if ("([{".includes(text) && --depth < 0) return text === "{";
  }
  return false;
}
