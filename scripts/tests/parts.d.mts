export interface Part {
  readonly name: string;
  readonly command: "check" | "test" | "slow";
  readonly files: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
export const LONG_FORMS: Part;
export function partsOf(files?: readonly string[]): readonly Part[];
