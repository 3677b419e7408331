export const PAGE: string;
export const LANGUAGES: Readonly<Record<string, { readonly name: string }>>;
export function withSnippets(page: string): string;
