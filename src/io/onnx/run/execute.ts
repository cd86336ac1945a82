// Runs a plan. Memory is given back when the last node that uses a value has run, and what depends on shapes alone is computed once for
// inputs of these shapes.
import { engine } from "../../../engine/engine.ts";
import { endEarly, insideScope, type Storage } from "../../../engine/storage.ts";
import { isRecording } from "../../../tensor/graph.ts";
import { formatShape } from "../../../tensor/shape.ts";
import { scope } from "../../../tensor/tensor.ts";
import { type Body, Call, type RunContext } from "./call.ts";
import type { Plan, PlannedNode } from "./compile.ts";
import { ArrayValue, tensorsIn, type Value } from "./value.ts";

/** What is the same at every run with inputs of the same shapes, by node. */
export type Memory = Map<PlannedNode, readonly (Value | undefined)[]>;

/** Values by their places. */
export type Places = (Value | undefined)[];

/** What only the language says where a node's inputs are not what its operator takes; whoever reads that learns nothing of the graph. */
const LANGUAGE =
  /^(Cannot |Invalid |The number |Division by zero|Maximum |Array buffer|offset |start offset|byte length|Class extends)|is not (a function|iterable|a constructor|an object)|of undefined|of null/;

/** A node's inputs in words: types and shapes. */
function inputsOf(node: PlannedNode, places: Places): string {
  const each = node.inputs.map((place) => {
    const value = place < 0 ? undefined : places[place];
    if (value === undefined) return "nothing";
    return value instanceof ArrayValue ? `${value.type} ${formatShape(value.shape)}` : "no array";
  });
  return each.length === 0 ? "of which there are none" : each.join(", ");
}

/** Makes the error of a node of what was thrown in it. */
export function nodeError(name: string, node: PlannedNode, places: Places, error: unknown): Error {
  const said = error instanceof Error ? error.message : String(error);
  const message = LANGUAGE.test(said) ? `can't take its inputs, ${inputsOf(node, places)}` : said;
  const Kind = error instanceof TypeError ? TypeError : error instanceof RangeError ? RangeError : Error;
  return new Kind(`${name}: ${node.label}: ${message}`, { cause: error });
}

/** Runs one node and puts its outputs in their places. */
export function runNode(name: string, node: PlannedNode, places: Places, context: RunContext): void {
  let outputs: readonly (Value | undefined)[];
  try {
    outputs = node.entry.run(callOf(name, node, places, context));
  } catch (error) {
    throw nodeError(name, node, places, error);
  }
  for (let i = 0; i < node.outputs.length; i++) {
    const place = node.outputs[i];
    if (place < 0) continue;
    places[place] = outputs[i];
  }
}

function callOf(name: string, node: PlannedNode, places: Places, context: RunContext): Call {
  const inputs = node.inputs.map((place) => (place < 0 ? undefined : places[place]));
  const bodies: Record<string, Body> = {};
  for (const { name: key, plan } of node.bodies) {
    bodies[key] = {
      inputs: plan.inputs.length,
      outputs: plan.outputs.length,
      run: (given) => runBody(name, plan, given, places, context),
    };
  }
  return new Call(
    inputs,
    node.attributes,
    node.opset,
    node.outputs.map((place) => place >= 0),
    context,
    bodies,
  );
}

/** Runs a graph within a node. */
function runBody(
  name: string,
  plan: Plan,
  given: readonly (Value | undefined)[],
  around: Places,
  context: RunContext,
): readonly Value[] {
  const places: Places = new Array<Value | undefined>(plan.size);
  for (const [place, value] of plan.constants) places[place] = value;
  for (const [from, to] of plan.outer) places[to] = around[from];
  for (let i = 0; i < plan.inputs.length; i++) places[plan.inputs[i]] = given[i];
  for (const node of plan.nodes) runNode(name, node, places, context);
  return plan.outputs.map((place) => {
    const value = places[place];
    if (value === undefined) throw new Error("an output of the graph within it has no value");
    return value;
  });
}

/** What a node looks at: its inputs, and what the graphs within it use of the values around. */
function seenBy(node: PlannedNode): number[] {
  const outer = node.bodies.flatMap(({ plan }) => plan.outer.map(([from]) => from));
  return [...node.inputs.filter((place) => place >= 0), ...outer];
}

/** Computes what depends on constants alone, and leaves only the nodes that have to run each time. */
export function fold(name: string, plan: Plan, context: RunContext): void {
  for (const node of plan.nodes) for (const { plan: inner } of node.bodies) fold(name, inner, context);
  const places: Places = new Array<Value | undefined>(plan.size);
  for (const [place, value] of plan.constants) places[place] = value;
  const rest: PlannedNode[] = [];
  const given = new Set([...plan.inputs, ...plan.parameters.keys(), ...plan.outer.map(([, to]) => to)]);
  const made = new Set(plan.nodes.flatMap(({ outputs }) => outputs));
  for (const node of plan.nodes) {
    // A place that nothing fills is an input that is left out.
    const known = seenBy(node).every((place) => places[place] !== undefined || (!given.has(place) && !made.has(place)));
    if (!known || !node.entry.pure) {
      rest.push(node);
      continue;
    }
    scope(() => {
      runNode(name, node, places, context);
      for (const place of node.outputs) if (place >= 0) lasting(places[place]);
    });
    for (const place of node.outputs)
      if (place >= 0 && places[place] !== undefined) plan.constants.set(place, places[place]!);
  }
  plan.nodes.splice(0, plan.nodes.length, ...rest);
  // Constants that only folded nodes used are not needed any more.
  const used = new Set([...plan.outputs, ...rest.flatMap(seenBy)]);
  for (const place of plan.constants.keys()) if (!used.has(place)) plan.constants.delete(place);
}

