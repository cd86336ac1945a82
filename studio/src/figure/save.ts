// A figure as a file. All that is seen of it, drawings (SVG and canvas), legends, tables and words, goes into one SVG at its place, with the colours that it has on
// the page; PNG is that SVG drawn at twice its size.

const NS = "http://www.w3.org/2000/svg";
/** What a drawing takes from style sheets, which a file of its own does not have, and what each is where nothing says otherwise. */
const DEFAULTS: Readonly<Record<string, string>> = {
  ...{ fill: "rgb(0, 0, 0)", "fill-opacity": "1", stroke: "none", "stroke-width": "1px", "stroke-dasharray": "none" },
  ...{
    "stroke-opacity": "1",
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
    opacity: "1",
    "font-family": "",
    "font-size": "",
  },
  ...{ "font-weight": "400", "font-style": "normal", "text-anchor": "start", visibility: "visible" },
};

const ofPage = (name: string): boolean => /^(class|style|role|tabindex|data-.*|aria-.*)$/.test(name);

/** Gives every element the colours and fonts that it has on the page, as attributes, and takes off what means something on the page only. */
function copyStyles(from: Element, to: Element): void {
  const computed = getComputedStyle(from);
  for (const name of to.getAttributeNames()) if (ofPage(name)) to.removeAttribute(name);
  for (const [name, initial] of Object.entries(DEFAULTS)) {
    const value = computed.getPropertyValue(name);
    const needless = name.startsWith("font") || name === "text-anchor" ? from.tagName !== "text" : value === initial;
    if (needless) to.removeAttribute(name);
    else to.setAttribute(name, value);
  }
  const [ours, theirs] = [from.children, to.children];
  for (let i = 0; i < ours.length; i++) copyStyles(ours[i], theirs[i]);
  for (const child of [...to.childNodes]) if (child.nodeType === Node.COMMENT_NODE) child.remove();
}

/** What stands for the page's reader alone: controls, and what only screen readers read. */
const SKIPPED = "[data-no-export], .unseen, .katex-mathml, select, textarea, input:not([type=text])";

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Part {
  readonly box: Box;
  draw(left: number, top: number): SVGElement;
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** A colour as files of any program know it; undefined where nothing is seen. */
function paint(colour: string): string | undefined {
  const [, mixed] = /^color\(srgb ([^)]*)\)$/.exec(colour) ?? [];
  const [r, g, b, alpha = 1] = mixed ? mixed.split(/[\s/]+/).map(Number) : [];
  const plain = mixed ? `rgba(${[r, g, b].map((part) => Math.round(255 * part)).join(", ")}, ${alpha})` : colour;
  return /^transparent$|, 0\)$/.test(plain) ? undefined : plain;
}

/** Paper and edges of an element that has them. */
function frameOf(of: Element): Part[] {
  const style = getComputedStyle(of);
  const box = of.getBoundingClientRect();
  const fill = paint(style.backgroundColor);
  const edges = (["Top", "Right", "Bottom", "Left"] as const).map((side) => ({
    side,
    width: style[`border${side}Style`] === "none" ? 0 : Number.parseFloat(style[`border${side}Width`]),
    colour: paint(style[`border${side}Color`]),
    dashed: style[`border${side}Style`] === "dashed",
  }));
  const seen = edges.filter(({ width, colour }) => width > 0 && colour !== undefined);
  const parts: Part[] = [];
  const dashes = (dashed: boolean): Record<string, string> => (dashed ? { "stroke-dasharray": "4 3" } : {});
  const whole = seen.length === 4 && new Set(seen.map(({ colour }) => colour)).size === 1;
  if (fill !== undefined || whole) {
    const inset = whole ? edges[0].width / 2 : 0;
    parts.push({
      box,
      draw: (left, top) =>
        element("rect", {
          ...{ x: box.left - left + inset, y: box.top - top + inset },
          ...{ width: Math.max(0, box.width - 2 * inset), height: Math.max(0, box.height - 2 * inset) },
          ...{ rx: style.borderRadius.endsWith("%") ? box.width / 2 : Number.parseFloat(style.borderRadius) || 0 },
          fill: fill ?? "none",
          ...(whole && { stroke: edges[0].colour!, "stroke-width": edges[0].width, ...dashes(edges[0].dashed) }),
        }),
    });
  }
  if (whole) return parts;
  for (const { side, width, colour, dashed } of seen) {
    const [from, to] = {
      Top: [
        [box.left, box.top + width / 2],
        [box.right, box.top + width / 2],
      ],
      Right: [
        [box.right - width / 2, box.top],
        [box.right - width / 2, box.bottom],
      ],
      Bottom: [
        [box.left, box.bottom - width / 2],
        [box.right, box.bottom - width / 2],
      ],
      Left: [
        [box.left + width / 2, box.top],
        [box.left + width / 2, box.bottom],
      ],
    }[side];
    const ends = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
    parts.push({
      box,
      draw: (left, top) =>
        element("line", {
          ...{ x1: ends.x1 - left, y1: ends.y1 - top, x2: ends.x2 - left, y2: ends.y2 - top },
          ...{ stroke: colour!, "stroke-width": width, ...dashes(dashed) },
        }),
    });
  }
  return parts;
}

const measure = document.createElement("canvas").getContext("2d");

