// What both sides of job J8 read.
export const WIDTH = 30;
export const BATCH = 25;

/** The trees, a function that numbers a tree's words, and how many words there are. */
export function numbered(trees) {
  const known = new Map();
  for (const { words } of trees) for (const word of words) if (!known.has(word)) known.set(word, known.size);
  return { trees, numbers: ({ words }) => words.map((word) => known.get(word)), count: known.size };
}

/** Inner nodes as they close: the numbers of both children, leaves first. */
export function nodesOf({ tree, words }) {
  const nodes = [];
  const open = typeof tree === "number" ? [] : [{ node: tree, own: [] }];
  while (open.length > 0) {
    const top = open.at(-1);
    const child = top.node[top.own.length];
    if (child === undefined) {
      open.pop();
      nodes.push(top.own);
      open.at(-1)?.own.push(words.length + nodes.length - 1);
    } else if (typeof child === "number") top.own.push(child);
    else open.push({ node: child, own: [] });
  }
  return nodes;
}
