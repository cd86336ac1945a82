// What the browser keeps for the next visit: settings of the reader, not states of pages, which stand in the address. Where storage is
// forbidden (a private window, a policy), nothing is kept and nothing fails.

const PREFIX = "nabla-studio:";

export function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` forgets. */
export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // Kept for this visit only.
  }
}
