// The script of a page: read-outs under the pointer, and series that a click on the legend hides. The page carries this
// function's own source text, so it uses nothing outside itself but its arguments.
import type { PixelScale, Readout } from "./readout.ts";

/** `write` turns a number into text: `formatNumber`, whose source the page carries too. */
export function readoutScript(page: Document, write: (value: number, digits?: number) => string): void {
  const svgNamespace = "http://www.w3.org/2000/svg";
  type Line = { colour?: string; name: string; value: string };
  type Answer = {
    title: string;
    lines: Line[];
    x: number;
    y: number;
    guide?: string;
    dots?: [number, number, string][];
    /** Number of the image to enlarge, and how large. */
    image?: [number, number];
  };

  const pixel = (scale: PixelScale, value: number) =>
    scale.offset + scale.factor * (scale.log ? Math.log10(value) : value);
  const value = (scale: PixelScale, at: number) => {
    const inner = (at - scale.offset) / scale.factor;
    return scale.log ? 10 ** inner : inner;
  };
  const percent = (share: number) => {
    const digits = Math.abs(share) < 0.01 && share !== 0 ? 3 : 2;
    return `${(share * 100).toFixed(digits)}%`;
  };
  const say = (scale: { percent: boolean }, number: number | null) =>
    number === null ? "–" : scale.percent ? percent(number) : write(number);
  const nearest = (list: readonly number[], to: number) => {
    let best = 0;
    list.forEach((each, i) => {
      if (Math.abs(each - to) < Math.abs(list[best] - to)) best = i;
    });
    return best;
  };

  /** What to say at (x, y) of the drawing, or nothing. */
  const answer = (readout: Readout, hidden: Set<number>, x: number, y: number): Answer | undefined => {
    const { box } = readout;
    const inside =
      x >= box.left - 8 && x <= box.left + box.width + 8 && y >= box.top - 8 && y <= box.top + box.height + 8;
    if (!inside) return undefined;

    if (readout.kind === "column") {
      const shown = readout.series.filter((series) => !hidden.has(series.id) && series.x.length > 0);
      if (shown.length === 0) return undefined;
      const places = shown.map((series) => {
        const pixels = series.x.map((each) => pixel(readout.x, each));
        return { series, pixels, at: nearest(pixels, x) };
      });
      const lead = places.reduce((a, b) => (Math.abs(b.pixels[b.at] - x) < Math.abs(a.pixels[a.at] - x) ? b : a));
      const column = lead.pixels[lead.at];
      const lines: Line[] = [];
      const dots: [number, number, string][] = [];
      for (const { series, pixels } of places) {
        const at = nearest(pixels, column);
        if (Math.abs(pixels[at] - column) > 6) continue;
        const low = series.y[at];
        if (low === null) continue;
        const high = series.high?.[at];
        const text = high === undefined ? say(readout.y, low) : `${say(readout.y, low)} … ${say(readout.y, high)}`;
        lines.push({ colour: series.colour, name: series.name, value: text });
        if (high === undefined) dots.push([pixels[at], pixel(readout.y, low), series.colour]);
      }
      const title = `${readout.x.label} ${say(readout.x, lead.series.x[lead.at])}`.trim();
      const guide = `M${column} ${box.top}v${box.height}`;
      return { title, lines, x: column, y, guide, dots };
    }

    if (readout.kind === "nearest") {
      let best:
        | { distance: number; x: number; y: number; series: (typeof readout.series)[number]; at: number }
        | undefined;
      for (const series of readout.series) {
        if (hidden.has(series.id)) continue;
        series.x.forEach((each, at) => {
          const height = series.y[at];
          if (height === null) return;
          const px = pixel(readout.x, each);
          const py = pixel(readout.y, height);
          const distance = Math.hypot(px - x, py - y);
          if (distance < (best?.distance ?? 28)) best = { distance, x: px, y: py, series, at };
        });
      }
      if (best === undefined) return undefined;
      const { series, at } = best;
      const lines = [
        { name: readout.x.label || "x", value: say(readout.x, series.x[at]) },
        { name: readout.y.label || "y", value: say(readout.y, series.y[at]) },
      ];
      return { title: series.name, lines, x: best.x, y: best.y, dots: [[best.x, best.y, series.colour]] };
    }

    if (readout.kind === "stretches") {
      const along = readout.horizontal ? y : x;
      const at = readout.from.findIndex((start, i) => along >= start && along < readout.from[i + 1]);
      if (at < 0) return undefined;
      const [start, end] = [readout.from[at], readout.from[at + 1]];
      const lines = readout.series
        .filter((series) => !hidden.has(series.id))
        .map((series) => ({ colour: series.colour, name: series.name, value: say(readout, series.values[at]) }));
      const guide = readout.horizontal
        ? `M${box.left} ${start}h${box.width}V${end}H${box.left}Z`
        : `M${start} ${box.top}H${end}v${box.height}H${start}Z`;
      const middle = (start + end) / 2;
      return {
        title: readout.names[at],
        lines,
        x: readout.horizontal ? x : middle,
        y: readout.horizontal ? middle : y,
        guide,
      };
    }

    if (readout.kind === "cells") {
      const width = box.width / readout.columns.length;
      const height = box.height / readout.rows.length;
      const column = Math.min(readout.columns.length - 1, Math.max(0, Math.floor((x - box.left) / width)));
      const row = Math.min(readout.rows.length - 1, Math.max(0, Math.floor((y - box.top) / height)));
      const cell = readout.values[row][column];
      const left = box.left + column * width;
      const top = box.top + row * height;
      const lines = [{ name: readout.valueLabel, value: cell === null ? "–" : write(cell) }];
      if (readout.shareOf !== undefined && cell !== null) {
        const total = readout.values[row].reduce<number>((sum, each) => sum + (each ?? 0), 0);
        if (total > 0) lines.push({ name: readout.shareOf, value: percent(cell / total) });
      }
      const title = [`${readout.rowLabel} ${readout.rows[row]}`, `${readout.columnLabel} ${readout.columns[column]}`];
      return {
        title: title.map((each) => each.trim()).join(", "),
        lines,
        x: left + width / 2,
        y: top + height / 2,
        guide: `M${left} ${top}h${width}v${height}h${-width}Z`,
      };
    }

    if (readout.kind === "surface") {
      const { corner, xs, ys, values } = readout;
      const edges = [readout.x, readout.y, readout.z];
      const along = (which: 0 | 1, numbers: number[]) =>
        numbers.reduce((sum, each, k) => sum + (each - edges[k].from) * edges[k].pixels[which], corner[which]);
      let best: { rank: number; i: number; j: number; height: number } | undefined;
      values.forEach((row, j) => {
        row.forEach((height, i) => {
          if (height === null) return;
          const point = [xs[i], ys[j], height];
          const distance = Math.hypot(along(0, point) - x, along(1, point) - y);
          if (distance > 12) return;
          const depth = (readout.depth[0] * i) / (xs.length - 1) + (readout.depth[1] * j) / (ys.length - 1);
          const rank = depth + distance / 200;
          if (best === undefined || rank < best.rank) best = { rank, i, j, height };
        });
      });
      if (best === undefined) return undefined;
      const point = [xs[best.i], ys[best.j], best.height];
      const floor = [point[0], point[1], readout.z.from];
      const [px, py] = [along(0, point), along(1, point)];
      const names = ["x", "y", "z"];
      const lines = edges.map((edge, k) => ({ name: edge.label || names[k], value: say(edge, point[k]) }));
      const guide = `M${px} ${py}L${along(0, floor)} ${along(1, floor)}`;
      return { title: "", lines, x: px, y: py, guide, dots: [[px, py, "var(--ink)"]] };
    }

    if (readout.kind === "network") {
      const { columns, radius } = readout;
      const c = columns.findIndex((column) => Math.abs(column.x - x) <= radius + 4);
      const at = c < 0 ? -1 : columns[c].units.findIndex((unit) => Math.abs(unit[2] - y) <= radius + 2);
      if (at < 0) return undefined;
      const { name, x: px, units, weights } = columns[c];
      const [index, label, py] = units[at];
      const before = columns[c - 1]?.units ?? [];
      const after = columns[c + 1]?.units ?? [];
      const paths = [
        ...before.map((unit) => `M${columns[c - 1].x + radius} ${unit[2]}L${px - radius} ${py}`),
        ...after.map((unit) => `M${px + radius} ${py}L${columns[c + 1].x - radius} ${unit[2]}`),
      ];
      const lines = (weights?.[at] ?? []).slice(0, 12).map((weight, k) => ({
        name: `${columns[c - 1].name} ${before[k][1] || before[k][0] + 1}`,
        value: weight === null ? "–" : write(weight),
      }));
      return { title: `${name} ${label || index + 1}`, lines, x: px, y: py, guide: paths.join("") };
    }

    if (readout.kind === "images") {
      const { places } = readout;
      const at = places.findIndex(
        ({ left, top, width, height }) => x >= left && x < left + width && y >= top && y < top + height,
      );
      if (at < 0) return undefined;
      const { left, top, width, height } = places[at];
      const title = readout.names[at] || String(at + 1);
      return { title, lines: [], x: left + width / 2, y: top + height / 2, image: [at, readout.enlarged] };
    }

    const i = nearest(readout.xs, value(readout.x, x));
    const j = nearest(readout.ys, value(readout.y, y));
    const height = readout.z[j][i];
    if (height === null) return undefined;
    const [px, py] = [pixel(readout.x, readout.xs[i]), pixel(readout.y, readout.ys[j])];
    const lines = [
      { name: readout.x.label || "x", value: say(readout.x, readout.xs[i]) },
      { name: readout.y.label || "y", value: say(readout.y, readout.ys[j]) },
    ];
    const guide = `M${px} ${box.top}v${box.height}M${box.left} ${py}h${box.width}`;
    return { title: `${readout.valueLabel} ${write(height)}`, lines, x: px, y: py, guide };
  };

  for (const figure of page.querySelectorAll<HTMLElement>("[data-chart]")) {
    const svg = figure.querySelector("svg");
    const stored = figure.querySelector("script");
    if (svg === null || stored === null) continue;
    const readout = JSON.parse(stored.textContent ?? "null") as Readout | null;
    const hidden = new Set<number>();

    for (const item of svg.querySelectorAll<SVGElement>("[data-legend]")) {
      const id = Number(item.dataset.legend);
      const toggle = () => {
        const hide = !hidden.has(id);
        if (hide) hidden.add(id);
        else hidden.delete(id);
        item.style.opacity = hide ? "0.4" : "";
        item.setAttribute("aria-pressed", String(!hide));
        for (const mark of svg.querySelectorAll<SVGElement>(`[data-series="${id}"]`)) {
          mark.style.display = hide ? "none" : "";
        }
        show(undefined);
      };
      item.setAttribute("role", "button");
      item.setAttribute("tabindex", "0");
      item.setAttribute("aria-pressed", "true");
      item.style.cursor = "pointer";
      item.addEventListener("click", toggle);
      item.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        toggle();
      });
    }

    const layer = page.createElementNS(svgNamespace, "g");
    layer.setAttribute("pointer-events", "none");
    svg.append(layer);
    const note = page.createElement("div");
    note.className = "readout";
    note.hidden = true;
    figure.append(note);

    const pictures = svg.querySelectorAll("image:not([data-over])");
    const show = (said: Answer | undefined) => {
      layer.replaceChildren();
      note.hidden = said === undefined;
      if (said === undefined) return;
      if (said.image !== undefined) {
        // Larger over its own place, but inside the drawing; its name moves beside it.
        const picture = pictures[said.image[0]] as SVGImageElement;
        const over = picture.nextElementSibling?.hasAttribute("data-over") ? [picture.nextElementSibling] : [];
        const large = [picture, ...over].map((each) => each.cloneNode() as SVGImageElement);
        const [from, whole] = [picture.getBBox(), svg.viewBox.baseVal];
        const factor = said.image[1] / Math.max(from.width, from.height);
        const [width, height] = [from.width * factor, from.height * factor];
        const within = (middle: number, length: number, room: number) =>
          Math.max(0, Math.min(middle - length / 2, room - length));
        const [left, top] = [within(said.x, width, whole.width), within(said.y, height, whole.height)];
        const frame = page.createElementNS(svgNamespace, "rect");
        for (const each of [frame, ...large]) {
          const place = { x: left, y: top, width, height };
          for (const [name, number] of Object.entries(place)) each.setAttribute(name, String(number));
        }
        frame.setAttribute("class", "frame");
        layer.append(frame, ...large);
        said = { ...said, x: left + width, y: top + 14 };
      }
      if (said.guide !== undefined) {
        const guide = page.createElementNS(svgNamespace, "path");
        guide.setAttribute("d", said.guide);
        guide.setAttribute("class", said.guide.endsWith("Z") ? "guide area" : "guide");
        layer.append(guide);
      }
      for (const [x, y, colour] of said.dots ?? []) {
        const dot = page.createElementNS(svgNamespace, "circle");
        dot.setAttribute("cx", String(x));
        dot.setAttribute("cy", String(y));
        dot.setAttribute("r", "4");
        dot.setAttribute("class", "dot");
        dot.setAttribute("fill", colour);
        layer.append(dot);
      }
      const title = page.createElement("b");
      title.textContent = said.title;
      note.replaceChildren(...(said.title === "" ? [] : [title]));
      for (const line of said.lines) {
        const row = page.createElement("div");
        const mark = page.createElement("i");
        if (line.colour !== undefined) mark.style.background = line.colour;
        const name = page.createElement("span");
        name.textContent = line.name;
        const number = page.createElement("em");
        number.textContent = line.value;
        if (line.colour !== undefined) row.append(mark);
        row.append(name, number);
        note.append(row);
      }
      // Beside the place it speaks of, on the side where there is room.
      const area = figure.getBoundingClientRect();
      const drawn = svg.getBoundingClientRect();
      const scale = drawn.width / svg.viewBox.baseVal.width;
      const x = drawn.left - area.left + said.x * scale;
      const y = drawn.top - area.top + said.y * scale;
      const width = note.offsetWidth;
      const left = x + 14 + width <= area.width ? x + 14 : x - 14 - width;
      note.style.left = `${Math.max(0, Math.min(left, area.width - width))}px`;
      note.style.top = `${Math.max(0, Math.min(y - note.offsetHeight / 2, area.height - note.offsetHeight))}px`;
    };

    if (readout === null) continue;
    const follow = (event: PointerEvent) => {
      const drawn = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / drawn.width;
      show(answer(readout, hidden, (event.clientX - drawn.left) * scale, (event.clientY - drawn.top) * scale));
    };
    svg.addEventListener("pointermove", follow);
    svg.addEventListener("pointerdown", follow);
    svg.addEventListener("pointerleave", () => show(undefined));
  }
}
