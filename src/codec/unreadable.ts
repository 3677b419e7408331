/** The etag of stored rules, or of a queue's configuration, that cannot be read. No stored record has it. */
export const UNREADABLE_ETAG = "unreadable";
