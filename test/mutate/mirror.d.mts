import type { Mutation } from "./mutations.d.mts";

export const root: string;
export function transpile(text: string): string;
export function bookFiles(): string[];
export function readSource(file: string): string;
export function mutated(mutation: Pick<Mutation, "id" | "file" | "from" | "to">): string;
