// What --help shows below the options.

/** Commands and what each is for, in two columns; a command that is too long has its purpose on a line of its own. */
export function examples(list: readonly (readonly [command: string, purpose: string])[]): string {
  const short = list.filter(([command]) => command.length <= LONGEST);
  const width = Math.max(...short.map(([command]) => command.length)) + 3;
  const indent = " ".repeat(2 + width);
  return list
    .map(([command, purpose]) =>
      command.length <= LONGEST ? `  ${command.padEnd(width)}${purpose}` : `  ${command}\n${indent}${purpose}`,
    )
    .join("\n");
}

const LONGEST = 60;
