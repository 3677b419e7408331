// Decides whether a quoted text is a value, which varies, or a name, such as of a column or a field.

/** Words before a quoted value. */
const VALUE_WORDS = new Set(
  (
    "string value values input parsing literal token date time datetime timestamp text entry got received integer number " +
    "float bool boolean str prefix suffix content body payload user username login customer tenant data near for id"
  ).split(" "),
);

/** Words before a quoted name. */
const NAME_WORDS = new Set(
  (
    "key keys column columns constraint relation table field fields property properties attribute index module package " +
    "name function method class type types variable parameter argument option tag host hostname server schema database " +
    "topic queue exchange stream bucket command operator label enum path header loc reading expected of on"
  ).split(" "),
);

/** What follows a quoted value. */
const AFTER_VALUE =
  /^,? (?:is not (?:a|an|of type|one of|valid|in|unique|greater|less|allowed)|is (?:invalid|too|less|greater|longer|shorter)|does not match|cannot be parsed|could not be parsed|was not|has (?:too|invalid)|contains)\b/;

const NAME = /^[A-Za-z_$][\w$]*(?:[.:\\/-][A-Za-z_$][\w$]*)*(?:\(\))?$/;

/**
 * @param before the end of what precedes the quotation mark
 * @param after the start of what follows
 */
export function isValue(content: string, before: string, after: string): boolean {
  if (AFTER_VALUE.test(after)) return true;
  const [, word = "", mark = ""] = BEFORE.exec(before) ?? [];
  const lead = word.toLowerCase();
  if (VALUE_WORDS.has(lead)) return true;
  if (NAME_WORDS.has(lead)) return !NAME.test(content) && !isHost(content);
  if (mark.startsWith("=") || mark.startsWith(":")) return word !== "" || !NAME.test(content);
  return !NAME.test(content) && !content.includes("://");
}

const BEFORE = /([A-Za-z]*)[ ]?([:=]?[ (]?)$/;
const HOST = /^[\w-]+(?:\.[\w-]+)+(?::\d+)?$/;

const isHost = (content: string): boolean => HOST.test(content);
