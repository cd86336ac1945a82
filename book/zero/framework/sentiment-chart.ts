// A sentence's tree with its classes as colours: red for negative, blue for positive.
import type { LabelledTree, Tree } from "nabla";
import type { Text, TreeChart, TreeChartNode } from "nabla/plot";

const MARKS = ["−−", "−", "0", "+", "++"];

export function sentimentChart({ words, tree, labels }: LabelledTree, title?: Text): TreeChart {
  const nodes: TreeChartNode[] = [];
  // Labels of inner nodes stand in the order in which they close; here parents come first: their places are found on a way through the tree.
  const closing = new Map<Tree, number>();
  const open: { node: readonly Tree[]; next: number }[] = [];
  if (typeof tree !== "number") open.push({ node: tree, next: 0 });
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const child = top.node[top.next++];
    if (child === undefined) {
      closing.set(top.node, words.length + closing.size);
      open.pop();
    } else if (typeof child !== "number") open.push({ node: child, next: 0 });
  }
  const waiting: { part: Tree; parent: number | null }[] = [{ part: tree, parent: null }];
  for (let at = 0; at < waiting.length; at++) {
    const { part, parent } = waiting[at];
    const isLeaf = typeof part === "number";
    const value = labels[isLeaf ? part : closing.get(part)!];
    nodes.push({ label: isLeaf ? words[part] : MARKS[value], value, ...(parent !== null && { parent }) });
    if (!isLeaf) for (const child of part) waiting.push({ part: child, parent: at });
  }
  return {
    kind: "tree",
    ...(title !== undefined && { title }),
    ...{ nodes, min: 0, max: 4 },
    low: { en: "negative", zh: "负面" },
    high: { en: "positive", zh: "正面" },
  };
}
