import type { Attack } from "./attack.ts";
import { COSTLY_CALL_ATTACKS } from "./attacks/costly-calls.ts";
import { FLOOD_ATTACKS } from "./attacks/floods.ts";
import { HELD_ATTACKS } from "./attacks/held.ts";
import { HTTP_ATTACKS } from "./attacks/http.ts";
import { MESSAGE_ATTACKS } from "./attacks/messages.ts";
import { PIECE_ATTACKS } from "./attacks/pieces.ts";

export const ATTACKS: readonly Attack[] = [
  ...MESSAGE_ATTACKS,
  ...HTTP_ATTACKS,
  ...HELD_ATTACKS,
  ...FLOOD_ATTACKS,
  ...PIECE_ATTACKS,
  ...COSTLY_CALL_ATTACKS,
];
