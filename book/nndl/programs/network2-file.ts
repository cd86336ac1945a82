// network2's save and load on files; apart from the network, so that the network itself runs in a browser too.
import { readFileSync, writeFileSync } from "node:fs";
import { load, type Network, type SavedNetwork } from "./network2.ts";

/** Writes the network as JSON. */
export function saveToFile(net: Network, filename: string): void {
  writeFileSync(filename, JSON.stringify(net.save()));
}

/** The network of a file, the book's own included. */
export function loadFromFile(filename: string): Network {
  return load(JSON.parse(readFileSync(filename, "utf8")) as SavedNetwork);
}
