// Rectification in the pass of the convolution or product before it, where nothing else looks at what that gives.
import type { Plan, PlannedNode } from "./compile.ts";

/** Puts each Relu that can be into the node before it. */
export function fuse(plan: Plan): void {
  const uses = new Map<number, number>();
  const count = (place: number): void => {
    uses.set(place, (uses.get(place) ?? 0) + 1);
  };
  for (const node of plan.nodes) {
    for (const place of node.inputs) count(place);
    for (const { plan: inner } of node.bodies) for (const [from] of inner.outer) count(from);
  }
  for (const place of plan.outputs) count(place);
  const makers = new Map<number, number>();
  plan.nodes.forEach((node, k) => {
    if (node.opType === "Conv" || node.opType === "Gemm") makers.set(node.outputs[0], k);
  });
  const done = new Set<PlannedNode>();
  const nodes = [...plan.nodes];
  for (const node of plan.nodes) {
    if (node.opType !== "Relu") continue;
    const [from] = node.inputs;
    const k = makers.get(from);
    if (k === undefined || uses.get(from) !== 1) continue;
    const maker = nodes[k];
    nodes[k] = { ...maker, outputs: node.outputs, attributes: maker.attributes.with("nabla.activation", "relu") };
    makers.delete(from);
    done.add(node);
  }
  plan.nodes.splice(0, plan.nodes.length, ...nodes.filter((node) => !done.has(node)));
}
