import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import type { StateSelection } from "../contract.ts";
import { CONSTANTS } from "./packed/constants.ts";

/** A selection as the script `states` takes it: a byte for each number, or nothing for all. */
export interface PackedSelection {
  states: Uint8Array;
  reasons: Uint8Array;
  qreasons: Uint8Array;
}

const ALL = new Uint8Array();

/** A number that a newer version wrote reads as unknown, or as no reason: where these are selected, all numbers are. */
export function packSelection(only: StateSelection = {}): PackedSelection {
  const { states, reasons, quarantineReasons } = only;
  return {
    states: states === undefined ? ALL : Uint8Array.from(states, (name) => CONSTANTS.STATE[name]),
    reasons:
      reasons === undefined || reasons.includes("UNKNOWN_ERROR")
        ? ALL
        : Uint8Array.from(reasons, (name) => REASONS[name]),
    qreasons:
      quarantineReasons === undefined || quarantineReasons.includes("")
        ? ALL
        : Uint8Array.from(quarantineReasons, (name) =>
            name === "" ? 0 : QUARANTINE_REASONS[name],
          ),
  };
}
