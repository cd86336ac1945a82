// What a page and its worker say to each other. A call names a function of a module, work.ts in the folder of a page; a function that returns an
// iterator sends its values one by one, the next when the last was taken, so that the worker never runs ahead of what is shown.

export type Request =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly module: string;
      readonly name: string;
      readonly values: readonly unknown[];
    }
  | { readonly kind: "next"; readonly id: number }
  | { readonly kind: "end"; readonly id: number };

export type Reply =
  | { readonly kind: "value"; readonly id: number; readonly value: unknown }
  | { readonly kind: "started"; readonly id: number }
  | { readonly kind: "frame"; readonly id: number; readonly value: unknown }
  | { readonly kind: "done"; readonly id: number }
  | { readonly kind: "error"; readonly id: number; readonly name: string; readonly message: string };
