export function functionsOf(root: string, library: object): string[];
export const LONG_BY_DEFAULT: RegExp;
