"""Loaded by the gateway, not by the tests: LiteLLM calls it after each call, and it writes down what LiteLLM reckons.

One JSON object a line in the file that SPEND_LOG names.
"""

from __future__ import annotations

import json
import os

from litellm.integrations.custom_logger import CustomLogger

KEPT = ("status", "model_group", "prompt_tokens", "completion_tokens", "response_cost", "error_str")


class Spend(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        self._write(kwargs)

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        self._write(kwargs)

    def _write(self, kwargs: dict) -> None:
        payload = kwargs.get("standard_logging_object") or {}
        usage = (payload.get("metadata") or {}).get("usage_object") or {}
        line = {key: payload.get(key) for key in KEPT}
        line["cached_tokens"] = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
        with open(os.environ["SPEND_LOG"], "a", encoding="utf8") as log:
            log.write(json.dumps(line, default=str) + "\n")


spend = Spend()
