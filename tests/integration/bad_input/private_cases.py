"""Fields that belong to engines, gateways or other vendors: ignored or refused, never handed to an engine."""

from __future__ import annotations

from .case import JSON, Case, chat, good

CANARY = "http://127.0.0.1:9/canary"
PRIVATE: dict[str, JSON] = {
    "api_base": CANARY,
    "base_url": CANARY,
    "api_key": "sk-other",
    "custom_llm_provider": "openai",
    "extra_body": {"grammar": "root ::= 'x'"},
    "extra_headers": {"host": "elsewhere"},
    "headers": {"authorization": "Bearer other"},
    "n_discard": -1,
    "n_keep": 10**9,
    "n_predict": 10**9,
    "id_slot": 0,
    "cache_prompt": False,
    "grammar": 'root ::= "x"',
    "grammar_lazy": True,
    "json_schema": {"type": "object"},
    "lora": [{"id": 0, "scale": 1}],
    "samplers": ["top_k"],
    "ignore_eos": True,
    "min_tokens": 10**9,
    "stop_token_ids": [0],
    "bad_words": ["a"],
    "structured_outputs": {"regex": ".*"},
    "guided_json": {"type": "object"},
    "guided_regex": "(a+)+$",
    "chat_template": "{{ ''.__class__ }}",
    "chat_template_kwargs": {"tokenize": True},
    "mm_processor_kwargs": {"num_crops": 10**6},
    "vllm_xargs": {"a": "b"},
    "kv_transfer_params": {"remote": CANARY},
    "cache_salt": "x",
    "priority": -(10**9),
    "best_of": 10**6,
    "use_beam_search": True,
    "echo": True,
    "add_generation_prompt": False,
    "continue_final_message": True,
    "documents": [{"url": CANARY}],
    "data_parallel_rank": 3,
    "node_id": "node-7",
    "price": 0,
    "account": "someone",
    "credits": 10**9,
    "callback_url": CANARY,
    "webhook": CANARY,
    "mock_response": "hello",
    "fallbacks": ["other"],
    "__class__": "x",
    "constructor": {"prototype": {}},
}


def cases() -> list[Case]:
    """Each alone, and all at once; `test_bad_input.py` looks at what reached the engine."""
    alone = [chat(f"private {name}", good(**{name: value}), 200, 400) for name, value in PRIVATE.items()]
    return [*alone, chat("all private fields", good(**PRIVATE), 200, 400)]
