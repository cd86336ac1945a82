// What the network is given of a point.

export const FEATURES = ["x1", "x2", "x1²", "x2²", "x1x2", "sin x1", "sin x2"] as const;
export type Feature = (typeof FEATURES)[number];

export const FEATURE_FUNCTIONS: Readonly<Record<Feature, (x: number, y: number) => number>> = {
  x1: (x) => x,
  x2: (_, y) => y,
  "x1²": (x) => x * x,
  "x2²": (_, y) => y * y,
  x1x2: (x, y) => x * y,
  "sin x1": (x) => Math.sin(x),
  "sin x2": (_, y) => Math.sin(y),
};

/** The same as TypeScript, for the exported program. */
export const FEATURE_CODE: Readonly<Record<Feature, string>> = {
  x1: "x",
  x2: "y",
  "x1²": "x * x",
  "x2²": "y * y",
  x1x2: "x * y",
  "sin x1": "Math.sin(x)",
  "sin x2": "Math.sin(y)",
};
