#!/bin/bash
# Checks what lies in this folder, without a container engine.
#   deploy/check.sh           reads every file as its program would (what is not installed is skipped, and said so)
#   deploy/check.sh bare      also takes the container's steps one by one in a bare Debian tree, and runs the app there as the container would:
#                             as another user, with a read-only file system but for /data and /tmp. Needs root, debootstrap and bubblewrap.
#   deploy/check.sh bare DIR  the same with an app that is published already
# shellcheck disable=SC2016  # what stands in single quotes is for the inner shell
set -euo pipefail
cd "$(dirname "$0")"
failed=0
say() { printf '%-60s %s\n' "$1" "$2"; }
check() { local what=$1; shift; if out=$("$@" 2>&1); then say "$what" ok; else say "$what" FAILED; printf '    %s\n' "${out//$'\n'/$'\n'    }"; failed=1; fi; }
with() { command -v "$1" >/dev/null || { say "$2" "skipped: no $1"; return 1; }; }

for script in check.sh bare.sh container/*.sh; do
    check "$script: shell" bash -n "$script"
    with shellcheck "$script: shellcheck" && check "$script: shellcheck" shellcheck "$script"
done
if with python3 "YAML and JSON"; then
    for file in compose/*.yaml kubernetes/*.yaml; do check "$file: YAML" python3 -c 'import sys, yaml; list(yaml.safe_load_all(open(sys.argv[1])))' "$file"; done
    for file in grafana/*.json proxy/*.json; do check "$file: JSON" python3 -m json.tool "$file" /dev/null; done
fi
compose() { if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi; }
if ! compose version >/dev/null 2>&1; then
    say "compose" "skipped: neither docker compose nor docker-compose"
else
    export KL3M_ACCESS_CODE=x KL3M_API_KEY=x KL3M_REDIS_PASSWORD=x KL3M_HOST=x
    check "compose.yaml" compose -f compose/compose.yaml config -q
    check "compose.yaml + gpu.yaml" compose -f compose/compose.yaml -f compose/gpu.yaml config -q
    check "university.yaml" compose -f compose/university.yaml config -q
fi
with kubectl "kubernetes" && check "kubernetes: kustomize" kubectl kustomize kubernetes
if with nginx "proxy/nginx.conf" && with openssl "proxy/nginx.conf"; then
    work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
    openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=x -keyout "$work/privkey.pem" -out "$work/fullchain.pem" 2>/dev/null
    printf 'pid %s/nginx.pid; error_log stderr; events {} http { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p; include %s/site.conf; }' "$work" "$work" "$work" "$work" > "$work/nginx.conf"
    sed "s#/etc/ssl/playground#$work#" proxy/nginx.conf > "$work/site.conf"
    check "proxy/nginx.conf" nginx -t -q -p "$work" -c "$work/nginx.conf"
fi
with caddy "proxy/Caddyfile" && check "proxy/Caddyfile" caddy validate --adapter caddyfile --config proxy/Caddyfile
with systemd-analyze "kl3m-playground.service" && check "kl3m-playground.service" systemd-analyze verify --man=no ./kl3m-playground.service

for file in container/Dockerfile.*; do
    with hadolint "$file: hadolint" && check "$file: hadolint" hadolint "$file"
    last=$(grep -n '^FROM' "$file" | tail -1 | cut -d: -f1)
    check "$file: pinned base images" bash -c '! grep -E "^FROM [^ ]+(:latest)?( AS .*)?$" "$0" | grep -vqE ":[0-9]"' "$file"
    check "$file: ends as a user that is not root" bash -c 'tail -n +"$1" "$0" | grep "^USER" | tail -1 | grep -qE "^USER [1-9]"' "$file" "$last"
    check "$file: health check and stop signal" bash -c 'grep -q "^HEALTHCHECK" "$0" && grep -q "^STOPSIGNAL SIGTERM" "$0"' "$file"
    check "$file: no ADD, no curl into a shell, no secrets" bash -c '! grep -qE "^ADD|\| *(ba)?sh|PASSWORD|TOKEN=|SECRET" "$0"' "$file"
done

if [ "${1:-}" = bare ]; then
    ./bare.sh ${2:+"$2"} || failed=1
fi
exit $failed
