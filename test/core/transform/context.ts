/** Source, time and limits of edits, for tests about something else. */
export const CONTEXT = {
  source: "operator",
  atMs: 1_700_000_000_000,
  limits: {
    payloadBytes: 1024 * 1024,
    attributes: { count: 64, keyBytes: 128, valueBytes: 4096 },
  },
} as const;
