#!/usr/bin/env python3
"""Writes src/model/prices.txt: prices, windows and abilities of the models of the large hosted providers.

The facts are those of the table that the Python package litellm carries (MIT), of its newest wheel on the day that this
runs. They are facts about others' price lists, gathered by others: nothing is worked out or filled in here, and what the
table does not say is left out, so that such a model has no known price.

    scripts/update_prices.py                 fetches the wheel with pip, and writes the table
    scripts/update_prices.py --wheel FILE    takes a wheel that is there
    scripts/update_prices.py --out FILE      writes elsewhere

What is kept: models that are asked by chat completions and answer in text, that are not retired, and whose window and price
of input and output are told and not zero (a zero is as often a gap in the table as a gift, and what costs nothing is
reserved nothing in the budget).

Where a token costs more in a long prompt, the window ends before that: so the price holds for whatever fits. A window is
what may be sent; some providers take the answer on top of it, which is then not used.

A dated name (`gpt-4o-2024-08-06`) is left out where it is as its undated one: src/model/prices.rs looks there. So a retired
one stays where it was not.

The table has one line for the wheel (name, version, the day it was the newest: a wheel does not tell when it was made), then for
each provider one with its hosts in brackets, and one for each model: its id, the prices of a million tokens of input, cached
input and output in millionths of a US dollar, its window, the most that it answers (or nothing), and a letter for each ability: f
fills in the middle, t takes tools, i takes images, r reasons before it answers; and where it is told and more than that of input, the
price of a million tokens of a prompt that are written to the provider's cache.

Read the change before you keep it, write its day into docs/configuration.md, and run the tests of src/model/prices.rs, which
name some models: one that is gone is replaced there. Needs the standard library and pip.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "litellm"
TABLE = "litellm/model_prices_and_context_window_backup.json"
OUT = pathlib.Path(__file__).resolve().parent.parent / "src/model/prices.txt"
MAX_BYTES = 60_000

# The table's name of a provider, what its keys have before the provider's own id, and the hosts that its API is at (of the
# OpenAI or the Anthropic kind). Hosts whose prices are others (regions, clouds) are not here.
PROVIDERS = [
    ("openai", "", ["api.openai.com"]),
    ("anthropic", "", ["api.anthropic.com"]),
    ("gemini", "gemini/", ["generativelanguage.googleapis.com"]),
    ("mistral", "mistral/", ["api.mistral.ai"]),
    ("codestral", "codestral/", ["codestral.mistral.ai"]),
    ("deepseek", "deepseek/", ["api.deepseek.com"]),
    ("xai", "xai/", ["api.x.ai"]),
    ("groq", "groq/", ["api.groq.com"]),
    ("cerebras", "cerebras/", ["api.cerebras.ai"]),
    ("moonshot", "moonshot/", ["api.moonshot.ai"]),
    ("zai", "zai/", ["api.z.ai"]),
    ("openrouter", "openrouter/", ["openrouter.ai"]),
    ("together_ai", "together_ai/", ["api.together.xyz", "api.together.ai"]),
    ("deepinfra", "deepinfra/", ["api.deepinfra.com"]),
    ("fireworks_ai", "fireworks_ai/", ["api.fireworks.ai"]),
]
# The table has short names of this one's models beside those that its API takes.
FIREWORKS = "accounts/"

# Words in the ids of models that are for something else than writing code.
OTHER = re.compile(
    r"^ft:|audio|realtime|transcribe|speech|tts|image|embed|moderation|search|research|computer-use|guard|safety|robotics|ocr"
    r"|voxtral",
    re.IGNORECASE,
)
# Output that is priced by something else than tokens of text.
OTHER_OUTPUT = re.compile(r"^output_cost_per_(audio|image|video|second|character|pixel)")
# Mistral's models with an endpoint for filling in the middle, which the table does not tell.
FIM = re.compile(r"^codestral-(latest|\d{4})$|-fim-")
LONG = re.compile(r"^(input|output|cache_read_input)_(?:cost_per_token|token_cost)_above_(\d+)k_tokens$")
DATED = re.compile(r"^(.+?)-(\d{4}-\d\d-\d\d|\d{8})$")
# The least window that is believed: a smaller one is of a model that cannot be used here, or stands for "unknown".
MIN_WINDOW = 8_192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = args.wheel or fetched(pathlib.Path(folder))
        version = wheel.name.split("-")[1]
        with zipfile.ZipFile(wheel) as archive:
            table = json.loads(archive.read(TABLE), parse_float=decimal.Decimal)
    today = datetime.date.today().isoformat()
    lines = [f"{PACKAGE} {version} {today}"]
    dropped = collections.Counter()
    for provider, prefix, hosts in PROVIDERS:
        rows = kept(table, provider, prefix, today, dropped)
        if rows:
            lines.append(f"[{' '.join(hosts)}]")
        lines += [f"{name},{','.join(map(str, row))}" for name, row in sorted(rows.items())]
        print(f"{provider}: {len(rows)}")
    text = "\n".join(lines) + "\n"
    if len(text) > MAX_BYTES:
        sys.exit(f"the table has {len(text)} bytes, and should stay below {MAX_BYTES}: leave providers out")
    args.out.write_text(text, encoding="utf-8")
    print(f"{args.out}: {len(text)} bytes; {PACKAGE} {version}, {today}")
    print("left out:", ", ".join(f"{count} {why}" for why, count in dropped.most_common()))


def fetched(folder: pathlib.Path) -> pathlib.Path:
    """The newest wheel, as pip finds it."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--only-binary", ":all:", "--dest", str(folder), PACKAGE], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def kept(table: dict, provider: str, prefix: str, today: str, dropped: collections.Counter) -> dict[str, tuple]:
    """The rows of a provider, by its ids."""
    rows, retired = {}, {}
    for key, model in table.items():
        if model.get("litellm_provider") != provider or model.get("mode") not in ("chat", "completion"):
            continue
        name = key.removeprefix(prefix)
        is_own = key.startswith(prefix) and (provider != "fireworks_ai" or name.startswith(FIREWORKS))
        why = "under a name of the table's own" if not is_own else unfit(name, model)
        if why:
            dropped[why] += 1
            continue
        is_retired = (model.get("deprecation_date") or "9999") <= today
        (retired if is_retired else rows)[name] = facts(name, model, provider)
    for name, row in retired.items():
        undated = DATED.match(name)
        if undated and rows.get(undated[1], row) != row:
            rows[name] = row
        else:
            dropped["retired"] += 1
    same = [name for name in rows if (undated := DATED.match(name)) and rows.get(undated[1]) == rows[name]]
    for name in same:
        dropped["as their undated name"] += 1
        del rows[name]
    return rows


