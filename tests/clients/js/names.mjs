// Leads Microsoft's names to the server under test, as the hosts file of a machine would; the libraries are left as they are.
// The hosts file can't name a port, and 443 may be somebody else's, so connections are led here as they are made.

import net from "node:net";
import { dev } from "./people.mjs";

const NAMES = new Set(["graph.microsoft.com", "login.microsoftonline.com"]);

/** The hosts that were asked for, by which a test knows that nothing else was. */
export const connected = new Set();

/** Every connection of Node.js is made by this, those of fetch and of TLS too. */
const connect = net.Socket.prototype.connect;

export function leadHere() {
  const { hostname, port } = new URL(dev.authority);
  net.Socket.prototype.connect = function (...args) {
    // What net.connect makes of its arguments is one array with the options in front.
    const holder = Array.isArray(args[0]) ? args[0] : args;
    const { host, port: asked } = holder[0];
    connected.add(host);
    // A copy: TLS goes on to compare the certificate with the name that was asked for.
    if (NAMES.has(host) && Number(asked) === 443) holder[0] = { ...holder[0], host: hostname, port: Number(port) };
    return connect.apply(this, args);
  };
}
