// Numbers that say what happened: statuses and codes of errors.

/** Words before a code. */
const CODE_BEFORE =
  /(?:^|[^a-z])(?:status|(?:status|error|exit)?[ _]?code|http|errno|error|sqlstate|sqlcode|oserror|signal|exit|exited with|reason|vendor)(?: code)? ?[:=#([]{0,2} ?["']?$/i;
const ANSWER_BEFORE =
  /(?:answered|returned|responded|replied|response|received|failed)(?: with| by)?:? $/i;
const ERROR_STATUS = /^[45]\d\d$/;
const PROTOCOL = /^(?:HTTP|TLSv?|SSLv?|OAuth)[/.\d]+$/i;
const CODE = /^-?\d{1,5}$/;
const HEX_CODE = /^0x[0-9a-f]{4,8}$/i;
/** Codes of products at the start of a message. */
const PRODUCT_CODE = /^(?:ORA|PLS|DPY|DPI|SQL|TS|CS|E|HV|AADSTS|ERR|JDBC)-?\d{3,6}$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
const STATUS = /^[1-5]\d\d$/;
const STATUS_TEXT = /^:? [A-Z][a-z]+/;

/**
 * Reports whether a word with a digit stays: "status 502", "502 Bad Gateway", "[Errno 111]", "SQLSTATE 42P01",
 * "HTTP/1.1".
 *
 * @param before what precedes the word, normalised
 * @param end where the word ends in the text
 */
export function keepsNumber(word: string, before: string, text: string, end: number): boolean {
  if (word.length > 12) return false;
  if (before === "" && PRODUCT_CODE.test(word)) return true;
  if (PROTOCOL.test(word)) return true;
  const isCode = CODE.test(word);
  if (!isCode && !SQLSTATE.test(word) && !HEX_CODE.test(word)) return false;
  if (STATUS.test(word) && STATUS_TEXT.test(text.slice(end, end + 12))) return true;
  if (ERROR_STATUS.test(word) && ANSWER_BEFORE.test(before.slice(-24))) {
    return !/^ [a-z]/.test(text.slice(end, end + 2));
  }
  // JSON of Python: nothing could be read.
  if (word === "0" && before.endsWith("(char ")) return true;
  return CODE_BEFORE.test(before.slice(-24));
}
