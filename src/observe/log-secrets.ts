/** Printed instead of a hidden value. */
export const HIDDEN = "[hidden]";

/** The last word of a secret's name. `api_key` stands for api-key and apikey, too. */
const NAMES = [
  ["token", "password", "passwd", "passphrase", "passcode", "secret", "credential"],
  ["session[_-]?id"],
  ["(?:api|access|account|private|secret)[_-]?key"],
].flat();
/** Names that are also the end of other words. */
const SHORT_NAMES = ["pwd", "jwt", "sig", "bearer"];
const HEADERS = ["authorization", "cookie"];

/**
 * Names of secrets and user data, as the last word: `leaseToken`, `lease_token` and `tokens` are
 * hidden, `payloadBytes` and `tokenCount` are not.
 */
const SENSITIVE = new RegExp(
  `(^|_)((${[...NAMES, ...SHORT_NAMES].join("|")})s?|${HEADERS.join("|")}|payload|body)$`,
);

/** Reports whether the value of a field is a secret or user data. */
export function isSensitive(field: string): boolean {
  const snake = field.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll("-", "_");
  return SENSITIVE.test(snake.toLowerCase());
}

/** The end of a name, and what separates it from its value. JSON in JSON has backslashes. */
const COLON = String.raw`\\{0,8}["']?\s{0,4}[:=]`;
const SEPARATOR = String.raw`${COLON}\s{0,4}`;
/** A value in quotes, to the same quotes or to the end of the line. Defines the group `quote`. */
const QUOTED = String.raw`(?<quote>\\{0,8}["'])(?:(?:\\.|[^\\\n])*?(?=\k<quote>)|[^\n]*)`;
/** In prose, a colon after several of them begins an explanation. */
const SEVERAL = String.raw`(?:token|password|secret|credential)s(?=\\{0,8}["']|\s{0,4}=)`;
const NAME = `(?:${NAMES.join("|")}|${SEVERAL}|(?:signature|(?<![a-z])auth)(?==)|(?<![a-z])(?:${SHORT_NAMES.join("|")}))`;
/** Their credentials are one word. Those of other schemes go on to the end of the line. */
const SCHEME = "(?:basic|bearer|negotiate|token|apikey)";
const WORD = String.raw`[^\s"'&]+`;
/** Tokens of well-known services, by how they begin. */
const KNOWN_TOKENS = [
  String.raw`gh[opsru]_\w{36}|github_pat_\w{22}|glpat-[\w-]{20}`,
  String.raw`xox[abeprs]-[\w-]{10}|[rs]k_live_\w{16}|sk-[\w-]{32}|AIza[\w-]{35}|npm_\w{36}`,
];

/**
 * What is hidden in texts, in this order. `keep` is the part that stays. Each pattern takes a time
 * that is linear in the length of the text: it begins with fixed text, and what may be long is either
 * bounded or ends the match.
 */
const PATTERNS: readonly RegExp[] = [
  // A password may contain an @, too.
  /(?<keep>:\/\/)[^\s/]*(?=@)/,
  // A slash or a space in a password. `h:80/a@b` is a port and a path, and `[::1]` an address.
  /(?<keep>:\/\/)[^\s/:@[]{0,256}:(?!\d{1,5}(?:[^\w@]|$)|\s)(?:(?!:\/\/)[^\n@"]){0,256}(?:@[^\s@]{0,256}){0,8}(?=@)/,
  new RegExp(`(?<keep>authorization${SEPARATOR}["']?${SCHEME}\\s{1,4})${WORD}`),
  new RegExp(
    `(?<keep>authorization${COLON}(?!\\s{0,4}["']?${SCHEME}\\s)\\s{0,4})(?:${QUOTED}|[^\\n]+)`,
  ),
  new RegExp(`(?<keep>cookie${SEPARATOR})(?:${QUOTED}|[^\\n]+)`),
  new RegExp(`(?<keep>${NAME}${SEPARATOR})(?:${QUOTED}|(?:${SCHEME}\\s{1,4})?${WORD})`),
  // On a command line. A value has a digit or another sign; in prose, a word follows.
  new RegExp(
    `(?<keep>--(?:[a-z]{1,16}-){0,4}(?:${NAMES.join("|")})\\s{1,4})(?=[a-z]{0,256}[^\\sa-z,.])${WORD}`,
  ),
  /(?<keep>\s(?:-u|--user)\s{1,4}[^\s:]{1,64}:)[^\s"'&]+/,
  // Shorter words are no tokens, but text about them.
  /(?<keep>\bbearer\s{1,4})[a-z0-9._~+/=-]{16,}/,
  // Base64 of a user and a password nearly always has a digit or `=`; words have none.
  /(?<keep>\bbasic\s{1,4})(?=[a-z+/]{0,256}[0-9=])[a-z0-9+/]{8,}={0,2}/,
  // Each part of a JSON Web Token is base64url, and the first two begin with `{"`.
  /(?<keep>)(?<![\w-])eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/,
  // What `dlq-server token` makes.
  /(?<keep>)\bdlq_[\w-]{43}(?![\w-])/,
  new RegExp(`(?<keep>)(?<![\\w-])(?:${KNOWN_TOKENS.join("|")})[\\w-]*`),
  /(?<keep>)-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----(?:[^-]|-(?!----END))*/,
].map((pattern) => new RegExp(pattern.source, "gi"));

/** Returns the text without secrets, as far as they can be recognized. */
export function hideSecrets(text: string): string {
  return PATTERNS.reduce(
    (rest, pattern) => rest.replaceAll(pattern, `$<keep>$<quote>${HIDDEN}`),
    text,
  );
}
