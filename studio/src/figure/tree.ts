// A node of a tree as `TreeView` draws it, and trees of the books' programs as lists of such nodes.

export interface TreeMark {
  /** A word, or what is written into the node above others. */
  readonly label: string;
  /** Places in the list, all before this one's; none for a word. */
  readonly children: readonly number[];
  /** "candidate" is a node that is not there yet, "faint" such a one that stands back, "strong" one that stands out. */
  readonly tone?: "plain" | "strong" | "candidate" | "faint";
  /** Colours of CSS: of the node, and of what is written in it. */
  readonly fill?: string;
  readonly ink?: string;
  /** For tests: `data-number`. */
  readonly value?: number;
  /** Default: the label. */
  readonly spoken?: string;
}

interface Branch<T> {
  readonly left: T | null;
  readonly right: T | null;
}

/** Adds a binary tree to a list: its leaves stand there already, in `placeOf`. Without recursion; returns the place of its root. */
export function addTree<T extends Branch<T>>(
  marks: TreeMark[],
  root: T,
  placeOf: Map<T, number>,
  mark: (node: T, children: readonly number[]) => TreeMark,
): number {
  const order: T[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (placeOf.has(node)) continue;
    order.push(node);
    open.push(node.left!, node.right!);
  }
  for (const node of order.reverse()) {
    placeOf.set(node, marks.length);
    marks.push(mark(node, [placeOf.get(node.left!)!, placeOf.get(node.right!)!]));
  }
  return placeOf.get(root)!;
}
