// Where one is: "#/demos/sigmoid?w=8&b=-4". Everything stands behind the hash, so that the build works below any path of any file server.
// A change of page is an entry of the browser's history; a change of a page's state replaces the entry.

import { keepToken } from "./token.ts";

class Address {
  /** Begins with "/". */
  path = $state("/");
  /** Without "?". */
  query = $state("");

  constructor() {
    this.#takeToken();
    this.#read();
    globalThis.addEventListener("hashchange", () => this.#read());
  }

  /** The address that `nabla studio` prints brings its token along; it is kept for the visit, and no link that is copied has it. */
  #takeToken(): void {
    const [path, query = ""] = location.hash.split("?", 2);
    const given = new URLSearchParams(query);
    const token = given.get("token");
    if (token === null) return;
    keepToken(token);
    given.delete("token");
    history.replaceState(null, "", `${path}${given.size === 0 ? "" : `?${given}`}`);
  }

  #read(): void {
    const hash = location.hash.startsWith("#/") ? location.hash.slice(1) : "/";
    const mark = hash.indexOf("?");
    const path = mark < 0 ? hash : hash.slice(0, mark);
    try {
      this.path = decodeURIComponent(path);
    } catch {
      // A per cent sign that encodes nothing.
      this.path = path;
    }
    this.query = mark < 0 ? "" : hash.slice(mark + 1);
  }

  replaceQuery(query: string): void {
    this.query = query;
    history.replaceState(history.state, "", link(this.path, query));
  }

  go(path: string, query = ""): void {
    history.pushState(null, "", link(path, query));
    this.#read();
  }
}

/** The address of a page, for `href`. */
export function link(path: string, query = ""): string {
  return `#${encodeURI(path)}${query === "" ? "" : `?${query}`}`;
}

export const address = new Address();
