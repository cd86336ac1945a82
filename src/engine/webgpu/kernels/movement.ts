// Elements moved and changed in type, bit by bit: strided copies, fills, selection, casts.
import type { DType } from "../../dtype.ts";
import { EACH, HALT, type KernelText, once } from "../shader.ts";
import { axisParameters, LOAD, STORE, walk } from "./elementwise.ts";

/** y[...] = x[...] over collapsed axes. */
export const copyText = once((rank: number): KernelText => {
  return {
    name: `copy_${rank}`,
    parameters: `n x y ${axisParameters(rank, ["x", "y"])}`,
    body: `${EACH}
${walk(rank, ["x", "y"])}
  mem[u32(at_y)] = mem[u32(at_x)];`,
  };
});

/** y[i] = x[i]. */
export const COPY_WORDS: KernelText = {
  name: "copyWords",
  parameters: "x y n",
  body: `${EACH}
  mem[p.y + i] = mem[p.x + i];`,
};

/** out[i] = the word. */
export const FILL: KernelText = {
  name: "fill",
  parameters: "out n word",
  body: `${EACH}
  mem[p.out + i] = p.word;`,
};

/** Notes that a value is not finite. */
export const HALT_UNLESS_FINITE: KernelText = {
  name: "haltUnlessFinite",
  parameters: "x n",
  body: `${EACH}
  if (isSpecial(load(p.x))) { mem[${HALT}] = 1u; }`,
};

/** out[i] = test[i] ? x[i] : y[i]. */
export const WHERE: KernelText = {
  name: "where",
  parameters: "test x y out n",
  body: `${EACH}
  mem[p.out + i] = mem[select(p.y, p.x, mem[p.test + i] != 0u) + i];`,
};

/** Expressions in x by "from to". Toward zero into integers, beyond the range to its end, NaN to 0; into bool whether it is not 0. */
const CASTS: Readonly<Record<string, string>> = {
  "float32 int32": "toInt(x)",
  "float32 bool": "select(1, 0, isZero(x))",
  "int32 float32": "f32(x)",
  "int32 bool": "select(0, 1, x != 0)",
  "bool float32": "f32(x)",
  "bool int32": "x",
};

export const castText = once((from: DType, to: DType): KernelText | undefined => {
  const expression = CASTS[`${from} ${to}`];
  if (expression === undefined) return undefined;
  return {
    name: `cast_${from}_${to}`,
    parameters: "x out n",
    body: `${EACH}
  let x = ${LOAD[from]}(p.x + i);
  ${STORE[to]}(p.out + i, ${expression});`,
  };
});
