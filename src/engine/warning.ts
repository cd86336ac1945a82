// Where the engine's warnings go.
import { callable } from "./checks.ts";

let warned: (message: string) => void = (message) => console.warn(message);

/**
 * Sets where the engine's warnings go; by default to console.warn.
 * @example
 * ```ts
 * const warnings: string[] = [];
 * onEngineWarning((message) => warnings.push(message));
 * ```
 */
export function onEngineWarning(handler: (message: string) => void): void {
  warned = callable("onEngineWarning", "the argument", handler);
}

/** Says what the user should know, though the work goes on. */
export function warn(message: string): void {
  warned(message);
}
