"""Buys towards a target: one market order per symbol, each asked of the gate over HTTP first. Python 3.10 or newer, and nothing else.

    GATE_URL=http://127.0.0.1:8100 RUN=day-1 python3 strategy.py targets.json 2026-02-24

`targets.json` holds quantities by symbol, as texts: {"AAPL": "20", "NVDA": "120"}. Without GATE_URL the gate is asked at http://127.0.0.1:8100; POLICYGATE_TOKEN is
sent where it is set. Ends with 0; with 1 once the kill switch is on; with 2 where the gate cannot be asked, or refuses to be: the line says whether to give the
same command again.
"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from decimal import Decimal

GATE = os.environ.get("GATE_URL", "http://127.0.0.1:8100").rstrip("/")
RUN = os.environ.get("RUN", "day-1")
TOKEN = os.environ.get("POLICYGATE_TOKEN")
PATIENCE = float(os.environ.get("PATIENCE", "60"))  # seconds that one intent is tried for
WAIT = os.environ.get("WAIT", "10")  # seconds that the gate waits for the decision before it answers 202

# The same request may succeed later. Source: docs/http.md, "Errors".
PASSING = {408, 429, 500, 502, 503, 504}


class Gone(Exception):
    """The gate gave no answer in time: a repeat may have one."""


class Refused(Exception):
    """The gate gave an answer that no repeat can better."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow to wherever an answer points."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def ask(path: str, body: bytes | None = None) -> tuple[int, dict, dict]:
    """Status, headers and document of the answer. Raises OSError or HTTPException where there is none."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {TOKEN}"} if TOKEN else {})
    request = urllib.request.Request(GATE + path, data=body, headers=headers)
    try:
        answer = OPENER.open(request, timeout=float(WAIT) + 10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, document_of(answer.status, answer.read())


def document_of(status: int, body: bytes) -> dict:
    """The object in a body. What stands before the gate refuses in HTML: then the status is all there is."""
    try:
        # Floats lose digits: numbers are read as they are written.
        document = json.loads(body, parse_float=Decimal)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    if status < 300:
        raise ValueError(f"status {status} without a JSON object")
    return {}


def submit(intent: dict) -> dict | None:
    """The committed decision; None where the intent_id was decided with another body."""
    # The same bytes each time: whether the last try arrived or not, the intent is decided once.
    body = json.dumps({"intent": intent, "run_id": RUN}).encode()
    deadline = time.monotonic() + PATIENCE
    pause = 0.1
    while True:
        delay = pause
        try:
            status, headers, answer = ask(f"/intent?wait={WAIT}", body)
            if status == 200:
                return answer
            if status == 202:
                # It is on the log and will be decided; asking for it writes nothing.
                return decision_at(headers["location"], deadline)
            if answer.get("code") == "intent_conflict":
                return None
            why = f"{answer.get('code', f'status {status}')}: {answer.get('detail', 'no answer of a gate')}"
            if status not in PASSING:
                raise Refused(why)
            after = headers.get("retry-after", "")
            delay = float(after) if after.isdecimal() else pause
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = f"{GATE}: no answer ({error})"
        if time.monotonic() + delay > deadline:
            raise Gone(why)
        print(f"{intent['intent_id']}: again in {delay:g} s ({why})", file=sys.stderr)
        time.sleep(delay)
        pause = min(5.0, pause * 2)


def decision_at(path: str, deadline: float) -> dict:
    while time.monotonic() < deadline:
        try:
            status, _, answer = ask(path)
            if status == 200:
                return answer["decision"]
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the intent stays on the log
        time.sleep(0.2)
    raise Gone(f"{path}: not decided within {PATIENCE:g} s, it still will be")


def intent_for(day: str, symbol: str, quantity: str) -> dict:
    return {
        # Made from what the intent is about, time included: run again after a crash, the strategy sends the same intents.
        "intent_id": f"target-{day}-{symbol}",
        "timestamp": f"{day}T14:30:00Z",
        "strategy_id": "momentum_v1",
        "account_id": "paper",
        "instrument": {"symbol": symbol, "asset_class": "equity"},
        "side": "buy",
        "order_type": "market",
        "qty": quantity,
    }


def trade(targets: dict[str, str], day: str) -> int:
    for symbol, quantity in targets.items():
        decision = submit(intent_for(day, symbol, quantity))
        if decision is None:
            print(f"{symbol}: another order was decided under today's intent_id; the first one stands")
            continue
        why = " ".join(violation["message"] for violation in decision["violations"])
        # What goes to the broker, by the gate's own hand: all of it, a part, or nothing.
        sent = {"ALLOW": quantity, "DENY": 0}.get(decision["decision"])
        if sent is None:
            sent = decision["modified_intent"]["qty"]
        print(f"{symbol}: {decision['decision']}, {sent} of {quantity}{f' ({why})' if why else ''}")
        if any(violation["rule_id"] == "KILL-001" for violation in decision["violations"]):
            return 1
    return 0


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: strategy.py TARGETS.json YYYY-MM-DD", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        targets = json.load(file)
    try:
        return trade(targets, sys.argv[2])
    except Gone as error:
        print(f"{error} (give the same command again)", file=sys.stderr)
        return 2
    except Refused as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
