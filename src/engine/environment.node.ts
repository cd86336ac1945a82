// The environment's variables. Deno lets a program see only those that its user allows, and reading another one stops it or asks the user: so
// Deno is asked first, and what it does not allow counts as unset.

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is used of Deno's global object. */
interface DenoPermissions {
  readonly permissions: { querySync(wanted: { name: "env"; variable: string }): { readonly state: string } };
}

const { Deno: deno } = globalThis as { Deno?: DenoPermissions };

function askedFirst({ permissions }: DenoPermissions): Environment {
  const mayRead = (variable: string): boolean => permissions.querySync({ name: "env", variable }).state === "granted";
  return new Proxy({}, { get: (_, name) => (mayRead(String(name)) ? process.env[String(name)] : undefined) });
}

/** This process's variables, as far as they may be read. */
export const environment: Environment = deno ? askedFirst(deno) : process.env;
