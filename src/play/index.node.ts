// The entry `nabla/play` in Node: the portable one, on Node's threads and native libraries, also where nothing else of `nabla` is imported.
import "../distributed/setup.node.ts";

export * from "./index.ts";
