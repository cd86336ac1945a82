// The token of `nabla studio`, with which this page may see and steer the machine's runs. It is this server's, which has this origin, and is kept
// for other tabs and reloads; another start of the server makes another.
import { remember, remembered } from "./memory.ts";

const KEY = "token";

export function keepToken(token: string): void {
  remember(KEY, token);
}

export function token(): string | undefined {
  return remembered(KEY);
}
