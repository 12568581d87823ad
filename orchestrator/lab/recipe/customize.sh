#!/bin/sh
# Run by mmdebstrap at the end of the build: customize.sh ROOT RECIPE-DIRECTORY, settings in MASK, DISABLE and DOWNLOADS.
set -eu
root=$1
recipe=$2

install -m 0755 "$recipe/lab-init" "$root/usr/local/sbin/lab-init"

chroot "$root" useradd --create-home --shell /bin/bash --comment "lab login" ops
install -d -m 0700 "$root/home/ops/.ssh"
chroot "$root" chown ops:ops /home/ops/.ssh
printf 'ops ALL=(ALL:ALL) NOPASSWD: ALL\n' > "$root/etc/sudoers.d/lab-ops"
chmod 0440 "$root/etc/sudoers.d/lab-ops"

# A host trusts what the machine below trusts: a proxy at work may open TLS.
for certificate in /usr/local/share/ca-certificates/*.crt; do
    if [ -e "$certificate" ]; then cp "$certificate" "$root/usr/local/share/ca-certificates/"; fi
done
chroot "$root" update-ca-certificates > /dev/null 2>&1

# Every host gets an identity of its own at its first boot.
rm -f "$root"/etc/ssh/ssh_host_*
: > "$root/etc/machine-id"
cat > "$root/etc/systemd/system/lab-hostkeys.service" <<'UNIT'
[Unit]
Description=Host key of this lab host
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key

[Install]
RequiredBy=ssh.service
UNIT
cat > "$root/etc/ssh/sshd_config.d/lab.conf" <<'CONFIG'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
UseDNS no
CONFIG
chroot "$root" systemctl --quiet enable ssh.service lab-hostkeys.service
# shellcheck disable=SC2086
chroot "$root" systemctl --quiet mask $MASK
for unit in $DISABLE; do
    if [ -e "$root/lib/systemd/system/$unit" ]; then chroot "$root" systemctl --quiet disable "$unit"; fi
done

# A lab host may lose its disk at any time: dpkg need not wait for it. No translations: half of `apt-get update`.
printf 'force-unsafe-io\n' > "$root/etc/dpkg/dpkg.cfg.d/lab"
printf 'Acquire::Languages "none";\n' > "$root/etc/apt/apt.conf.d/90lab"

chroot "$root" apt-get clean
# With recommended packages, as a plain Debian installs them; mmdebstrap's own settings are still in force here.
printf '%s\n' "$DOWNLOADS" | while read -r packages; do
    # shellcheck disable=SC2086
    if [ -n "$packages" ]; then
        chroot "$root" apt-get install --option APT::Install-Recommends=true --yes --quiet --download-only $packages
    fi
done
rm -f "$root/var/lib/apt/lists/lock" "$root/var/cache/apt/archives/lock"
rm -rf "$root"/var/lib/apt/lists/partial/* "$root"/var/cache/apt/archives/partial/*
: > "$root/etc/resolv.conf"
