// The public names of the library and what their docstrings say. The compiler finds the names; docstrings are read from the sources as TypeDoc
// reads them: a summary, then blocks that begin with a tag at the start of a line.
import { relative } from "node:path";
import ts from "typescript";

/** Functions and classes need an example; types, constants and members of classes only a docstring. */
export type Kind = "function" | "class" | "type" | "constant" | "member";

export interface PublicName {
  /** As a reader writes it: `tensor`, `random.uniform`, `Sequential.call`. */
  name: string;
  kind: Kind;
  /** Relative to the root, with forward slashes. */
  file: string;
  line: number;
  /** Text before the first tag; empty without a docstring. */
  summary: string;
  /** The code of each `@example`. */
  examples: string[];
}

interface Docstring {
  summary: string;
  tags: { name: string; text: string }[];
}

/** Reads the text of a comment, its opening and closing marks included. */
export function parseDocstring(comment: string): Docstring {
  const lines = comment
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""));
  const tags: Docstring["tags"] = [];
  const summary: string[] = [];
  let into = summary;
  let fenced = false;
  const blocks: { name: string; lines: string[] }[] = [];
  for (const line of lines) {
    const tag = fenced ? null : /^\s*@(\w+)\s?(.*)$/.exec(line);
    if (tag) {
      into = [tag[2]!];
      blocks.push({ name: tag[1], lines: into });
    } else {
      into.push(line);
    }
    if (/^\s*```/.test(line)) fenced = !fenced;
  }
  for (const { name, lines: text } of blocks) tags.push({ name, text: text.join("\n").trim() });
  return { summary: summary.join("\n").trim(), tags };
}

/** The code in a text: what its fences hold, or all of it where there are none. */
export function codeIn(text: string): string {
  const fenced = [...text.matchAll(/^\s*```\w*\n(.*?)^\s*```/gms)].map((match) => match[1]);
  return (fenced.length > 0 ? fenced.join("\n") : text).trim();
}

/** All that `entry` exports, with the members of classes and of constants that hold functions, in the order of files and lines. */
export function publicNames(program: ts.Program, entry: string, root: string): PublicName[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${entry} is no module`);
  const names: PublicName[] = [];
  const seen = new Set<ts.Symbol>();

  const add = (name: string, kind: Kind, declarations: readonly ts.Declaration[]): void => {
    const docstrings = declarations.map(docstringOf);
    if (docstrings.some((docstring) => docstring.tags.some((tag) => tag.name === "internal"))) return;
    const first = declarations.find((_, i) => docstrings[i].summary !== "") ?? declarations[0];
    const file = first.getSourceFile();
    names.push({
      name,
      kind,
      file: relative(root, file.fileName).replaceAll("\\", "/"),
      line: file.getLineAndCharacterOfPosition(first.getStart()).line + 1,
      summary: docstrings.find((docstring) => docstring.summary !== "")?.summary ?? "",
      examples: docstrings.flatMap(({ tags }) =>
        tags.filter((tag) => tag.name === "example").map((tag) => codeIn(tag.text)),
      ),
    });
  };

  const exported = checker.getExportsOfModule(module).map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
  for (const { symbol } of exported) seen.add(symbol);
  for (const { name, symbol } of exported) {
    const declarations = symbol.declarations ?? [];
    if (symbol.flags & ts.SymbolFlags.Class) {
      add(name, "class", declarations);
      for (const member of membersOf(checker, symbol)) add(`${name}.${member.name}`, "member", member.declarations!);
      for (const [method, from] of borrowedMethods(checker, symbol)) {
        if (!seen.has(from)) add(`${name}.${method}`, "function", from.declarations!);
      }
    } else if (symbol.flags & ts.SymbolFlags.Variable) {
      const type = checker.getTypeOfSymbol(symbol);
      add(name, type.getCallSignatures().length > 0 ? "function" : "constant", declarations);
      const value = declarations.find(ts.isVariableDeclaration)?.initializer;
      if (value && ts.isObjectLiteralExpression(value)) {
        for (const property of type.getProperties()) {
          if (checker.getTypeOfSymbol(property).getCallSignatures().length === 0) continue;
          const listed = listedFunction(checker, property);
          if (!listed || !seen.has(listed))
            add(`${name}.${property.name}`, "function", (listed ?? property).declarations!);
        }
      }
    } else {
      add(name, symbol.flags & ts.SymbolFlags.Function ? "function" : "type", declarations);
    }
  }
  return names.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

/** A class's own methods and accessors that users call. Those that redefine a base class's have its docstring. */
function membersOf(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol[] {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const type = checker.getDeclaredTypeOfSymbol(symbol) as ts.InterfaceType;
  const inherited = new Set(checker.getBaseTypes(type).flatMap((base) => base.getProperties().map(({ name }) => name)));
  return [...(symbol.members?.values() ?? []), ...(symbol.exports?.values() ?? [])].filter((member) => {
    const declaration = member.declarations?.[0];
    if (!declaration || inherited.has(member.name) || member.name.startsWith("__")) return false;
    if (ts.getCombinedModifierFlags(declaration) & hidden) return false;
    return (
      ts.isMethodDeclaration(declaration) ||
      ts.isMethodSignature(declaration) ||
      ts.isGetAccessorDeclaration(declaration)
    );
  });
}

/** Methods that a class has from functions listed in an object, as Tensor has its operations (src/ops/methods.ts): [name, function]. */
function borrowedMethods(checker: ts.TypeChecker, symbol: ts.Symbol): [string, ts.Symbol][] {
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).flatMap((property) => {
    const operation = listedFunction(checker, property);
    return operation ? [[property.name, operation] as [string, ts.Symbol]] : [];
  });
}

/** The function that a property stands for where an object only names it: `{ add }`, `{ cosine: cosineSchedule }`. */
function listedFunction(checker: ts.TypeChecker, property: ts.Symbol): ts.Symbol | undefined {
  for (const declaration of property.declarations ?? []) {
    if (ts.isShorthandPropertyAssignment(declaration)) {
      const value = checker.getShorthandAssignmentValueSymbol(declaration);
      return value && checker.getTypeOfSymbolAtLocation(value, declaration).symbol;
    }
    if (ts.isPropertyAssignment(declaration) && ts.isIdentifier(declaration.initializer)) {
      return checker.getTypeAtLocation(declaration.initializer).symbol;
    }
  }
  return undefined;
}

/** The last comment before a declaration, as TypeScript and TypeDoc take it. */
function docstringOf(declaration: ts.Declaration): Docstring {
  const comments = ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc);
  const text = comments.at(-1)?.getText();
  return text === undefined ? { summary: "", tags: [] } : parseDocstring(text);
}
