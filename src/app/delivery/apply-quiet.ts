import { DlqError } from "../../core/errors.ts";
import type { Store } from "../../store/contract.ts";
import { resultOrDamage } from "../damage.ts";
import type { Session } from "./session.ts";

/**
 * Reads which of these sessions of this server are quiet, and applies it. If the stored data is damaged, they stay as they
 * are. Returns those that changed.
 */
export async function applyQuiet(
  { quietSessions }: Pick<Store, "quietSessions">,
  of: readonly Session[],
): Promise<readonly Session[]> {
  // Another server may have the stream of one that has ended, and shows it.
  const sessions = of.filter(({ ended }) => !ended);
  const quiet = await resultOrDamage(
    quietSessions.keep(sessions.map(({ options }) => options.idText)),
  );
  if (quiet instanceof DlqError) return [];
  const isQuiet = ({ options }: Session) => quiet.has(options.idText);
  const changed = sessions.filter((session) => session.quiet !== isQuiet(session));
  for (const session of changed) session.quiet = isQuiet(session);
  await Promise.all(
    changed.map((session) => quietSessions.show(session.options.idText, session.quiet)),
  );
  return changed;
}
