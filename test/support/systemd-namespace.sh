#!/usr/bin/env bash
# Becomes a systemd that sees nothing of the machine's own, and runs the unit of this repository:
#   unshare -mpfC --mount-proc --kill-child bash systemd-namespace.sh <repository> <node> <port>
# Whatever it mounts, and whatever the unit writes, is gone with the namespace.
set -eu
repository=$1 node=$2 port=$3

mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/repository /mnt/var-lib
touch /mnt/node
mount --bind "$repository" /mnt/repository
mount --bind "$node" /mnt/node
echo "port $port" >/mnt/redstart.conf

mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system/redstart.service.d /run/lock
umount -l /sys/fs/cgroup 2>/dev/null || true
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd

cp "$repository/systemd/redstart.service" /run/systemd/system/
options=$(sed -n 's/^ExecStart=[^ ]* [^ ]* //p' "$repository/systemd/redstart.service")
# There is no network to wait for, and the program lies elsewhere.
cat >/run/systemd/system/redstart.service.d/here.conf <<END
[Unit]
DefaultDependencies=no
After=
Wants=
[Service]
ExecStart=
ExecStart=/mnt/node /mnt/repository/dist/cli.js /mnt/redstart.conf $options
StandardOutput=file:/run/redstart.log
END

container=redstart exec /lib/systemd/systemd --system --unit=redstart.service --show-status=no \
  --log-target=console --log-level=warning
