// All demonstrations, found by their folders. What a page is made of is loaded when it is opened.
import type { Component } from "svelte";
import type { DemoMeta } from "./demo.ts";

export interface Demo extends DemoMeta {
  /** 1 to 37, as shared/spec/second-half.md numbers them. */
  readonly number: number;
  /** The folder without its number: what the address says. */
  readonly name: string;
  readonly load: () => Promise<{ default: Component }>;
}

const metas = import.meta.glob<{ meta: DemoMeta }>("./*/meta.ts", { eager: true });
const pages = import.meta.glob<{ default: Component }>("./*/Demo.svelte");

export const DEMOS: readonly Demo[] = Object.entries(metas)
  .map(([path, { meta }]) => {
    const folder = path.split("/")[1];
    const [number, ...name] = folder.split("-");
    return { ...meta, number: Number(number), name: name.join("-"), load: pages[`./${folder}/Demo.svelte`] };
  })
  .sort((a, b) => a.number - b.number);

export function findDemo(name: string): Demo | undefined {
  return DEMOS.find((demo) => demo.name === name);
}
