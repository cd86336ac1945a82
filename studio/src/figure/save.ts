// A figure as a file. All drawings in it, SVG and canvas, go into one SVG at their places, with the colours that they have on the page; PNG is that
// SVG drawn at twice its size.

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

/** The drawings of an element as one SVG document. Throws an Error where there is none. */
export function svgOf(root: Element, title: string): string {
  const drawings = [...root.querySelectorAll<SVGSVGElement | HTMLCanvasElement>("svg, canvas")].filter(
    (drawing) => drawing.closest("[data-no-export]") === null && drawing.getBoundingClientRect().width > 0,
  );
  if (drawings.length === 0) throw new Error(`${title}: nothing is drawn yet`);
  const boxes = drawings.map((drawing) => drawing.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - left;
  const height = Math.max(...boxes.map((box) => box.bottom)) - top;

  const whole = document.createElementNS(NS, "svg");
  whole.setAttribute("xmlns", NS);
  whole.setAttribute("viewBox", `0 0 ${width} ${height}`);
  whole.setAttribute("width", String(width));
  whole.setAttribute("height", String(height));
  const name = document.createElementNS(NS, "title");
  name.textContent = title;
  const paper = document.createElementNS(NS, "rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", getComputedStyle(root).getPropertyValue("--panel").trim() || "#ffffff");
  whole.append(name, paper);
  drawings.forEach((drawing, i) => {
    const place = { x: boxes[i].left - left, y: boxes[i].top - top, width: boxes[i].width, height: boxes[i].height };
    let copy: SVGElement;
    if (drawing instanceof HTMLCanvasElement) {
      copy = document.createElementNS(NS, "image");
      copy.setAttribute("href", drawing.toDataURL("image/png"));
      copy.setAttribute("preserveAspectRatio", "none");
      copy.style.setProperty("image-rendering", getComputedStyle(drawing).imageRendering);
    } else {
      copy = drawing.cloneNode(true) as SVGSVGElement;
      copyStyles(drawing, copy);
      copy.setAttribute("overflow", "visible");
    }
    for (const [key, value] of Object.entries(place)) copy.setAttribute(key, String(value));
    whole.append(copy);
  });
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

/** A title as a file's name. */
export function fileName(title: string): string {
  return (
    title
      .trim()
      .toLowerCase()
      .replace(/[\s/\\:*?"<>|]+/g, "-")
      .replace(/^-+|-+$/g, "") || "figure"
  );
}
