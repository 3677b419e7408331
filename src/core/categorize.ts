import { CATEGORIES } from "./categories.ts";
import { TYPE_EXCEPTIONS } from "./category-exceptions.ts";
import { hasTemplateTag, reasonOfParser } from "./category-languages.ts";
import {
  isOfPlatform,
  leadingType,
  saysNothing,
  typeNames,
  withoutPackage,
} from "./category-names.ts";
import { grpcCodeInText, reasonOfShape, statusInText } from "./category-shapes.ts";
import {
  CAUSES,
  causesOf,
  namesLimit,
  reasonOfConflict,
  reasonOfFault,
} from "./category-statuses.ts";
import { createPhraseMatcher, type PhraseMatcher } from "./phrase-matcher.ts";
import { type Reason, reasonFromNumber } from "./reason.ts";

/** A failure as reported; anything but `type` and `message` may be missing. */
export interface UncategorizedFailure {
  /** The number in the contract. 0 and unknown numbers count as missing. */
  reasonNumber?: number | undefined;
  type: string;
  message: string;
  grpcCode?: number | undefined;
  httpStatus?: number | undefined;
  /** `code` and `sqlstate` are read: what an error has in fields of these names. */
  attributes?: Readonly<Record<string, string>> | undefined;
}

/** The start of a text says most. The limits bound the cost of huge messages. */
const TEXT_CHARS = 2048;
const TYPE_CHARS = 256;

type Column = "exceptions" | "types" | "typeParts" | "codes" | "text" | "hints" | "status";

/**
 * Returns the reason of a failure. A given reason wins; otherwise the table in categories.ts
 * decides, strongest evidence first: gRPC code, HTTP status, codes of type and attributes, exception
 * type, code words, an exception named in the message, a status in the message, its phrases.
 * Without evidence: UNKNOWN_ERROR. Words of parsers are read by category-languages.ts.
 *
 * Two kinds of evidence describe the symptom, not the cause: broad statuses, and
 * types that mean NETWORK_ERROR. A reason in CAUSES that is found later overrides both.
 */
export function categorize(failure: UncategorizedFailure): Reason {
  return (
    reasonFromNumber(failure.reasonNumber ?? 0) ??
    byGrpcCode.get(failure.grpcCode ?? 0) ??
    reasonOfResponse(failure) ??
    reasonOfText(readText(failure)) ??
    "UNKNOWN_ERROR"
  );
}

function reasonOfResponse(failure: UncategorizedFailure): Reason | undefined {
  const status = failure.httpStatus ?? 0;
  const reason = reasonOfHttpStatus(status);
  const causes = causesOf(status);
  if (causes === undefined) return reason;
  const texts = readText(failure);
  const ofFault = reasonOfFault(`${texts.type} ${texts.codes} ${texts.message}`);
  if (ofFault !== undefined) return ofFault;
  if (status === 409) return reasonOfConflict(texts.message) ?? reason;
  const ofType = findInType(texts);
  const named: (Reason | undefined)[] = [
    ofType?.column === "hints" ? undefined : ofType?.reason,
    codes.find(texts.message)?.reason,
    reasonOfMention(texts.message),
    namesLimit(texts.message) ? "RESOURCE_EXHAUSTED" : undefined,
  ];
  return named.find((one) => causes.has(one)) ?? reason;
}

function reasonOfHttpStatus(status: number): Reason | undefined {
  const listed = byHttpStatus.get(status);
  if (listed !== undefined) return listed;
  // An unlisted 3xx, 4xx or 5xx is still an error of the endpoint; 2xx proves nothing.
  return status >= 300 && status <= 599 ? "WEBHOOK_FAILED" : undefined;
}

interface FailureText {
  readonly type: string;
  /** The names of the type; see typeNames. */
  readonly names: readonly string[];
  /** Codes of the attributes. */
  readonly codes: string;
  readonly message: string;
}

/**
 * Paths of URLs and files, and the end of a host's name, contain words that prove nothing:
 * `/orders/unauthorized`, `shop.invalid`.
 */
const PATH = /\.invalid\b|:\/\/[^\s"'<>)]*|(?<=^|[\s"'(=:])\/[^\s"',)]+/g;

function readText(failure: UncategorizedFailure): FailureText {
  const message = failure.message.slice(0, TEXT_CHARS).replace(PATH, " ");
  const type = (failure.type || leadingType(message)).slice(0, TYPE_CHARS);
  return { type, names: typeNames(type), codes: codesOf(failure.attributes ?? {}), message };
}

/** SQLSTATEs of MySQL that do not name a cause. */
const GENERAL_SQLSTATES: ReadonlySet<string> = new Set(["42000", "HY000"]);

