// Every kernel that is called by name and that this engine has.
import { CONVOLUTION } from "./convolution.ts";
import { INDEXING } from "./indexing.ts";
import type { NamedEntry } from "./named.ts";
import { NORMALISATION } from "./normalisation.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import { POOLING } from "./pooling.ts";
import { RANDOM } from "./random.ts";
import { RECURRENT } from "./recurrent.ts";
import { SOFTMAX } from "./softmax.ts";
import { SORTING } from "./sorting.ts";
import { STATISTICS } from "./statistics.ts";

export const NAMED: Readonly<Record<string, NamedEntry>> = {
  ...SOFTMAX,
  ...OPTIMIZERS,
  ...RANDOM,
  ...INDEXING,
  ...STATISTICS,
  ...SORTING,
  ...CONVOLUTION,
  ...POOLING,
  ...NORMALISATION,
  ...RECURRENT,
};
