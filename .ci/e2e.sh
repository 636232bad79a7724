#!/usr/bin/env bash
# .ci/e2e.sh PATTERN [PACKAGE]: runs end-to-end tests against the servers of VANTHU_CI_*, or against servers of its own. The last line
# is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
command -v go >/dev/null || export PATH=$PATH:/usr/local/go/bin
if [ -z "${VANTHU_CI_DIR:-}" ]; then
  state=$(mktemp -d); chmod 711 "$state"
  trap '.ci/servers stop "$state"; rm -rf "$state"' EXIT
  .ci/servers start "$state" || exit 1
  set -a; . "$state/env"; set +a
fi
out=$(mktemp)
go test -tags e2e -count=1 -timeout 4h -v -run "$1" "${2:-./cmd/vanthu/e2e}" 2>&1 | tee "$out"
code=$?
passed=$(grep -c '^ *--- PASS' "$out"); failed=$(grep -c '^ *--- \(FAIL\|SKIP\)' "$out"); rm -f "$out"
if [ $code != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
echo "$passed passed, $failed failed"
exit $code
