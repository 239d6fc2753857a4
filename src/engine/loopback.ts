/** Who is on this machine, judged by the address of a connection. */

/** Whether an address, as it is or in front of a port, is one of the loopback interface. */
export function isLoopback(address: string): boolean {
  return /^(\[?::ffff:)?127\.|^(::1$|\[::1\])/.test(address);
}
