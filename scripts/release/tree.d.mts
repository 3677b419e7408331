export interface Release {
  readonly version: string;
  /** YYYY-MM-DD */
  readonly date: string;
}
export const CLIENTS: readonly string[];
export function withVersion(text: string, from: string, to: string): string;
export function withRelease(text: string, release: Release): string | undefined;
export function withAbsoluteLinks(text: string, folder: string, version: string): string;
export function changesOf(release: Release): Map<string, string>;