function lasting(value: Value | undefined): void {
  if (value instanceof ArrayValue) value.last();
  else if (value !== undefined && "items" in value) for (const item of value.items) lasting(item);
}

function isLasting(value: Value | undefined): boolean {
  if (value === undefined) return true;
  if (value instanceof ArrayValue) return value.lasting;
  return "items" in value ? value.items.every(isLasting) : true;
}

/** A plan with what is known about its run: where each value is used for the last time. */
export class Runner {
  private readonly lastUses: readonly (readonly number[])[];

  constructor(
    private readonly name: string,
    readonly plan: Plan,
  ) {
    const last = new Map<number, number>();
    plan.nodes.forEach((node, k) => {
      for (const place of [...seenBy(node), ...node.outputs]) if (place >= 0) last.set(place, k);
    });
    for (const place of plan.outputs) last.delete(place);
    const lists: number[][] = plan.nodes.map(() => []);
    for (const [place, k] of last) lists[k].push(place);
    this.lastUses = lists;
  }

  /** The outputs for these inputs and parameters. `memory` keeps what depends on shapes alone. */
  run(
    inputs: readonly (Value | undefined)[],
    parameters: ReadonlyMap<number, Value>,
    context: RunContext,
    memory: Memory | null,
    observe?: (place: number, value: Value | undefined) => void,
  ): (Value | undefined)[] {
    const on = engine();
    const lean = insideScope() && !isRecording();
    const run = (): (Value | undefined)[] => this.runNodes(inputs, parameters, context, memory, lean, observe);
    return lean && on.answering !== undefined ? on.answering(run) : run();
  }

  /** `lean`: what is needed no more is given back on the way. */
  private runNodes(
    inputs: readonly (Value | undefined)[],
    parameters: ReadonlyMap<number, Value>,
    context: RunContext,
    memory: Memory | null,
    lean: boolean,
    observe: ((place: number, value: Value | undefined) => void) | undefined,
  ): (Value | undefined)[] {
    const { plan, lastUses, name } = this;
    const places: Places = new Array<Value | undefined>(plan.size);
    for (const [place, value] of plan.constants) places[place] = value;
    for (const [place, value] of parameters) places[place] = value;
    for (let i = 0; i < inputs.length; i++) places[plan.inputs[i]] = inputs[i];
    const sparing = lean ? new Releases(places) : null;
    /** Whether the shape of what is in a place follows from the inputs' shapes. */
    const shaped = new Uint8Array(plan.size).fill(1);
    plan.nodes.forEach((node, k) => {
      const known = memory?.get(node);
      if (known !== undefined) {
        for (let i = 0; i < node.outputs.length; i++) if (node.outputs[i] >= 0) places[node.outputs[i]] = known[i];
        return;
      }
      const { entry } = node;
      const last = memory !== null && entry.pure && this.lasts(node, places, shaped);
      if (last) {
        scope(() => {
          runNode(name, node, places, context);
          for (const place of node.outputs) if (place >= 0) lasting(places[place]);
        });
        memory.set(
          node,
          node.outputs.map((place) => (place < 0 ? undefined : places[place])),
        );
      } else if (sparing !== null) {
        scope(() => {
          runNode(name, node, places, context);
          return tensorsIn(node.outputs.map((place) => (place < 0 ? undefined : places[place])));
        });
        sparing.hold(node.outputs, places);
      } else runNode(name, node, places, context);
      if (observe !== undefined) for (const place of node.outputs) if (place >= 0) observe(place, places[place]);
      const follows = last || this.shapeFollows(node, places, shaped);
      if (!follows) for (const place of node.outputs) if (place >= 0) shaped[place] = 0;
      sparing?.release(lastUses[k], places);
    });
    return plan.outputs.map((place) => places[place]);
  }

  /** Whether what the node gives is the same for all inputs of these shapes. */
  private lasts(node: PlannedNode, places: Places, shaped: Uint8Array): boolean {
    if (node.entry.ofShape) {
      return node.inputs.every(
        (place, i) =>
          place < 0 ||
          (i === 0 ? shaped[place] === 1 && places[place] instanceof ArrayValue : isLasting(places[place])),
      );
    }
    return seenBy(node).every((place) => isLasting(places[place]));
  }

  /** Whether the shapes of what the node gives follow from the inputs' shapes. */
  private shapeFollows(node: PlannedNode, places: Places, shaped: Uint8Array): boolean {
    const { shapedBy } = node.entry;
    if (shapedBy === "data" || node.bodies.length > 0) return false;
    return node.inputs.every(
      (place, i) =>
        place < 0 || (shaped[place] === 1 && (shapedBy === "shapes" || i === 0 || isLasting(places[place]))),
    );
  }
}

/** Counts the values on each memory, and ends memory that no value is on any more. */
class Releases {
  private readonly counts = new Map<Storage, number>();
  private readonly given = new Set<Storage>();

  constructor(places: Places) {
    for (const x of tensorsIn(places)) this.given.add(x.storage);
  }

  hold(outputs: readonly number[], places: Places): void {
    const values = outputs.map((place) => (place < 0 ? undefined : places[place]));
    for (const { storage } of tensorsIn(values)) this.counts.set(storage, (this.counts.get(storage) ?? 0) + 1);
  }

  release(done: readonly number[], places: Places): void {
    for (const place of done) {
      const value = places[place];
      places[place] = undefined;
      if (value === undefined || isLasting(value)) continue;
      for (const { storage } of tensorsIn([value])) {
        const left = (this.counts.get(storage) ?? 0) - 1;
        this.counts.set(storage, left);
        if (left === 0 && !this.given.has(storage)) endEarly(storage);
      }
    }
  }
}