function codesOf({ code = "", sqlstate = "" }: Readonly<Record<string, string>>): string {
  const isCause = sqlstate !== "" && !GENERAL_SQLSTATES.has(sqlstate);
  const state = isCause ? ` SQLSTATE ${sqlstate}` : "";
  return `${code}${state}`.slice(0, TYPE_CHARS);
}

function reasonOfText(texts: FailureText): Reason | undefined {
  const found = findInText(texts);
  if (found === undefined) return hasTemplateTag(texts.message) ? "EXECUTION_FAILED" : undefined;
  const { reason, column } = found;
  // A full pool, which its client calls a timeout.
  const isOfPool = reason === "TIMEOUT" && column !== "codes" && POOL.test(texts.message);
  if (isOfPool) return "RESOURCE_EXHAUSTED";
  return PARSED_COLUMNS.has(column) ? reasonOfParser(reason, texts) : reason;
}

const POOL = /\bpool\b/i;

/** Columns whose evidence may be the words of a parser. */
const PARSED_COLUMNS: ReadonlySet<Column> = new Set(["typeParts", "text", "hints"]);

function findInText(texts: FailureText): Found | undefined {
  const ofType = findInType(texts);
  if (ofType !== undefined && isFinal(ofType)) return ofType;
  const ofMessage = findInMessage(texts.message);
  if (ofType === undefined || ofType.column === "hints") {
    return ofMessage?.column === "hints" ? (ofType ?? ofMessage) : (ofMessage ?? ofType);
  }
  return ofMessage !== undefined && overrides(ofMessage, ofType) ? ofMessage : ofType;
}

/** A lost connection and a timeout may have a cause, which the message names. */
function isFinal({ reason, column }: Found): boolean {
  if (column === "exceptions") return true;
  if (column === "hints" || reason === "NETWORK_ERROR") return false;
  return reason !== "TIMEOUT" || column === "codes";
}

function overrides(ofMessage: Found, ofType: Found): boolean {
  if (ofMessage.column === "hints") return false;
  if (ofType.reason === "NETWORK_ERROR" && ofMessage.column === "status") return true;
  // Many clients call it a timeout if their pool is full.
  if (ofType.reason === "TIMEOUT") return ofMessage.reason === "RESOURCE_EXHAUSTED";
  // A code is stronger than a type.
  const isStronger = ofMessage.column === "codes" && ofType.column !== "codes";
  return isStronger || CAUSES.has(ofMessage.reason);
}

function findInType(texts: FailureText): Found | undefined {
  const found =
    codes.find(texts.type) ??
    (texts.codes === "" ? undefined : codes.find(texts.codes)) ??
    findException(texts) ??
    findName(texts.type, texts.names);
  if (texts.codes === "" || (found !== undefined && found.column !== "hints")) return found;
  // A code that no row lists is a name, too: "auth/id-token-expired", "RATE_LIMITED".
  const ofCode = partsOfName.find(`${texts.codes} ${texts.codes.replace(SEPARATORS, "")}`);
  return ofCode === undefined || ofCode.column === "hints" ? found : { ...ofCode, column: "types" };
}

const SEPARATORS = /[_.-]/g;

function findInMessage(message: string): Found | undefined {
  // One pass for three columns. All codes are stronger than all phrases, and these than all hints.
  const found = codesAndPhrases.find(message);
  if (found?.column === "codes") return found;
  const named = reasonOfGrpcStatus(message) ?? reasonOfFault(message) ?? reasonOfMention(message);
  // A lost connection has no status, so that with one the name says something else.
  const mayBeStatus = named === undefined || named === "NETWORK_ERROR";
  const ofStatus = mayBeStatus ? reasonOfHttpStatus(statusInText(message)) : undefined;
  if (named !== undefined && ofStatus === undefined) return { reason: named, column: "text" };
  if (namesLimit(message)) return { reason: "RESOURCE_EXHAUSTED", column: "text" };
  if (ofStatus !== undefined) return { reason: ofStatus, column: "status" };
  if (found?.column === "text") return found;
  const reason = reasonWithoutPhrase(message);
  return reason === undefined ? found : { reason, column: "text" };
}

