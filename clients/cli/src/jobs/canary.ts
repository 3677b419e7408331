import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Option } from "commander";
import type { RetryActionSchema } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { usageError } from "../errors.ts";
import { parseDuration } from "../values/duration.ts";

/** Options of a retry that tries some messages first. */
export interface CanaryOptions {
  /** Percents of its slices; true: the service's own. */
  readonly canary?: true | readonly number[];
  /** In percent. */
  readonly minSuccess?: number;
  /** In ms. */
  readonly deadline?: number;
  readonly resolve?: true;
}

export function canaryOptions(): Option[] {
  return [
    new Option(
      "--canary [percents]",
      "try slices of so many percent first, and stop if too few succeed [1,10]",
    ).argParser(parsePercents),
    new Option("--min-success <percent>", "what must succeed of a slice [95]").argParser(
      parsePercent,
    ),
    new Option("--deadline <time>", "how long to wait for a slice [10m]").argParser(parseDuration),
    new Option(
      "--resolve",
      "resolve the --group: after its canary, or without one before the retry",
    ),
  ];
}

type RetryInit = Pick<
  MessageInitShape<typeof RetryActionSchema> & object,
  "canary" | "resolveGroup"
>;

/** @throws {CliError} for options of a canary without one, and for --resolve without a group */
export function canaryOf(
  { canary, minSuccess, deadline, resolve }: CanaryOptions,
  group: string | undefined,
): RetryInit {
  if (resolve === true && group === undefined)
    throw usageError("--resolve is for --group", "name the group, or leave it out");
  const resolveGroup = resolve === true;
  if (canary !== undefined) {
    return {
      resolveGroup,
      canary: {
        percents: canary === true ? [] : [...canary],
        minSuccessRatio: (minSuccess ?? 0) / 100,
        ...(deadline !== undefined && { deadline: durationFromMs(deadline) }),
      },
    };
  }
  const given = Object.entries({ "--min-success": minSuccess, "--deadline": deadline });
  const [name] = given.find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw usageError(`${name} is for --canary`, "add --canary");
  return { resolveGroup };
}

function parsePercents(text: string): number[] {
  return text.split(",").map(parsePercent);
}

/** Reads `95` or `95%`. @throws {CliError} for any other text */
function parsePercent(text: string): number {
  const [, digits = ""] = /^(\d+(?:\.\d+)?)%?$/.exec(text.trim()) ?? [];
  const percent = Number(digits);
  if (percent > 0 && percent <= 100) return percent;
  throw usageError(`"${text}" is no percentage`, "write one such as 10 or 10%, above 0, up to 100");
}
