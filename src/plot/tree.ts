// A tree over its leaves: words in a row and nodes above them, or, where a row would be too long, words below each other and nodes to their left.
// A node stands as far from the leaves as its height says, in the middle of its children.
import type { TreeChart } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import type { Canvas, Drawing } from "./frame.ts";
import { drawHeading } from "./frame.ts";
import { short, shorten, svgText, textWidth } from "./markup.ts";
import { formatNumber } from "./scale.ts";
import { rampColour, textOnRamp } from "./theme.ts";

const LETTERS = 12;
const RADIUS = 8;

interface Laid {
  /** Of each node: its children, how far it stands along the row of leaves (0 to leaves - 1), and its height, 0 for a leaf. */
  readonly children: readonly (readonly number[])[];
  readonly along: readonly number[];
  readonly heights: readonly number[];
  readonly leaves: readonly number[];
}

/** Where everything stands, in leaves and heights. Parents come before children, so that one pass each way will do. */
function layOut({ nodes }: TreeChart): Laid {
  const children: number[][] = nodes.map(() => []);
  for (let i = 1; i < nodes.length; i++) children[nodes[i].parent!].push(i);
  const leaves: number[] = [];
  const open = [0];
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (children[i].length === 0) leaves.push(i);
    for (let c = children[i].length - 1; c >= 0; c--) open.push(children[i][c]);
  }
  const along = nodes.map(() => 0);
  const heights = nodes.map(() => 0);
  leaves.forEach((leaf, place) => {
    along[leaf] = place;
  });
  for (let i = nodes.length - 1; i >= 0; i--) {
    const below = children[i];
    if (below.length === 0) continue;
    along[i] = (along[below[0]] + along[below[below.length - 1]]) / 2;
    for (const child of below) heights[i] = Math.max(heights[i], heights[child] + 1);
  }
  return { children, along, heights, leaves };
}

/** The widest word, or pill of a node. */
function widest(chart: TreeChart, which: readonly number[], language: "en" | "zh"): number {
  let most = 0;
  for (const i of which) most = Math.max(most, textWidth(say(chart.nodes[i].label, language), LETTERS));
  return most;
}

/** How it is laid out in so much width, and the height that this takes without a heading. */
function form(chart: TreeChart, laid: Laid, width: number, language: "en" | "zh") {
  const words = widest(chart, laid.leaves, language);
  const inner = chart.nodes.map((_, i) => i).filter((i) => laid.children[i].length > 0);
  const pill = Math.max(2 * RADIUS, widest(chart, inner, language) + 8);
  const upright = Math.max(words, Math.min(pill, 40)) + 10 <= width / laid.leaves.length;
  const levels = laid.heights[0];
  return { upright, words, pill, height: upright ? 34 + 36 * levels : 22 * laid.leaves.length + 14 };
}

/** The height that a tree takes in so much width. */
export function treeHeight(chart: TreeChart, width: number): number {
  return 90 + form(chart, layOut(chart), width, "en").height;
}

export function drawTree(canvas: Canvas, chart: TreeChart): Drawing {
  const { palette, language, width } = canvas;
  const laid = layOut(chart);
  const values = chart.nodes.map(({ value }) => valueAt([value ?? null], 0));
  const coloured = values.filter((value) => !Number.isNaN(value));
  const least = coloured.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = coloured.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const [low, high] = [chart.min ?? least, chart.max ?? most];
  // Warm for low, cold for high: as figures of sentiment have it, red and blue.
  const colours = [...palette.diverging].reverse();
  const heading = drawHeading(canvas, {
    title: say(chart.title, language),
    ...(coloured.length > 0 && {
      ramp: {
        label: say(chart.valueLabel, language),
        colours,
        low: say(chart.low, language) || formatNumber(low, 3),
        high: say(chart.high, language) || formatNumber(high, 3),
      },
    }),
  });
  const { upright, words, pill, height: taken } = form(chart, laid, width, language);
  const top = heading.bottom + 10;
  const levels = Math.max(1, laid.heights[0]);
  const level = upright ? Math.min(60, Math.max(14, (Math.max(canvas.height - top, taken) - 44) / levels)) : 0;
  const room = Math.min(words + 12, width * 0.4);
  const step = upright ? width / laid.leaves.length : Math.min(46, (width - room - pill) / levels);
  const place = (i: number): [x: number, y: number] =>
    upright
      ? [(laid.along[i] + 0.5) * step, top + RADIUS + level * (laid.heights[0] - laid.heights[i])]
      : [pill / 2 + step * (laid.heights[0] - laid.heights[i]), top + 11 + 22 * laid.along[i]];
  const lines: string[] = [];
  const marks: string[] = [];
  chart.nodes.forEach((node, i) => {
    const [x, y] = place(i);
    for (const child of laid.children[i]) {
      const [cx, cy] = place(child);
      lines.push(
        upright
          ? `M${short(x)} ${short(y)}H${short(cx)}V${short(cy - 6)}`
          : `M${short(x)} ${short(y)}V${short(cy)}H${short(cx)}`,
      );
    }
    const share = high > low ? (values[i] - low) / (high - low) : 0.5;
    const filled = Number.isNaN(values[i]) ? null : rampColour(colours, share);
    const label = say(node.label, language);
    if (laid.children[i].length === 0) {
      const word = shorten(label, LETTERS, upright ? step - 4 : room - 8);
      const at = upright ? { x, y: y + 8 } : { x: x + 8, y };
      const style = { fill: palette.ink, size: LETTERS, baseline: "middle" } as const;
      if (filled !== null) {
        const wide = textWidth(word, LETTERS) + 6;
        marks.push(
          `<rect x="${short(upright ? x - wide / 2 : x + 5)}" y="${short(at.y - 9)}" width="${short(wide)}" height="18" rx="4" fill="${filled}"/>`,
        );
      }
      const fill = filled === null ? palette.ink : textOnRamp(palette, share, true);
      marks.push(svgText(word, at.x, at.y, { ...style, fill, ...(upright && { anchor: "middle" as const }) }));
      return;
    }
    const wide = Math.max(2 * RADIUS, label === "" ? 0 : textWidth(label, 11) + 8);
    marks.push(
      `<rect x="${short(x - wide / 2)}" y="${short(y - RADIUS)}" width="${short(wide)}" height="${2 * RADIUS}" rx="${RADIUS}" fill="${filled ?? palette.paper}" stroke="${palette.axis}"/>`,
    );
    if (label !== "") {
      const fill = filled === null ? palette.ink : textOnRamp(palette, share, true);
      marks.push(svgText(label, x, y, { fill, size: 11, anchor: "middle", baseline: "middle" }));
    }
  });
  const markup = [
    heading.markup,
    `<path d="${lines.join("")}" fill="none" stroke="${palette.axis}" stroke-width="1.2"/>`,
    ...marks,
  ];
  const bottom = upright ? top + RADIUS + level * laid.heights[0] + 22 : top + 22 * laid.leaves.length + 4;
  return { markup: markup.filter((part) => part !== "").join("\n"), height: bottom };
}
