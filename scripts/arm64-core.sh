#!/bin/bash
# arm64-core.sh OUTDIR BINARY [ARG...]
#
# Runs an arm64 Linux program, static or of Debian's C library, under a real arm64 Linux kernel (qemu-system-aarch64, about 20 s on an amd64
# machine) with an environment of GOTRACEBACK=crash alone, and brings out what it left: OUTDIR/core,
# OUTDIR/stderr.txt, OUTDIR/console.txt.
# The first run installs the Debian packages it needs where they are missing, and downloads a kernel and busybox, with apt.
# Environment: DELAYSIG ('3:ABRT': after 3 s send SIGABRT), DISK_MB (1024), MEM (2048), SMP (2), TIMEOUT (600 s),
# CACHE (where the kernel is kept).
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"
OUT=$1 BIN=$2
shift 2
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64-core}
mkdir -p "$CACHE" "$OUT"

for tool in qemu-system-aarch64 cpio mkfs.ext4 debugfs; do
  command -v "$tool" > /dev/null && continue
  { apt-get update -q && apt-get install -y -q --no-install-recommends qemu-system-arm cpio e2fsprogs; } >&2
done

if [ ! -f "$CACHE/vmlinuz" ]; then
  (
    cd "$CACHE"
    dpkg --print-foreign-architectures | grep -qx arm64 || dpkg --add-architecture arm64
    apt-get update -q
    kernel=$(apt-cache depends linux-image-cloud-arm64:arm64 | awk '/Depends: linux-image/{print $2; exit}')
    apt-get download "$kernel" busybox-static:arm64
    rm -rf kernel busybox
    dpkg -x linux-image-*-cloud-arm64_*.deb kernel
    dpkg -x busybox-static_*_arm64.deb busybox
    cp kernel/boot/vmlinuz-* vmlinuz
  )
fi

# What a program that is not static loads: the linker and the C library.
if [ ! -f "$CACHE/libc/lib/ld-linux-aarch64.so.1" ]; then
  (
    cd "$CACHE"
    dpkg --print-foreign-architectures | grep -qx arm64 || { dpkg --add-architecture arm64; apt-get update -q; }
    apt-get download libc6:arm64
    rm -rf libc
    dpkg -x libc6_*_arm64.deb libc
  )
fi

W=$(mktemp -d "$CACHE/run.XXXXXX")
trap 'rm -rf "$W"' EXIT
mkdir -p "$W"/initrd/{bin,dev,proc,sys,mnt,modules,etc,lib} "$W/disk"
cp "$CACHE/busybox/bin/busybox" "$W/initrd/bin/busybox"
(cd "$CACHE/libc/lib" && cp ld-linux-aarch64.so.1 aarch64-linux-gnu/lib{c,m,dl,pthread,resolv}.so.* "$W/initrd/lib/")
echo "root:x:0:0:root:/:/bin/sh" > "$W/initrd/etc/passwd"
# In the order they depend on each other.
MODULES="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk"
for m in $MODULES; do
  f=$(find "$CACHE/kernel/lib/modules" -name "$m.ko*" | head -1)
  case $f in
    *.xz) xz -dc "$f" > "$W/initrd/modules/$m.ko" ;;
    ?*) cp "$f" "$W/initrd/modules/$m.ko" ;;
  esac
done
cat > "$W/initrd/init" <<I
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for m in $MODULES; do [ -f /modules/\$m.ko ] && insmod /modules/\$m.ko; done
for i in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; sleep 0.2; done
mount -t ext4 /dev/vda /mnt && cd /mnt && sh /mnt/run.sh
cd /; sync; umount /mnt; echo VM-DONE; poweroff -f
I
chmod +x "$W/initrd/init"
(cd "$W/initrd" && find . | cpio -o -H newc --quiet | gzip -1 > "$W/initrd.gz")

NAME=$(basename "$BIN")
cp "$BIN" "$W/disk/$NAME"
ARGS=""
for a in "$@"; do ARGS="$ARGS '$a'"; done
cat > "$W/disk/run.sh" <<R
echo /mnt/core > /proc/sys/kernel/core_pattern
echo 0 > /proc/sys/kernel/core_uses_pid
ulimit -c unlimited
env -i GOTRACEBACK=crash /mnt/$NAME$ARGS > /mnt/stderr.txt 2>&1 &
P=\$!
$([ -n "${DELAYSIG:-}" ] && echo "sleep ${DELAYSIG%%:*}; kill -${DELAYSIG##*:} \$P")
wait \$P; echo "PROGRAM-RC=\$?"; ls -la /mnt
R
truncate -s "${DISK_MB:-1024}M" "$W/disk.img"
mkfs.ext4 -q -F -O ^has_journal -d "$W/disk" "$W/disk.img"
timeout "${TIMEOUT:-600}" qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on -smp "${SMP:-2}" -m "${MEM:-2048}" \
  -display none -serial stdio -monitor none -net none -no-reboot \
  -kernel "$CACHE/vmlinuz" -initrd "$W/initrd.gz" -append "console=ttyAMA0 quiet panic=-1" \
  -drive file="$W/disk.img",if=virtio,format=raw,cache=unsafe < /dev/null > "$OUT/console.txt" 2>&1 || echo "qemu ended with $?" >&2
for f in core stderr.txt; do
  debugfs -R "dump /$f $OUT/$f.dense" "$W/disk.img" > /dev/null 2>&1 || true
  [ -s "$OUT/$f.dense" ] || { echo "no $f; see $OUT/console.txt" >&2; exit 1; }
  cp --sparse=always "$OUT/$f.dense" "$OUT/$f"
  rm "$OUT/$f.dense"
done
