// Nabla for Node: everything of the portable entry, on Node's threads and files.
import { nodePlatform } from "./engine/platform.node.ts";
import { setPlatform } from "./engine/platform.ts";

setPlatform(nodePlatform);

export * from "./index.ts";
