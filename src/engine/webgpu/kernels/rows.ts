// Kernels over rows: a row is a thread's where it is short, and a workgroup's where it is long. The threads of a workgroup take every 64th
// element and join what they found in a tree, so the order of sums depends on a row's length alone.
import { type KernelText, WORKGROUP } from "../shader.ts";

/** Elements from which a row is worth a workgroup. */
const LONG_ROW = 96;

/** How rows of a length are shared out. */
export function lanesFor(n: number): 1 | 64 {
  return n >= LONG_ROW ? WORKGROUP : 1;
}

/** Workgroups for rows. */
export function groupsForRows(rows: number, lanes: 1 | 64): number {
  return lanes === 1 ? Math.ceil(rows / WORKGROUP) : rows;
}

/** What joins the threads' parts of a row; f32, and i32 where a name says so. */
const JOINS = {
  add: "a + b",
  larger: "larger(a, b)",
  smaller: "smaller(a, b)",
  multiply: "a * b",
  addInt: "a + b",
  largerInt: "max(a, b)",
  smallerInt: "min(a, b)",
  multiplyInt: "a * b",
} as const;

/** A way to join two parts. */
export type Join = keyof typeof JOINS;

/**
 * A kernel over rows: `body` has `row`, `lane` and LANES, and may call `together_add(value, lane)` and the like for each way that it names,
 * which give all threads the joined value; all are of one type. Numbers must hold `rows`.
 */
export function rowKernel(
  name: string,
  parameters: string,
  lanes: 1 | 64,
  joins: readonly Join[],
  body: string,
  outside = "",
): KernelText {
  const one = lanes === 1;
  const type = joins.some((join) => join.endsWith("Int")) ? "i32" : "f32";
  const functions = joins.map((join) =>
    one
      ? `fn together_${join}(value: ${type}, lane: u32) -> ${type} { return value; }`
      : `fn together_${join}(value: ${type}, lane: u32) -> ${type} {
  parts[lane] = value;
  workgroupBarrier();
  for (var step = ${WORKGROUP / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) {
      let a = parts[lane];
      let b = parts[lane + step];
      parts[lane] = ${JOINS[join]};
    }
    workgroupBarrier();
  }
  let joined = parts[0];
  workgroupBarrier();
  return joined;
}`,
  );
  const where = one
    ? `let row = (wid.y * groups.x + wid.x) * ${WORKGROUP}u + lid.x; let lane = 0u;`
    : "let row = wid.y * groups.x + wid.x; let lane = lid.x;";
  return {
    name: `${name}_${lanes}`,
    parameters,
    outside: `const LANES = ${lanes}u;\n${one ? "" : `var<workgroup> parts: array<${type}, ${WORKGROUP}>;\n`}${functions.join("\n")}\n${outside}`,
    body: `  ${where}
  if (row >= p.rows) { return; }
${body}`,
  };
}
