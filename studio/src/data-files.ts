// Data sets beside the page: `nabla studio` hands over those that its machine has; a static copy of the studio has what its owner put into data/.

/** Beside the page; a worker's own address lies in the folder of the build's parts. */
export function dataAddress(path: string): URL {
  const base = typeof document === "undefined" ? new URL("..", self.location.href) : new URL(".", location.href);
  return new URL(`data/${path}`, base);
}

/** A server that knows no such file may answer with its own page. */
const isFile = (reply: Response | undefined): reply is Response =>
  reply?.ok === true && !reply.headers.get("content-type")?.startsWith("text/html");

export async function hasData(path: string): Promise<boolean> {
  return isFile(await fetch(dataAddress(path), { method: "HEAD" }).catch(() => undefined));
}

/** undefined where there is no such file. */
export async function readData(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reply = await fetch(dataAddress(path)).catch(() => undefined);
  return isFile(reply) ? new Uint8Array(await reply.arrayBuffer()) : undefined;
}
