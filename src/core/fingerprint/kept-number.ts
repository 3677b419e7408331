// Numbers that say what happened: statuses and codes of errors.

/** Words before a code. */
const CODE_BEFORE =
  /(?:^|[^a-z])(?:status|code|http|errno|error|sqlstate|sqlcode|oserror|signal|exit|exited with|reason|vendor)(?: code)?[ ]?[:=#(]?[ ("']?$/i;
const PROTOCOL = /^(?:HTTP|TLSv?|SSLv?|OAuth)[/.\d]+$/i;
const CODE = /^-?\d{1,5}$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
const STATUS = /^[1-5]\d\d$/;
const STATUS_TEXT = /^:? [A-Z][a-z]+/;

/**
 * Reports whether a word with a digit stays: "status 502", "502 Bad Gateway", "[Errno 111]", "SQLSTATE 42P01", "HTTP/1.1".
 *
 * @param before what precedes the word, normalised
 * @param end where the word ends in the text
 */
export function keepsNumber(word: string, before: string, text: string, end: number): boolean {
  if (word.length > 9) return false;
  if (PROTOCOL.test(word)) return true;
  const isCode = CODE.test(word);
  if (!isCode && !SQLSTATE.test(word)) return false;
  if (STATUS.test(word) && STATUS_TEXT.test(text.slice(end, end + 12))) return true;
  return CODE_BEFORE.test(before.slice(-24));
}
