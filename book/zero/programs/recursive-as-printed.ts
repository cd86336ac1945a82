// `calc_delta` as part 7 lists it, to show what it gives: it multiplies the deltas of leaves by f'(leaf), as if a word vector had come out of f. Right
// with the identity, which is all that the text checks; W and b never see it. Whoever learns word vectors by it learns them wrong.
import { Matrix } from "../../matrix.ts";
import { RecursiveLayer, type TreeNode } from "./recursive.ts";
import { turnedDot } from "./through-time.ts";

export class PrintedRecursiveLayer extends RecursiveLayer {
  /** The listed `backward` takes dE/dnet of the root. */
  override backward(parentDelta: Matrix): void {
    if (this.root === null) throw new Error("RecursiveLayer: there is no tree yet; call forward before backward");
    const nodes: TreeNode[] = [];
    const open: [TreeNode, Matrix][] = [[this.root, parentDelta]];
    for (let top = open.pop(); top !== undefined; top = open.pop()) {
      const [parent, delta] = top;
      nodes.push(parent);
      parent.delta = delta;
      if (parent.isLeaf) continue;
      const slopes = parent.childrenData!.map((output) => this.activator.backward(output));
      const below = turnedDot(this.W, delta).times(slopes);
      parent.children.forEach((child, i) => {
        open.push([child, Matrix.column(below.values.slice(i * this.nodeWidth, (i + 1) * this.nodeWidth))]);
      });
    }
    this.calcGradient(nodes);
  }
}