/** A line of words at its place. */
function lineOf(words: string, box: DOMRect, of: Element, middle = false): Part {
  const style = getComputedStyle(of);
  const font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  let share = 0.8;
  if (measure !== null) {
    measure.font = font;
    const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = measure.measureText(words);
    share = up / (up + down);
  }
  const size = Number.parseFloat(style.fontSize);
  const baseline = middle ? (box.top + box.bottom) / 2 + 0.35 * size : box.top + share * box.height;
  return {
    box,
    draw(left, top) {
      const text = element("text", {
        ...{ x: (middle ? (box.left + box.right) / 2 : box.left) - left, y: baseline - top },
        ...{ fill: paint(style.color) ?? "none", "font-family": style.fontFamily, "font-size": style.fontSize },
        ...{ "font-weight": style.fontWeight, "font-style": style.fontStyle },
        ...(middle ? { "text-anchor": "middle" } : {}),
      });
      text.textContent = words;
      return text;
    },
  };
}

/** The lines that a text takes on the page. */
function linesOf(node: Text): Part[] {
  const of = node.parentElement!;
  const range = document.createRange();
  const lines: { words: string; box: DOMRect; end: number }[] = [];
  // A line of Chinese may end behind any character.
  for (const { 0: word, index } of node.data.matchAll(
    /[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+/g,
  )) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    if (box.width === 0) continue;
    const last = lines.at(-1);
    const end = index + word.length;
    if (last === undefined || Math.abs(last.box.top - box.top) > box.height / 2) lines.push({ words: word, box, end });
    else {
      last.words += index > last.end ? ` ${word}` : word;
      last.end = end;
      last.box = DOMRect.fromRect({
        x: last.box.x,
        y: last.box.y,
        width: box.right - last.box.left,
        height: box.height,
      });
    }
  }
  return lines.map(({ words, box }) => lineOf(words, box, of));
}

/** Canvases that can say in SVG what they show: sharp in a file, though pixels are faster on the page. */
export const vectors = new WeakMap<HTMLCanvasElement, () => string>();

function drawingOf(drawing: SVGSVGElement | HTMLCanvasElement): Part {
  const box = drawing.getBoundingClientRect();
  return {
    box,
    draw(left, top) {
      let copy: SVGElement;
      const vector = drawing instanceof HTMLCanvasElement ? vectors.get(drawing) : undefined;
      if (vector) {
        copy = element("svg", { viewBox: `0 0 ${box.width} ${box.height}` });
        copy.innerHTML = vector();
      } else if (drawing instanceof HTMLCanvasElement) {
        copy = element("image", { href: drawing.toDataURL("image/png"), preserveAspectRatio: "none" });
        const { imageRendering, opacity } = getComputedStyle(drawing);
        copy.style.setProperty("image-rendering", imageRendering);
        if (opacity !== "1") copy.setAttribute("opacity", opacity);
      } else {
        copy = drawing.cloneNode(true) as SVGSVGElement;
        const copies = [...copy.querySelectorAll("*")];
        const skipped = [...drawing.querySelectorAll("*")].map((each) => each.matches(SKIPPED));
        copyStyles(drawing, copy);
        copies.forEach((each, i) => {
          if (skipped[i]) each.remove();
        });
        copy.setAttribute("overflow", "visible");
      }
      const place = { x: box.left - left, y: box.top - top, width: box.width, height: box.height };
      for (const [key, value] of Object.entries(place)) copy.setAttribute(key, String(value));
      return copy;
    },
  };
}

/** What is seen of an element, in the order in which it stands there. */
function partsOf(root: Element): Part[] {
  const parts: Part[] = [];
  for (const node of root.childNodes) {
    if (node instanceof Text) {
      parts.push(...linesOf(node));
      continue;
    }
    if (!(node instanceof Element) || node.matches(SKIPPED) || !node.checkVisibility()) continue;
    if (node instanceof SVGSVGElement || node instanceof HTMLCanvasElement) {
      if (node.getBoundingClientRect().width > 0) parts.push(drawingOf(node));
    } else {
      parts.push(...frameOf(node));
      if (node instanceof HTMLInputElement) parts.push(lineOf(node.value, node.getBoundingClientRect(), node, true));
      else parts.push(...partsOf(node));
    }
  }
  return parts;
}

/** What is seen of an element, drawings and words, as one SVG document. @throws Error where there is nothing */
export function svgOf(root: Element, title: string): string {
  const parts = partsOf(root);
  if (parts.length === 0) throw new Error(`${title}: nothing is drawn yet`);
  const boxes = parts.map(({ box }) => box);
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - left;
  const height = Math.max(...boxes.map((box) => box.bottom)) - top;

  const whole = element("svg", { xmlns: NS, viewBox: `0 0 ${width} ${height}`, width, height });
  const name = element("title", {});
  name.textContent = title;
  const paper = getComputedStyle(root).getPropertyValue("--panel").trim() || "#ffffff";
  whole.append(name, element("rect", { width: "100%", height: "100%", fill: paper }));
  for (const part of parts) whole.append(part.draw(left, top));
  return new XMLSerializer().serializeToString(whole);
}

export async function pngOf(root: Element, title: string, scale = 2): Promise<Blob> {
  const svg = svgOf(root, title);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error(`${title}: too large for a picture`))),
      "image/png",
    );
  });
}

/** Hands a file to the reader. */
export function download(name: string, content: Blob | string, type = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type }) : content;
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}

/** A title as a file's name: its letters and digits. */
export function fileName(title: string): string {
  return (
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-+|-+$/g, "") || "figure"
  );
}
