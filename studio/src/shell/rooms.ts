// The rooms of the studio, as the bar names them. A room that comes is added here, in routes.ts, and with its name in language/shell.ts.

export interface Room {
  readonly path: string;
  readonly name: "demos" | "book" | "playground" | "digits" | "runs";
  /** Where its link leads, if not to `path`. */
  readonly startsAt?: string;
}

export const ROOMS: readonly Room[] = [
  { path: "/demos", name: "demos", startsAt: "/" },
  { path: "/book", name: "book" },
  { path: "/playground", name: "playground" },
  { path: "/digits", name: "digits" },
  { path: "/runs", name: "runs" },
];
