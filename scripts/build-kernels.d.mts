export function buildKernels(options?: { force?: boolean; log?: (line: string) => void }): Promise<boolean>;
