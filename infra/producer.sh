#!/bin/sh
# A strategy for the compose file: one run after another from scenarios/demo, at one intent a second. A run of its own each time, because an
# intent that was decided in a run is not decided again in it.
set -eu
scenario=/app/scenarios/demo
while true; do
  run="demo-$(date -u +%Y%m%dT%H%M%SZ)"
  policygate runs start --run "$run" --policy "$scenario/policy.yaml" --portfolio "$scenario/portfolio.json" --market "$scenario/market.json" \
    --actor compose --reason "demonstration" --bus kafka
  policygate publish intents "$scenario/intents.jsonl" --run "$run" --rate "${DEMO_RATE:-1}" --bus kafka
  sleep "${DEMO_PAUSE_SECONDS:-20}"
done
