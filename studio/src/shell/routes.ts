// Which page an address shows. Every page but the first is loaded when it is asked for.
import type { Component } from "svelte";
import { findDemo } from "../demos/registry.ts";

// biome-ignore lint/suspicious/noExplicitAny: pages differ in what they are given.
type AnyComponent = Component<any>;

export interface Page {
  /** Another key is another page, which begins anew. */
  readonly key: string;
  load(): Promise<{ default: AnyComponent }>;
  readonly props?: Readonly<Record<string, unknown>>;
}

export function pageOf(path: string): Page | undefined {
  const [room, ...rest] = path.split("/").slice(1);
  const name = rest.join("/");
  if (room === "") return { key: "/", load: () => import("../pages/Home.svelte") };
  if (room === "demos") {
    const demo = findDemo(name);
    return demo && { key: path, load: demo.load };
  }
  if (path === "/book") return { key: path, load: () => import("../pages/Book.svelte") };
  if (room === "book") return { key: path, load: () => import("../pages/BookPage.svelte"), props: { place: name } };
  if (path === "/playground") return { key: path, load: () => import("../pages/Playground.svelte") };
  if (path === "/digits") return { key: path, load: () => import("../pages/Digits.svelte") };
  if (path === "/runs") return { key: path, load: () => import("../pages/Runs.svelte") };
  if (room === "source" && name !== "") {
    return { key: path, load: () => import("../pages/Source.svelte"), props: { file: name } };
  }
  return undefined;
}
