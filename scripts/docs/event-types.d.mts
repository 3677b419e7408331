/** Returns the documents with the present comments of EventType. */
export function withEventTypes(): readonly { readonly file: string; readonly text: string }[];
export function writeEventTypes(): void;
