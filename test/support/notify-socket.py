"""Prints what is sent to a datagram socket, as systemd would read it: notify-socket.py <path>."""
import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("listening", flush=True)
while True:
    data, descriptors, _, _ = socket.recv_fds(listener, 4096, 4)
    print(data.decode().replace("\n", " "), flush=True)
    # systemd-notify waits until whoever reads has closed the pipe that comes with BARRIER=1.
    for descriptor in descriptors:
        socket.close(descriptor)