/** Signs that phrases cannot express. */
function reasonWithoutPhrase(message: string): Reason | undefined {
  const ofShape = reasonOfShape(message);
  if (ofShape !== undefined) return ofShape;
  for (const [, name = ""] of `(${message.slice(0, VARIANT_CHARS)})`.matchAll(VARIANTS)) {
    const reason = reasonOfName(name);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const VARIANT_CHARS = 512;

/** A name of several words between punctuation, such as a variant in Rust: "Kind(ConnectionReset)". */
const VARIANTS = /[([{<:='"`] ?([A-Z][a-z]+(?:[A-Z][a-z]+)+)(?=[)\]}>({,:;.'"`])/g;

/** Looks up category-exceptions.ts. */
function findException({
  names,
  message,
}: Pick<FailureText, "names" | "message">): Found | undefined {
  for (const name of names) {
    for (const exception of exceptionsByType.get(name) ?? []) {
      if (exception.matcher.first(message) >= 0) return exception.found;
    }
  }
  return undefined;
}

function findName(type: string, names: readonly string[]): Found | undefined {
  for (const name of names) {
    const found = byType.get(name);
    if (found !== undefined)
      return name.startsWith("*.") ? { ...found, column: "typeParts" } : found;
  }
  const name = withoutPackage(type);
  if (saysNothing(name)) return partsOfName.find(type);
  const ofName = partsOfName.find(name);
  return name === type || isOfPlatform(type) ? ofName : withPackage(ofName, partsOfName.find(type));
}

/** A package is a hint. What a library of tokens refuses is a token: "jwt.ValidationError". */
function withPackage(ofName: Found | undefined, ofType: Found | undefined): Found | undefined {
  const isOfToken =
    ofName?.reason === "VALIDATION_FAILED" && ofType?.reason === "AUTHENTICATION_ERROR";
  if (ofName !== undefined && ofName.column !== "hints") return isOfToken ? ofType : ofName;
  if (ofType === undefined || ofType.column === "hints") return ofName;
  return { ...ofType, column: "hints" };
}

/** The reason of a name in a message; it has no package. */
function reasonOfName(name: string): Reason | undefined {
  const found = byType.get(name.toLowerCase()) ?? partsOfName.find(name);
  return found?.column === "hints" ? undefined : found?.reason;
}

const MENTIONS = /\b[A-Z]\w{0,100}(?:Exception|Error|Timeout)\b/g;

/**
 * The first exception in the message that the table knows: "RetryError: raised ConnectionError",
 * "(ThrottlingException)".
 */
function reasonOfMention(message: string): Reason | undefined {
  for (const [name] of message.matchAll(MENTIONS)) {
    const exception = findException({ names: [name.toLowerCase()], message });
    const reason = exception?.reason ?? reasonOfName(name);
    if (reason !== undefined) return reason;
  }
  if (!message.includes("_")) return undefined;
  for (const [name] of message.slice(0, VARIANT_CHARS).matchAll(SNAKE_CASE)) {
    const isException = name.endsWith("_exception");
    const reason =
      byType.get(name)?.reason ??
      (isException ? reasonOfName(name.replaceAll("_", "")) : undefined);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Names that services give: "es_rejected_execution_exception", "missing_scope". */
const SNAKE_CASE = /(?<![\w.])[a-z]+(?:_[a-z]+)+(?![\w.])/g;

function reasonOfGrpcStatus(message: string): Reason | undefined {
  return byGrpcCode.get(grpcCodeInText(message));
}

interface Found {
  readonly reason: Reason;
  readonly column: Column;
}

/** Compiles columns of the table into one search; earlier columns win. */
function compile(...columns: readonly Exclude<Column, "exceptions" | "status">[]): {
  find(text: string): Found | undefined;
} {
  const cells = columns.flatMap((column) =>
    CATEGORIES.flatMap(({ reason, [column]: phrases = [] }) =>
      phrases.map((phrase) => ({ phrase, found: { reason, column } })),
    ),
  );
  const matcher = createPhraseMatcher(cells.map((cell) => cell.phrase));
  return { find: (text) => cells[matcher.first(text)]?.found };
}

const partsOfName = compile("typeParts", "hints");
const codes = compile("codes");
const codesAndPhrases = compile("codes", "text", "hints");

const byGrpcCode = new Map(CATEGORIES.flatMap((c) => (c.grpc ?? []).map((n) => [n, c.reason])));
const byHttpStatus = new Map(CATEGORIES.flatMap((c) => (c.http ?? []).map((n) => [n, c.reason])));
const byType = new Map(
  CATEGORIES.flatMap(({ reason, types = [] }) => {
    const found: Found = { reason, column: "types" };
    return types.map((name) => [name.toLowerCase(), found] as const);
  }),
);

const exceptionsByType = new Map<string, { matcher: PhraseMatcher; found: Found }[]>();
for (const { types, text, reason } of TYPE_EXCEPTIONS) {
  const found: Found = { reason, column: "exceptions" };
  const exception = { matcher: createPhraseMatcher(text), found };
  for (const type of types) {
    const key = type.toLowerCase();
    exceptionsByType.set(key, [...(exceptionsByType.get(key) ?? []), exception]);
  }
}

/** The reason in force: the given one, or the category of the failure. */
export function reasonOf(
  failure: Omit<UncategorizedFailure, "reasonNumber"> & { reason: Reason | undefined },
): Reason {
  return failure.reason ?? categorize(failure);
}
