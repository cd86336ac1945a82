// Who may ask for what. The server listens on this machine alone, and still every page that is open in a browser here, and every other user of the
// machine, can reach it: a foreign page is known by Host and Origin, another user by not knowing the token.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Why a request is not answered at all; undefined where it may be. `port` is the server's. */
export function refuseRequest(request: IncomingMessage, port: number): Refusal | undefined {
  const own = ["127.0.0.1", "localhost"].map((name) => `${name}:${port}`);
  const { host, origin } = request.headers;
  // Of two Hosts Node takes the first, and another program on the way may have taken the second.
  const names = request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === "host");
  if (names.length !== 1) return { status: 400, message: "A request names one host." };
  // A name that somebody made lead to this machine (DNS rebinding) arrives with that name.
  if (host === undefined || !own.includes(host.toLowerCase())) {
    return { status: 421, message: "This server answers for 127.0.0.1 and localhost only." };
  }
  if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) {
    return { status: 403, message: "Another site's page asks. This server answers its own pages only." };
  }
  const site = request.headers["sec-fetch-site"];
  const mode = request.headers["sec-fetch-mode"];
  // A link from elsewhere that opens the studio is welcome.
  if ((site === "cross-site" || site === "same-site") && mode !== "navigate") {
    return { status: 403, message: "Another site's page asks. This server answers its own pages only." };
  }
  // What is asked for stands in the address alone: a body is not read, however long it is.
  const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
  if (encoding !== undefined || Number(length) > 0) return { status: 413, message: "This server takes no bodies." };
  return undefined;
}

/** Why a request is not let to the runs; undefined where its token is right. */
export function refuseToken(request: IncomingMessage, token: string): Refusal | undefined {
  const [scheme, given] = (request.headers.authorization ?? "").split(" ");
  // Digests are of one length: the comparison takes as long for every guess.
  if (scheme === "Bearer" && given !== undefined && timingSafeEqual(digest(given), digest(token))) return undefined;
  return { status: 401, message: "The token is missing or wrong. Open the address that `nabla studio` printed." };
}
