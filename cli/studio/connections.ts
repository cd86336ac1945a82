// How many connections the studio's server holds. Whoever opens a thousand of them keeps nobody out: one too many ends the one that has been silent
// for longest, and where none is silent, the one that has been served for longest without having shown the token.
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** @returns what a connection is given to that has shown the token: it is counted no longer */
export function limitConnections(server: Server, most: number): (socket: Socket) => void {
  // Sets keep the order in which they were added to.
  const [silent, served] = [new Set<Socket>(), new Set<Socket>()];
  const trusted = new WeakSet<Socket>();
  const forget = (socket: Socket): void => {
    silent.delete(socket);
    served.delete(socket);
  };
  server.on("connection", (socket) => {
    silent.add(socket);
    socket.once("close", () => forget(socket));
    if (silent.size + served.size <= most) return;
    // The new one is silent, too, and the last.
    const [longest] = silent.size > 1 ? silent : served;
    forget(longest);
    longest.destroy();
  });
  server.on("request", ({ socket }, response) => {
    if (trusted.has(socket)) return;
    silent.delete(socket);
    served.add(socket);
    response.once("close", () => {
      if (served.delete(socket) && !socket.destroyed) silent.add(socket);
    });
  });
  return (socket) => {
    trusted.add(socket);
    forget(socket);
  };
}
