// Normalises words with marks of addresses: URLs, paths, e-mail addresses, host:port, times of day.

import { classOf, isFinalMark, isWordClass } from "./characters.ts";
import { normaliseName } from "./normalise-name.ts";
import { EMAIL, ID, IP, NUMBER, PATH, TIME } from "./placeholders.ts";

const EMAIL_WORD = /^[\w.+%-]+@[\w-]+(?:\.[\w-]+)+$/;
const TIME_OF_DAY = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/;
const TIMESTAMP =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/;
const IPV6 = /^[0-9a-f.:]{3,64}(?:%\w{1,16})?$/i;
const DRIVE = /^[A-Za-z]:[\\/]/;

const SCHEME_MARK = "://";
/** Longer URLs are cut. */
const URL_CHARS = 2048;

/** @param word has one of / \ : @ */
export function normaliseAddress(word: string): string {
  const scheme = word.indexOf("://");
  if (scheme > 0) return normaliseUrl(word, scheme + 3);
  if (TIME_OF_DAY.test(word) || TIMESTAMP.test(word)) return TIME;
  if (EMAIL_WORD.test(word)) return EMAIL;
  if (isPath(word)) return normalisePath(word);
  if (isIpv6(word)) return IP;
  return eachPart(word);
}

/** The host stays, since it names what failed; numbers in it, the port, ids in the path and the query do not. */
function normaliseUrl(word: string, start: number): string {
  const rest = word.slice(start);
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const path = end < 0 ? "" : rest.slice(end);
  const query = path.search(/[?#]/);
  const segments = query < 0 ? path : path.slice(0, query);
  return `${normaliseName(word.slice(0, start - 3))}://${hostOf(host)}${normaliseSegments(segments)}`;
}

function hostOf(host: string): string {
  const port = host.lastIndexOf(":");
  const name = port > 0 ? host.slice(0, port) : host;
  const steady = isIpv6(name) ? IP : normaliseName(name);
  return port > 0 ? `${steady}:${NUMBER}` : steady;
}

const isIpv6 = (word: string): boolean =>
  word.includes(":") && word.indexOf(":") !== word.lastIndexOf(":") && IPV6.test(word);

const isPath = (word: string): boolean =>
  word.startsWith("/") ||
  word.startsWith("./") ||
  word.startsWith("../") ||
  word.startsWith("~/") ||
  DRIVE.test(word);

/** Folders at the root of a file system. Other paths are those of URLs. */
const ROOT =
  /^(?:[A-Za-z]:|~|\.{1,2}|\/(?:tmp|var|home|usr|opt|etc|srv|app|root|data|mnt|media|proc|dev|sys|run|workspace|builds?|Users|Volumes|private|lib|bin|tmpfs|nix|snap|work))[\\/]/;

/** Files of data have other names each time; those of programs and settings do not. */
const DATA_FILE =
  /\.(?:csv|tsv|txt|pdf|png|jpe?g|gif|webp|tiff?|svg|xlsx?|docx?|zip|gz|tgz|tar|bz2|7z|zst|parquet|avro|orc|edi|mp[34]|wav|log|tmp|part|dat|bin|eml|jsonl|ndjson)$/i;

/** @param name of a file, without its folder */
function normaliseFile(name: string): string {
  const [ending] = DATA_FILE.exec(name) ?? [];
  return ending === undefined ? normaliseName(name) : `<file>${ending}`;
}

function normalisePath(word: string): string {
  if (!ROOT.test(word)) return normaliseSegments(word.split("?", 1)[0] ?? word);
  const name = word.slice(Math.max(word.lastIndexOf("/"), word.lastIndexOf("\\")) + 1);
  const [file = "", ...places] = name.split(":");
  return `${PATH}/${normaliseFile(file)}${places.length > 0 ? `:${NUMBER}` : ""}`;
}

/** A segment with a number is an id, except for versions of APIs: v1. */
function normaliseSegments(path: string): string {
  return path
    .split("/")
    .map((segment) => normaliseSegment(segment))
    .join("/");
}

const VERSION = /^v\d{1,2}$/;

function normaliseSegment(segment: string): string {
  if (segment === "" || VERSION.test(segment)) return segment;
  if (segment.includes("@") || segment.includes(":")) return ID;
  const steady = normaliseFile(segment);
  if (steady.startsWith("<file>")) return steady;
  return steady === NUMBER || steady.includes("<") ? ID : steady;
}

/** Keeps the marks and normalises what is between them. */
function eachPart(word: string): string {
  return word
    .split(/([/\\:@]+)/)
    .map((part, at) => (at % 2 === 1 || part === "" ? part : normaliseName(part)))
    .join("");
}

/** Words such as `read/write` and `std::io` have no address. */
export function hasAddress(word: string): boolean {
  return (
    word.includes("://") ||
    word.includes("@") ||
    word.startsWith("/") ||
    word.startsWith("./") ||
    word.startsWith("~") ||
    word.startsWith("../") ||
    word[1] === ":"
  );
}

/** Returns where a word ends. A URL includes marks that end other words. */
export function endOfUrl(text: string, start: number, end: number): number {
  // The mark may end behind the word, which its final marks do not belong to.
  if (!text.slice(start, end + SCHEME_MARK.length - 1).includes(SCHEME_MARK)) return end;
  let at = end;
  while (at < text.length && at < start + URL_CHARS && isInUrl(text.charCodeAt(at))) at++;
  while (at > end && isFinalMark(text.charCodeAt(at - 1))) at--;
  return at;
}

/** = ; ! | and what words have. */
function isInUrl(code: number): boolean {
  return (
    isWordClass(classOf(code)) || code === 0x3d || code === 0x3b || code === 0x21 || code === 0x7c
  );
}
