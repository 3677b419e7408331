// The query of a request, without secrets, by the rule of all clients.

/** Replaces the value of a secret. */
const HIDDEN = "[hidden]";

/** Matches plain names of parameters. */
const SECRET_NAME = new RegExp(
  [
    ...["token", "passw", "passphrase", "pwd", "secret", "credential", "apikey", "accesskey"],
    ...["privatekey", "subscriptionkey", "signature", "assertion", "authorization", "bearer"],
    ...["session", "^(?:auth|code|jwt|key|otp|pin|sid|sig|state)$"],
  ].join("|"),
);
/** A JSON Web Token, whatever its name is. */
const TOKEN = /eyJ[^.]*\.[^.]*\./;

/**
 * Returns the query with the values of secrets hidden.
 *
 * @param secrets more names of secret parameters
 */
export function shownQuery(query: string, secrets: readonly string[] = []): string {
  const more = new Set(secrets.map(plainName));
  return query.replaceAll(/[^&;]+/g, (parameter) => {
    const equals = parameter.indexOf("=");
    if (equals < 0) return parameter;
    const encoded = parameter.slice(0, equals);
    const [decoded = ""] = new URLSearchParams(encoded).keys();
    const name = plainName(decoded);
    const isSecret = SECRET_NAME.test(name) || more.has(name);
    return isSecret || TOKEN.test(parameter.slice(equals)) ? `${encoded}=${HIDDEN}` : parameter;
  });
}

/** Returns the ASCII letters and digits of a name in lower case. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
