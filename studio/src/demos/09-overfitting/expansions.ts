// The ways to make more images of those that there are, by name: what stands in addresses, without the code that warps them.
export const EXPANSIONS = ["none", "shifts", "rotations", "affine", "elastic"] as const;
export type Expansion = (typeof EXPANSIONS)[number];