def unfit(name: str, model: dict) -> str | None:
    """Why a model is not for writing code, or not known well enough."""
    is_text = set(model.get("supported_output_modalities") or ["text"]) <= {"text", "code"}
    if OTHER.search(name) or not is_text or any(OTHER_OUTPUT.match(key) for key in model):
        return "for something else"
    if not re.fullmatch(r"[!-+\--~]+", name):
        return "whose names hold commas or spaces"
    if not (model.get("input_cost_per_token") and model.get("output_cost_per_token")):
        return "without a price"
    if model.get("tiered_pricing"):
        return "priced in tiers"
    if (model.get("max_input_tokens") or 0) < MIN_WINDOW:
        return "without a usable window"
    return None


def facts(name: str, model: dict, provider: str) -> tuple:
    """Input, cached, output (micro-dollars for a million tokens), window, output limit (or nothing), abilities, cache writes."""
    price = {
        "input": model["input_cost_per_token"],
        "cache_read_input": model.get("cache_read_input_token_cost") or model["input_cost_per_token"],
        "output": model["output_cost_per_token"],
    }
    window = model["max_input_tokens"]
    for key, cost in model.items():
        long = LONG.match(key)
        if long and cost and cost > price[long[1]]:
            window = min(window, int(long[2]) * 1_000)
    abilities = [
        ("f", provider in ("mistral", "codestral") and FIM.search(name)),
        ("t", model.get("supports_function_calling")),
        ("i", model.get("supports_vision")),
        ("r", model.get("supports_reasoning")),
    ]
    written = model.get("cache_creation_input_token_cost") or 0
    return (
        *(micro_dollars(cost) for cost in price.values()),
        window,
        model.get("max_output_tokens") or "",
        "".join(letter for letter, has in abilities if has),
        *([micro_dollars(written)] if written > price["input"] else []),
    )


def micro_dollars(cost: decimal.Decimal | float) -> int:
    """Dollars for a token as micro-dollars for a million of them, rounded up."""
    return int((decimal.Decimal(cost) * 10**12).to_integral_value(decimal.ROUND_CEILING))


if __name__ == "__main__":
    main()
