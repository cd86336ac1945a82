export function complaintAbout(error: unknown): string | undefined;
export function complaintOf(value: unknown, Tensor: unknown, depth?: number): string | undefined;
export function fingerprint(library: object): string;
export function pulse(library: object): string | undefined;
