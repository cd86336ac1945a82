// The text of a compute shader: what every kernel shares, the functions of functions.ts that it calls, and its own lines. All memory is one
// array of words and every number a kernel is given stands in one small struct, so that all kernels have the same layout and a dispatch
// changes nothing but the pipeline and an offset.
import { FUNCTIONS } from "./functions.ts";

/** Kernels' numbers take at most so many words, a 0 behind them: the smallest stretch that WebGPU lets a uniform be bound at. */
export const PARAMETER_WORDS = 64;
/** The word that is not 0 while optimisers' updates are to do nothing: a loss was not finite. */
export const HALT = 1;
/** Threads of a workgroup where a kernel says nothing else. */
export const WORKGROUP = 64;

/** A kernel: what it is given, and what a thread does. */
export interface KernelText {
  readonly name: string;
  /** Names of its numbers in the order in which they are given; `name:f32` and `name:i32` where they are no addresses or counts. */
  readonly parameters: string;
  /** What one thread does. `lid`, `wid`, `groups` are its place; `p` its numbers. */
  readonly body: string;
  /** Threads along x and y; default 64 and 1. */
  readonly workgroup?: readonly [number, number];
  /** Declarations outside the function: memory of the workgroup, functions of its own. */
  readonly outside?: string;
}

/** A parameter's place and type. */
export interface Parameter {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32";
}

/** What `parameters` says. */
export function parametersOf(text: KernelText): Parameter[] {
  return text.parameters
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [name, type = "u32"] = word.split(":");
      return { name, type: type as Parameter["type"] };
    });
}

/** A function of names and numbers that makes a text only once for the same ones: calls are many. */
export function once<Arguments extends readonly unknown[], Text>(
  make: (...values: Arguments) => Text,
): (...values: Arguments) => Text {
  const made = new Map<string, Text>();
  return (...values) => {
    const key = values.join();
    let text = made.get(key);
    if (text === undefined) {
      text = make(...values);
      made.set(key, text);
    }
    return text;
  };
}

/** `i`: the number of this thread among all; the kernel ends for those from `n` on. */
export const EACH = `
  let i = (wid.y * groups.x + wid.x) * ${WORKGROUP}u + lid.x;
  if (i >= p.n) { return; }`;

const PRELUDE = `
@group(0) @binding(0) var<storage, read_write> mem: array<u32>;
@group(0) @binding(1) var<uniform> p: Numbers;
@group(0) @binding(2) var<storage, read_write> faults: array<u32>;
fn load(at: u32) -> f32 { return bitcast<f32>(mem[at]); }
fn store(at: u32, value: f32) { mem[at] = bitcast<u32>(value); }
fn loadInt(at: u32) -> i32 { return bitcast<i32>(mem[at]); }
fn storeInt(at: u32, value: i32) { mem[at] = bitcast<u32>(value); }
`;

/** The shader in full. */
export function shaderOf(text: KernelText): string {
  const members = parametersOf(text).map(({ name, type }) => `  ${name}: ${type},`);
  const [x, y] = text.workgroup ?? [WORKGROUP, 1];
  const own = `${text.outside ?? ""}
@compute @workgroup_size(${x}, ${y}, 1)
fn main(@builtin(local_invocation_id) lid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
${text.body}
}
`;
  // Behind a kernel's numbers is a word that is always 0, which a compiler can't know: see functions.ts.
  return `struct Numbers {\n${members.join("\n")}\n  zero: u32,\n}\n${PRELUDE}${functionsFor(own)}${own}`;
}

/** The functions that a text calls, and those that they call, in an order in which WGSL does not mind: any. */
function functionsFor(text: string): string {
  const found = new Map<string, string>();
  const look = (within: string): void => {
    for (const [, name] of within.matchAll(/\b([A-Za-z]\w*)\(/g)) {
      const code = FUNCTIONS[name];
      if (code === undefined || found.has(name)) continue;
      found.set(name, code);
      look(code.replace(`fn ${name}(`, ""));
    }
  };
  look(text);
  return [...found.values()].join("\n");
}
