#!/bin/bash
# Takes the steps of container/Dockerfile.cpu in a bare Debian tree and runs the app there; see check.sh. bare.sh [PUBLISHED]
set -euo pipefail
cd "$(dirname "$0")"
for program in debootstrap bwrap curl; do
    command -v $program >/dev/null || { echo "bare: skipped, there is no $program"; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "bare: skipped, only root may make a Debian tree"; exit 0; }

work=$(mktemp -d /tmp/kl3m-bare.XXXXXX)
app_pid=
cleanup() { [ -n "$app_pid" ] && kill -9 "$app_pid" 2>/dev/null; rm -rf --one-file-system "$work"; }
trap cleanup EXIT
tree=$work/tree

echo "== a bare tree"
debootstrap --variant=minbase --include=ca-certificates bookworm "$tree" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" > "$work/debootstrap.log" || { tail -5 "$work/debootstrap.log"; exit 1; }
cp /etc/resolv.conf "$tree/etc/"
for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do [ -f "$file" ] && cp "$file" "$tree/etc/apt/apt.conf.d/99host"; done

echo "== RUN container/prepare.sh"
cp container/prepare.sh "$tree/tmp/"
chroot "$tree" /tmp/prepare.sh > "$work/prepare.log" 2>&1 || { tail -5 "$work/prepare.log"; exit 1; }
rm "$tree/tmp/prepare.sh"

echo "== COPY --from=build: container/publish.sh cpu"
if [ $# -gt 0 ]; then cp -r "$1" "$tree/app"; else container/publish.sh cpu "$tree/app"; fi
# What the base image mcr.microsoft.com/dotnet/aspnet holds.
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
mkdir -p "$tree/usr/share/dotnet/shared"
cp -r "$dotnet/dotnet" "$dotnet/host" "$tree/usr/share/dotnet/"
cp -r "$dotnet/shared/Microsoft.NETCore.App" "$dotnet/shared/Microsoft.AspNetCore.App" "$tree/usr/share/dotnet/shared/"
ln -s /usr/share/dotnet/dotnet "$tree/usr/bin/dotnet"
# The runtime of .NET needs the C++ library, which the base image has.
chroot "$tree" sh -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends libstdc++6 tzdata' > "$work/runtime.log" 2>&1

echo "== run: user 10001, read-only but for /data and /tmp, no capabilities, nothing of the host's"
port=${PORT:-18080}
bwrap --ro-bind "$tree" / --bind "$tree/data" /data --perms 1777 --tmpfs /tmp --proc /proc --dev /dev --unshare-pid --unshare-ipc --unshare-uts --as-pid-1 --cap-drop ALL --cap-add CAP_SETUID --cap-add CAP_SETGID --cap-add CAP_SETPCAP --die-with-parent --clearenv \
    --setenv PATH /usr/bin:/bin --setenv HOME /data --setenv HF_HOME /data/huggingface --setenv DataProtection__Folder /data/keys --setenv Urls "http://127.0.0.1:$port" \
    --setenv DOTNET_EnableDiagnostics 0 --chdir /app --info-fd 3 \
    setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all dotnet Kl3m.Playground.dll > "$work/app.log" 2>&1 3> "$work/info" &
bwrap_pid=$!
sleep 1
app_pid=$(grep -o '"child-pid": *[0-9]*' "$work/info" | grep -o '[0-9]*$')
for _ in $(seq 240); do
    curl -fs -o /dev/null "http://127.0.0.1:$port/health/ready" && break
    kill -0 $bwrap_pid 2>/dev/null || break
    sleep 0.5
done
die() { echo "bare: FAILED: $1"; tail -30 "$work/app.log"; exit 1; }
uid=$(awk '/^Uid:/{print $2}' "/proc/$app_pid/status" 2>/dev/null || true)
echo "user of the process: ${uid:-gone}"
[ "$uid" = 10001 ] || die "it does not run as user 10001"
awk '$5 == "/" && $6 ~ /(^|,)ro(,|$)/ {found = 1} END {exit !found}' "/proc/$app_pid/mountinfo" || die "its file system can be written to"
check=$(sed -n 's/^HEALTHCHECK.*CMD \[\(.*\)\]$/\1/p' container/Dockerfile.cpu | tr -d '",' | sed "s/:8080/:$port/")
chroot "$tree" sh -c "$check" || die "the HEALTHCHECK of the Dockerfile: $check"
answer=$(curl -fsS "http://127.0.0.1:$port/v1/completions" -H 'content-type: application/json' -d '{"prompt":"Governing Law. ","max_tokens":8,"seed":1}') || die "no completion"
echo "a completion: $(printf %s "$answer" | grep -o '"text":"[^"]*"')"
curl -fsS -o /dev/null "http://127.0.0.1:$port/" || die "no page"
printf 'written: '; (cd "$tree/data" && find . -type f | head -5 | tr '\n' ' '); echo
[ -n "$(find "$tree/data/keys" -name 'key-*.xml')" ] || die "no keys in /data/keys"
kill -TERM "$app_pid"
for _ in $(seq 60); do kill -0 "$app_pid" 2>/dev/null || break; sleep 0.5; done
wait $bwrap_pid && code=0 || code=$?
app_pid=
[ "$code" = 0 ] || die "it ended with code $code"
echo "bare: ok (ended with code 0 on SIGTERM)"
