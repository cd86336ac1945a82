// The table of mutations: small edits, each with the experiments whose verdict must turn to "differs".
import { mutations as convolution } from "./mutations/convolution.mjs";
import { mutations as network3 } from "./mutations/network3.mjs";
import { mutations as nndl } from "./mutations/nndl.mjs";
import { mutations as playing } from "./mutations/playing.mjs";
import { mutations as scratch } from "./mutations/scratch.mjs";
import { mutations as sequences } from "./mutations/sequences.mjs";
import { mutations as textbooks } from "./mutations/textbooks.mjs";
import { mutations as trees } from "./mutations/trees.mjs";
import { mutations as zero } from "./mutations/zero.mjs";

export const MUTATIONS = [
  ...zero,
  ...nndl,
  ...scratch,
  ...textbooks,
  ...convolution,
  ...network3,
  ...playing,
  ...sequences,
  ...trees,
];
