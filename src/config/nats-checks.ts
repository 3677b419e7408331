import { NATS_SETTINGS } from "./nats-settings.ts";
import { readNatsUrl } from "./nats-url.ts";
import type { ServerSettings } from "./settings.ts";
import { path } from "./value-type.ts";

type Refuse = (setting: string, problem: string, hint: string) => void;

/** Returns the files that settings of NATS name, each with its setting. */
export function natsFiles(s: ServerSettings): readonly (readonly [string, string])[] {
  const values: Readonly<Record<string, unknown>> = s;
  return Object.entries(NATS_SETTINGS).flatMap(([key, { name, type }]) => {
    const file = values[key];
    return type === path && typeof file === "string" ? [[name, file] as const] : [];
  });
}

/** Refuses contradictions between the settings of NATS. `isSet`: somewhere, also to its default. */
export function checkNats(
  s: ServerSettings,
  isSet: (setting: string) => boolean,
  refuse: Refuse,
): void {
  if (s.natsUrl === undefined) {
    // Printed configuration has those with a default.
    for (const { name, fallback } of Object.values(NATS_SETTINGS)) {
      if (fallback === undefined && isSet(name))
        refuse(name, "has no effect without nats-url", "set nats-url, or remove it");
    }
    return;
  }
  const read = readNatsUrl(s.natsUrl);
  const inUrl = "ok" in read && (read.ok.user ?? read.ok.token) !== undefined;
  if (s.natsCredentialsFile !== undefined && (inUrl || s.natsNkeyFile !== undefined)) {
    const other = inUrl ? "nats-url has credentials too" : "nats-nkey-file is set too";
    refuse("nats-credentials-file", other, "use only one of them");
  } else if (s.natsNkeyFile !== undefined && inUrl) {
    refuse("nats-nkey-file", "nats-url has credentials too", "use only one of them");
  }
  const { natsPrefix: events, natsActionPrefix: actions } = s;
  if (`${events}.`.startsWith(`${actions}.`) !== `${actions}.`.startsWith(`${events}.`)) {
    const problem = `${actions} and nats-prefix ${events} are one below the other`;
    refuse("nats-action-prefix", problem, "choose prefixes of which none begins with the other");
  }
}
