import type { FingerprintParts } from "./fingerprint.ts";

/** Longer messages are cut in the sentence. */
const MESSAGE_CHARS = 200;

/**
 * Says in one sentence why failures form one group: `same reason TIMEOUT, type requests.exceptions.Timeout, message
 * "no answer after <duration>" and frame billing/charge.py in charge`.
 */
export function whyAlike(parts: FingerprintParts): string {
  if (parts.fingerprint !== undefined && parts.fingerprint !== "") {
    return `same fingerprint ${quoted(parts.fingerprint)}, given by the sender`;
  }
  const named = [`reason ${parts.reason}`];
  if (parts.type !== "") named.push(`type ${parts.type}`);
  if (parts.message !== "") named.push(`message ${quoted(parts.message)}`);
  if (parts.frame !== "") named.push(`frame ${parts.frame}`);
  const last = named.pop();
  return named.length === 0 ? `same ${last}` : `same ${named.join(", ")} and ${last}`;
}

function quoted(text: string): string {
  const line = text.replaceAll("\n", " ");
  return line.length <= MESSAGE_CHARS ? `"${line}"` : `"${line.slice(0, MESSAGE_CHARS)}…"`;
}
