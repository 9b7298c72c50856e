#!/bin/sh
# A strategy for the compose file: one run after another from scenarios/demo, at one intent a second. A run of its own each time, because an
# intent that was decided in a run is not decided again in it.
set -eu
scenario=/app/scenarios/demo
child=

# As the first process of its container a shell ignores the signals that it does not handle, and handles none before its command has ended:
# so each command runs in the background, and hears of the end through here.
stop() {
  trap - TERM INT
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
  wait
  exit 0
}
trap stop TERM INT

run() {
  "$@" &
  child=$!
  wait "$child"
}

while true; do
  run_id="demo-$(date -u +%Y%m%dT%H%M%SZ)"
  run policygate runs start --run "$run_id" --policy "$scenario/policy.yaml" --portfolio "$scenario/portfolio.json" \
    --market "$scenario/market.json" --actor compose --reason "demonstration" --bus kafka
  run policygate publish intents "$scenario/intents.jsonl" --run "$run_id" --rate "${DEMO_RATE:-1}" --bus kafka
  run sleep "${DEMO_PAUSE_SECONDS:-20}"
  # Else active runs, most of them with a tripped kill switch, grow without end. After the pause: what was published is decided by then.
  run policygate runs end --run "$run_id" --actor compose --reason "demonstration: the next run begins" --bus kafka
done
