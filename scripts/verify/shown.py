"""
What people read of a record, made again from what its bytes say: the JSON of `tail`, of evidence and of the lines of an export. It has strict_json.Number
where a number stands. Source: docs/commands.md, "What tail prints"; docs/contracts.md.
"""

from faults import Fault
from strict_json import Number

SCALE, NOTIONAL_SCALE = 18, 36
# Decimals are below 10^20 in magnitude.
MOST_WHOLE_DIGITS = 20
# Every decimal of so many characters survives a double.
SURE_DIGITS = 15


def plain(units: int, scale: int) -> str:
    """A whole number of units of 10^-scale, without an exponent or zeros at the end."""
    digits = str(abs(units)).rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0")
    return f"{'-' if units < 0 else ''}{digits[:-scale]}{f'.{fraction}' if fraction else ''}"


def units_of(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def decimal_text(value: bytes) -> str:
    return plain(units_of(value), SCALE)


def audit_record(record: dict) -> dict:
    """An audit record by itself: what is null is left out."""
    parts = {
        "control": _control,
        "decision": _decision,
        "duplicate": lambda one: {"conflict": one["conflict"], "decided_seq": _count(one["decided_seq"])},
        "execution": _execution,
        "facts": _facts,
        "intent": _intent,
        "kill_switch": _kill_switch,
        "note": str,
        "policy_hash": bytes.hex,
    }
    place = record["input"]
    return {
        "clock": _count(record["clock"]),
        "engine_version": record["engine_version"],
        "hash": record["hash"].hex(),
        "input": {"topic": place["topic"], **_counts(place, "offset", "partition", "timestamp")},
        "kind": record["kind"],
        "positions": _counts(record["positions"], "control_events", "execution_events", "market_prices", "order_intents"),
        "prev_hash": record["prev_hash"].hex(),
        "run_id": record["run_id"],
        "seq": _count(record["seq"]),
        **{name: shown(record[name]) for name, shown in parts.items() if record[name] is not None},
    }


def checkpoint(record: dict) -> dict:
    """A checkpoint without its frontier."""
    texts = {name: record[name] for name in ("note", "origin")}
    return {**_counts(record, "audit_offset", "made_at", "tree_size"), **texts, "root_hash": record["root_hash"].hex()}


def _intent(intent: dict) -> dict:
    texts = ("account_id", "intent_id", "order_type", "side", "strategy_id", "timestamp")
    return {
        **{name: intent[name] for name in texts},
        "instrument": {name: intent["instrument"][name] for name in ("asset_class", "symbol")},
        "limit_price": _or_null(intent["limit_price"]),
        "qty": _decimal(intent["qty"]),
    }


def _decision(decision: dict) -> dict:
    order = None if decision["order"] is None else _intent(decision["order"])
    return {
        "clock": _count(decision["clock"]),
        # Earlier versions had neither: their readers take the schema's defaults.
        "control_position": _count(decision.get("control_position", -1)),
        "kill_switch_tripped": decision.get("kill_switch_tripped", False),
        "decision": decision["decision"],
        "evidence": [
            {"limit": _decimal(one["limit"]), "metric": one["metric"], "value": _decimal(one["value"])} for one in decision["evidence"]
        ],
        "intent_id": decision["intent_id"],
        "kill_switch_triggered": decision["kill_switch_triggered"],
        "modified_intent": order if decision["decision"] == "MODIFY" else None,
        "order": order,
        "policy_hash": None if decision["policy_hash"] is None else decision["policy_hash"].hex(),
        "reference_price": _or_null(decision["reference_price"]),
        "run_id": decision["run_id"],
        "seq": _count(decision["seq"]),
        "violations": [_violation(one) for one in decision["violations"]],
    }


def _violation(violation: dict) -> dict:
    texts = {name: violation[name] for name in ("message", "rule_id", "severity")}
    return {**texts, "computed": _figures(violation["computed"]), "inputs": _figures(violation["inputs"])}


def _figures(figures: list) -> dict:
    if len({one["name"] for one in figures}) != len(figures):
        raise Fault("a violation with two figures of one name")
    return {one["name"]: _decimal(one["value"]) if isinstance(one["value"], bytes) else one["value"] for one in figures}


def _facts(facts: dict) -> dict:
    counts = ("clock", "orders_last_60s_global", "orders_last_60s_strategy", "violations_in_window")
    decimals = ("equity", "peak_equity", "position_qty", "start_of_day_equity", "working_buy_qty", "working_sell_qty")
    return {
        **_counts(facts, *counts),
        **{name: _decimal(facts[name]) for name in decimals},
        **{name: _notional(facts[name]) for name in ("other_gross", "other_net")},
        "kill_switch_active": facts["kill_switch_active"],
        "price": _or_null(facts["price"]),
        "unpriced_symbol": facts["unpriced_symbol"],
    }


def _execution(event: dict) -> dict:
    texts = ("event", "intent_id", "order_id", "order_type", "reason", "run_id", "side", "symbol")
    return {
        **{name: event[name] for name in texts},
        "client_order_id": event.get("client_order_id", ""),
        "code": event.get("code"),
        "cum_qty": _decimal(event["cum_qty"]),
        "decision_offset": _count(event["decision_offset"]),
        "leaves_qty": _decimal(event["leaves_qty"]),
        "policy_hash": event["policy_hash"].hex(),
        "price": _or_null(event["price"]),
        "qty": _or_null(event["qty"]),
    }


def _kill_switch(change: dict) -> dict:
    same = ("active", "actor", "cause", "reason", "rule_ids")
    return {**{name: change[name] for name in same}, **_counts(change, "violations_in_window")}


def _control(control: dict) -> dict:
    return {"actor": control["actor"], "reason": control["reason"], "payload": _payload(control)}


def _payload(control: dict) -> dict:
    # Kinds that came later stand beside the union, which cannot grow.
    if control.get("session_rolled") is not None:
        return {"type": "SessionRolled"}
    drift, resolved = control.get("position_drift"), control.get("order_resolved")
    if drift is not None:
        differences = [
            {"symbol": one["symbol"], "broker_qty": _decimal(one["broker_qty"]), "run_qty": _decimal(one["run_qty"])}
            for one in drift["differences"]
        ]
        return {"type": "PositionDrift", "broker": drift["broker"], "differences": differences}
    if resolved is not None:
        numbers = {"cum_qty": _decimal(resolved["cum_qty"]), "price": _or_null(resolved["price"])}
        return {"type": "OrderResolved", "intent_id": resolved["intent_id"], "outcome": resolved["outcome"], **numbers}
    name, payload = control["payload"]
    kind = name.split(".")[-1]
    if kind == "RunStarted":
        texts = {"account_id": payload["account_id"], "policy_text": payload["policy_text"], "equity_mode": payload.get("equity_mode", "fixed")}
        return {"type": kind, **texts, "execution": _execution_state(payload["execution"]), "portfolio": _portfolio(payload["portfolio"])}
    if kind == "PortfolioUpdated":
        equities = {name: _decimal(payload[name]) for name in ("equity", "peak_equity", "start_of_day_equity")}
        return {"type": kind, **equities, "positions": None if payload["positions"] is None else _quantities(payload["positions"])}
    return {"type": kind, **payload}


def _portfolio(portfolio: dict) -> dict:
    decimals = ("equity", "peak_equity", "realized_pnl_today", "start_of_day_equity", "unrealized_pnl")
    return {**{name: _decimal(portfolio[name]) for name in decimals}, "positions": _quantities(portfolio["positions"])}


def _quantities(positions: list) -> dict:
    return {one["symbol"]: _decimal(one["qty"]) for one in positions}


def _execution_state(execution: dict) -> dict:
    return {
        "kill_switch_active": execution["kill_switch_active"],
        "orders_last_60s_by_strategy": {one["strategy_id"]: _count(one["orders"]) for one in execution["orders_last_60s_by_strategy"]},
        "orders_last_60s_global": _count(execution["orders_last_60s_global"]),
        "violations_last_window": [[one["timestamp"], one["rule_id"]] for one in execution["violations_last_window"]],
    }


def _count(value: int) -> Number:
    return Number(str(value))


def _counts(fields: dict, *names: str) -> dict:
    return {name: _count(fields[name]) for name in names}


def _or_null(value: bytes | None):
    return None if value is None else _decimal(value)


def _decimal(value: bytes):
    return _decimal_of(units_of(value))


def _decimal_of(units: int):
    """A number if readers with doubles get it back, else a text."""
    text = plain(units, SCALE)
    if len(text) <= SURE_DIGITS:
        return Number(text)
    # repr() has the fewest digits that give the same double: the same that JavaScript writes.
    sign, digits, point = _digits(repr(float(text)))
    number = sign * int(digits) * 10 ** (SCALE + point - len(digits)) if SCALE + point >= len(digits) else None
    return Number(_as_javascript(sign, digits, point)) if number == units else text


def _notional(value: bytes):
    units = units_of(value)
    rest = abs(units) % 10 ** (NOTIONAL_SCALE - SCALE)
    if rest == 0 and abs(units) < 10 ** (NOTIONAL_SCALE + MOST_WHOLE_DIGITS):
        return _decimal_of((1 if units >= 0 else -1) * (abs(units) // 10 ** (NOTIONAL_SCALE - SCALE)))
    return plain(units, NOTIONAL_SCALE)


def _digits(text: str) -> tuple:
    """Of a double: its sign, its digits, and before which of them the point stands: 0.digits times ten to that power."""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    before, _, after = mantissa.partition(".")
    after = "" if after == "0" else after
    point = len(before) + int(exponent or "0")
    digits = (before + after).lstrip("0")
    point -= len(before + after) - len(digits)
    return -1 if text.startswith("-") else 1, digits.rstrip("0"), point


def _as_javascript(sign: int, digits: str, point: int) -> str:
    """ECMAScript, Number::toString, for what is below 10^21."""
    if point < -5:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{tail}e-{1 - point}"
    elif point <= 0:
        text = f"0.{'0' * -point}{digits}"
    elif point >= len(digits):
        text = digits.ljust(point, "0")
    else:
        text = f"{digits[:point]}.{digits[point:]}"
    return f"{'-' if sign < 0 else ''}{text}"
