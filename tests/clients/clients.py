"""Which clients there are, in which versions, and at which doors they are tried.

Scenarios that hold at every door are in modules without a door's name; `slow` ones have the small model think longest.
"""

from __future__ import annotations

from .client import Client
from .environments import Environment

OPENAI_PYTHON = Environment("openai-python", python=("openai==3.52.0", "pydantic==2.14.3"))
OPENAI_NODE = Environment("openai-node", node=(("openai", "6.49.0"), ("zod", "4.6.7")))
ANTHROPIC = Environment("anthropic", python=("anthropic==2.14.0",))
ANTHROPIC_NODE = Environment("anthropic-node", node=(("@anthropic-ai/sdk", "1.14.0"),))
LANGCHAIN = Environment("langchain-openai", python=("langchain-openai==1.7.3", "langchain-core==1.7.2"))
ADAPTIVE_0_13 = Environment("adaptive-sdk-0.13", python=("adaptive-sdk==0.13.0",))
ADAPTIVE_0_14 = Environment("adaptive-sdk-0.14", python=("adaptive-sdk==0.14.2",))
LITELLM = Environment("litellm", python=("litellm==1.110.2",))
LLM = Environment("llm", python=("llm==0.36",))
VIEM = Environment("viem", node=(("viem", "2.57.0"),))
X402 = Environment("x402", python=("x402[evm]==2.25.0", "httpx==0.28.1"))
X402_0_3 = Environment("x402-0.3", python=("x402==0.3.0",))
X402_NODE = Environment("x402-node", node=(("@x402/fetch", "2.27.0"), ("@x402/evm", "2.27.0"), ("viem", "2.57.0")))
X402_FETCH_1_2 = Environment("x402-fetch-1.2", node=(("x402-fetch", "1.2.0"), ("viem", "2.57.0")))
ETH_ACCOUNT = Environment("eth-account", python=("eth-account==0.14.0",))

OPENAI_PYTHON_SLOW = ("openai_chat", "openai_structured", "openai_tools", "openai_vision")
OPENAI_NODE_ANYWHERE = ("openai_node_chat", "openai_node_structured", "openai_node_texts", "openai_node_tools")
ADAPTIVE_ANY_VERSION = ("adaptive_chat", "adaptive_errors", "adaptive_graphql", "adaptive_records")

CLIENTS = (
    Client(
        "openai-python",
        OPENAI_PYTHON,
        (
            *OPENAI_PYTHON_SLOW,
            "openai_stream",
            "openai_texts",
            "openai_usage",
            "openai_batches",
            "openai_v1",
            "openai_errors",
            "openai_retries",
        ),
    ),
    Client("openai-python-nugen", OPENAI_PYTHON, ("openai_stream", "openai_texts", "openai_nugen"), door="nugen"),
    Client("openai-python-nugen-slow", OPENAI_PYTHON, OPENAI_PYTHON_SLOW, door="nugen", further=True),
    Client(
        "openai-python-adaptive",
        OPENAI_PYTHON,
        ("openai_stream", "openai_texts", "openai_usage", "openai_adaptive"),
        door="adaptive",
    ),
    Client("openai-python-adaptive-slow", OPENAI_PYTHON, OPENAI_PYTHON_SLOW, door="adaptive", further=True),
    Client(
        "openai-node",
        OPENAI_NODE,
        (*OPENAI_NODE_ANYWHERE, "openai_node_usage", "openai_node_v1", "openai_node_errors"),
    ),
    Client(
        "openai-node-nugen",
        OPENAI_NODE,
        (*OPENAI_NODE_ANYWHERE, "openai_node_nugen"),
        door="nugen",
        further=True,
    ),
    Client(
        "openai-node-adaptive",
        OPENAI_NODE,
        (*OPENAI_NODE_ANYWHERE, "openai_node_usage", "openai_node_adaptive"),
        door="adaptive",
        further=True,
    ),
    Client("openai-python-responses", OPENAI_PYTHON, ("openai_responses",), further=True),
    Client("openai-node-responses", OPENAI_NODE, ("openai_node_responses",), further=True),
    Client("anthropic", ANTHROPIC, ("anthropic_messages",), further=True),
    Client("anthropic-node", ANTHROPIC_NODE, ("anthropic_node_messages",), further=True),
    Client("langchain-openai", LANGCHAIN, ("langchain_scenarios",)),
    Client("langchain-openai-nugen", LANGCHAIN, ("langchain_scenarios",), door="nugen", further=True),
    Client("langchain-openai-adaptive", LANGCHAIN, ("langchain_scenarios",), door="adaptive", further=True),
    Client("adaptive-sdk-0.14", ADAPTIVE_0_14, (*ADAPTIVE_ANY_VERSION, "adaptive_0_14"), door="adaptive"),
    Client("adaptive-sdk-0.13", ADAPTIVE_0_13, (*ADAPTIVE_ANY_VERSION, "adaptive_0_13"), door="adaptive", further=True),
    Client(
        "litellm",
        LITELLM,
        ("litellm_scenarios",),
        further=True,
        variables={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},  # else it asks the network for prices when it is imported
    ),
    Client("llm", LLM, ("llm_scenarios",)),
    Client("viem", VIEM, ("viem_sign_in",)),
    Client("x402", X402, ("x402_top_up",), wallets=4),
    Client("x402-0.3", X402_0_3, ("x402_0_3",), further=True, wallets=1),
    Client("x402-node", X402_NODE, ("x402_fetch",), wallets=3),
    Client("x402-fetch-1.2", X402_FETCH_1_2, ("x402_fetch_1_2",), further=True, wallets=1),
    Client("eth-account", ETH_ACCOUNT, ("eth_account_sign_in",), further=True),
)
