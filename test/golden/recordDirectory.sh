#!/bin/sh
# A data directory as a version leaves it in the middle of a day: `recordDirectory.sh PROGRAM DIRECTORY`, with the policygate.js of that version. In it are
# - the run `desk`: active; four orders, executed; behind them three that were admitted and that no gateway has seen
# - the run `stopped`: active; the demo's intents, which trip its kill switch; then tripped by hand, too
# - the run `yesterday`: ended
# - an intent of a run that nobody has begun
# How and when: docs/log-versions.md.
set -eu
program=$1
directory=$2
demo=$(dirname "$0")/../../scenarios/demo
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

gate() {
  node "$program" "$@" --data-dir "$directory" >>"$scratch/said" 2>&1 || { cat "$scratch/said" >&2; exit 1; }
}
intent() { # ID, QUANTITY, SYMBOL
  printf '{"intent_id":"%s","timestamp":"2026-02-24T09:40:00Z","strategy_id":"momentum_v1","account_id":"paper","instrument":{"symbol":"%s","asset_class":"equity"},"side":"buy","order_type":"market","qty":%s}\n' "$1" "$3" "$2"
}
begin() {
  gate runs start --run "$1" --policy "$demo/policy.yaml" --portfolio "$demo/portfolio.json" --market "$demo/market.json" --account paper
}

begin desk
begin stopped
begin yesterday
{ intent done-1 10 AAPL; intent done-2 4 MSFT; intent done-3 2 NVDA; intent done-4 500 AAPL; } >"$scratch/done.jsonl"
gate publish intents "$scratch/done.jsonl" --run desk
gate publish intents "$demo/intents.jsonl" --run stopped
gate processor --gateway sim --drain
gate kill-switch trip --run stopped --actor alice --reason 'left tripped over the upgrade'
gate runs end --run yesterday --actor alice --reason 'its day is over'
{ intent open-1 1 AAPL; intent open-2 1 MSFT; intent open-3 0.5 AAPL; } >"$scratch/open.jsonl"
gate publish intents "$scratch/open.jsonl" --run desk
intent nobody-1 1 AAPL >"$scratch/nobody.jsonl"
gate publish intents "$scratch/nobody.jsonl" --run nobody
gate processor --drain
rm -f "$directory"/LOG* "$directory"/LOCK
