// Trees in part 7 of the series: what goes back through structure.
const zero = "book/zero/programs";

/** @type {import("../mutations.d.mts").Mutation[]} */
export const mutations = [
  {
    id: "trees-no-slope",
    file: `${zero}/recursive.ts`,
    from: "node.delta = node.delta!.times(node.data.map((output) => this.activator.backward(output)));",
    to: "",
    why: "no derivative at inner nodes",
    experiments: ["zero/7-layer", "zero/7-gradient-check"],
  },
  {
    id: "trees-slope-at-leaves",
    file: `${zero}/recursive.ts`,
    from: "    if (node.isLeaf) return;\n    node.delta",
    to: "    node.delta",
    why: "the series' own: leaves are multiplied by the derivative, too",
    experiments: ["zero/7-layer", "zero/7-gradient-check"],
  },
  {
    id: "trees-children-swapped",
    file: `${zero}/recursive.ts`,
    from: "below.values.subarray(i * this.nodeWidth, (i + 1) * this.nodeWidth)",
    to: "below.values.subarray((1 - i) * this.nodeWidth, (2 - i) * this.nodeWidth)",
    why: "each child gets the other's slice",
    experiments: ["zero/7-layer", "zero/7-gradient-check"],
  },
  {
    id: "trees-root-only",
    file: `${zero}/recursive.ts`,
    from: "addTo(this.WGrad, node.WGrad);",
    to: "if (node === this.root) addTo(this.WGrad, node.WGrad);",
    why: "the root's gradient alone",
    experiments: ["zero/7-layer", "zero/7-gradient-check", "zero/7-summed-gradients"],
  },
  {
    id: "trees-listed-without-defect",
    file: `${zero}/recursive-as-printed.ts`,
    from: "turnedDot(this.W, delta).times(slopes);",
    to: "turnedDot(this.W, delta).times(parent.children.some((child) => child.isLeaf) ? slopes.map(() => 1) : slopes);",
    why: "the listed program without its defect",
    experiments: ["zero/7-gradient-check"],
  },
  {
    id: "trees-scores-not-kept",
    file: `${zero}/parser.ts`,
    from: "    if (cached) {",
    to: "    if (cached && words.length < 3) {",
    why: "all pairs are scored every time",
    experiments: ["zero/7-greedy-parse"],
  },
  {
    id: "trees-lowest-first",
    file: `${zero}/parser.ts`,
    from: "if (pairs[i].rank > pairs[best].rank) best = i;",
    to: "if (pairs[i].rank < pairs[best].rank) best = i;",
    why: "the pair of the lowest score is merged",
    experiments: ["zero/7-greedy-parse", "zero/7-parser"],
  },
  {
    id: "trees-rival-pulled-up",
    file: `${zero}/max-margin.ts`,
    from: "this.collect([...innerNodes(pairs[rival])], words, 1, pairs[rival]);",
    to: "this.collect([...innerNodes(pairs[rival])], words, -1, pairs[rival]);",
    why: "the wrong pair is pulled up, too",
    experiments: ["zero/7-greedy-parse", "zero/7-parser"],
  },
  {
    id: "trees-structure-by-spans",
    file: `${zero}/parser.ts`,
    from: 'if (by === "spans") {',
    to: "if (by !== undefined) {",
    why: "Delta by structure counts spans",
    experiments: ["zero/7-greedy-parse"],
  },
];
