import { DEFAULT_QUEUE_SETTINGS, QUEUE_NAME, type QueueSettings } from "../core/settings.ts";
import { findContradictions, findWarnings } from "./checks.ts";
import type { Config, Origins } from "./config.ts";
import type { ConfigError } from "./config-error.ts";
import { readConfigFile } from "./config-file.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { readFlags } from "./flags.ts";
import { findQueueContradictions } from "./queue-checks.ts";
import { type QueueLayer, readQueueLayer } from "./queue-layer.ts";
import { QUEUE_SETTINGS } from "./queue-settings.ts";
import { resolveQueue } from "./resolve-queue.ts";
import { type Given, parseGiven, type Setting, yamlKeyOf } from "./setting.ts";
import { SETTINGS, type ServerSettings } from "./settings.ts";
import { DEFAULT, type Source } from "./source.ts";
import { parseTokensFile } from "./token.ts";
import type { Parsed } from "./value-type.ts";
import type { YamlTree } from "./yaml-tree.ts";

export interface LoadOptions {
  /** Without the command. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Throws if the file cannot be read. */
  readonly readFile: (path: string) => string;
  /** The same for files that are read again later; see `readLiveFile`. */
  readonly readLiveFile: (path: string) => string;
  /** Reports whether every user of the machine can read a file. */
  readonly isPublic: (path: string) => boolean;
  /** For the default of node-id. */
  readonly hostname: string;
  readonly pid: number;
}

export type LoadResult =
  | { readonly ok: Config; readonly origins: Origins }
  | { readonly errors: readonly ConfigError[] };

const NOTHING: YamlTree = { kind: "scalar", text: undefined, line: 1 };

/**
 * Loads the configuration: flags, then environment, then the YAML file, then defaults. An
 * overridden value is not checked, so that a wrong file can be overridden. All other errors are
 * reported together.
 */
export function loadConfig(options: LoadOptions): LoadResult {
  const flags = readFlags(options.argv);
  const environment = readEnvironment(options.env);
  const errors: ConfigError[] = [...flags.errors, ...environment.errors];
  for (const { text } of flags.arguments) {
    errors.push({ setting: "arguments", value: text, problem: "is not expected here" });
  }

  const stronger = new Map<string, Given>([...environment.values, ...flags.values]);
  const configFile = stronger.get(SETTINGS.configFile.name);
  const path = typeof configFile?.raw === "string" ? configFile.raw : undefined;
  const file = readConfigFile(path, configFile?.source, options.readFile, errors);
  const at = (line: number): Source => ({ kind: "file", path: path ?? "", line });

  const sources = new Map<string, Source>();
  const broken = errors.length;
  const settings = parseSettings(new Map([...file.values, ...stronger]), sources, options, errors);
  // Values that could not be parsed were replaced by defaults. A contradiction with those would be
  // misleading.
  if (errors.length === broken) {
    const sourceOf = (name: string): Source => sources.get(name) ?? DEFAULT;
    errors.push(
      ...findContradictions(settings, sourceOf, {
        unreadable: (p) => whyUnusable(p, options.readLiveFile),
        wrongTokens: (p) =>
          whyUnusable(p, options.readLiveFile, (text) => parseTokensFile(text, settings.tokens)),
      }),
    );
  }

  const defaults = readQueueLayer(file.defaults ?? NOTHING, "defaults", at, errors, stronger);
  const deployment = resolveQueue(DEFAULT_QUEUE_SETTINGS, defaults, errors);
  const inDefaults = contradictions(deployment, defaults, "defaults");
  const reported = new Set(inDefaults.map(({ problem }) => problem));
  errors.push(...inDefaults);
  const layers = new Map<string, QueueLayer>();
  const queues = new Map<string, QueueSettings>();
  for (const { key, line, value } of file.queues) {
    const label = `queues.${key}`;
    if (!QUEUE_NAME.test(key)) {
      errors.push({
        setting: "queues",
        source: at(line),
        value: key,
        problem: "is not a queue name",
        allowed: "1 to 128 letters, digits and . _ -",
      });
    }
    const layer = readQueueLayer(value, label, at, errors);
    layers.set(key, layer);
    const settings = resolveQueue(deployment, layer, errors);
    queues.set(key, settings);
    // Inherited contradictions are already reported.
    errors.push(...contradictions(settings, layer, label).filter((e) => !reported.has(e.problem)));
  }
  if (errors.length > 0) return { errors };

  const config: Config = Object.freeze({
    ...settings,
    warnings: Object.freeze(
      findWarnings(
        settings,
        options.env,
        filesWithSecrets(settings, sources).filter(options.isPublic),
      ),
    ),
    configuredQueues: Object.freeze([...queues.keys()]),
    queueSettings: (queue: string) => queues.get(queue) ?? deployment,
  });
  return { ok: config, origins: { settings: sources, defaults, deployment, queues: layers } };
}

function filesWithSecrets(
  { tlsKey, redisTlsKey, natsTlsKey, natsCredentialsFile, natsNkeyFile }: ServerSettings,
  sources: ReadonlyMap<string, Source>,
): readonly string[] {
  const secrets = Object.values<Setting>(SETTINGS).filter(({ secret }) => secret === true);
  const configFiles = secrets.flatMap(({ name }) => {
    const source = sources.get(name);
    return source?.kind === "file" ? [source.path] : [];
  });
  const files = [tlsKey, redisTlsKey, natsTlsKey, natsCredentialsFile, natsNkeyFile];
  const all = [...configFiles, ...files].filter((path) => path !== undefined);
  return [...new Set(all)];
}

function contradictions(
  settings: QueueSettings,
  layer: QueueLayer,
  label: string,
): readonly ConfigError[] {
  return findQueueContradictions(settings, (key) => QUEUE_SETTINGS[key].name).map(
    ({ key, problem, hint }) => {
      const row: Setting = QUEUE_SETTINGS[key];
      const source = layer.sources.get(row.name);
      return {
        setting: `${label}.${yamlKeyOf(row)}`,
        ...(source === undefined ? {} : { source }),
        problem,
        hint,
      };
    },
  );
}

function parseSettings(
  given: ReadonlyMap<string, Given>,
  sources: Map<string, Source>,
  options: LoadOptions,
  errors: ConfigError[],
): ServerSettings {
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting>(SETTINGS)) {
    const value = given.get(setting.name);
    const parsed = value && parseGiven(setting, value, setting.name, errors);
    values[key] = parsed ?? setting.fallback;
    if (value !== undefined) sources.set(setting.name, value.source);
  }
  // Host names may contain characters that a node id does not allow.
  const host = options.hostname.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 100);
  values.nodeId ||= `${host}-${options.pid}`;
  // Each value was parsed by the type of its own setting.
  return values as unknown as ServerSettings;
}

/** Returns why the file cannot be read or parsed; undefined if it can. */
function whyUnusable(
  path: string,
  readFile: (path: string) => string,
  parse: (text: string) => Parsed<unknown> = (text) => ({ ok: text }),
): string | undefined {
  try {
    const parsed = parse(readFile(path));
    return "problem" in parsed ? parsed.problem : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
