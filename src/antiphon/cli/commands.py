"""The table of commands: a row each, the groups that they stand in, and what a bare group stands for. Values only."""

from __future__ import annotations

from antiphon.cli.campaign_rows import CAMPAIGN_ROWS
from antiphon.cli.channel_rows import CHANNEL_ROWS
from antiphon.cli.command import Command
from antiphon.cli.node_rows import NODE_ROWS

COMMANDS = (
    Command(
        ("serve",),
        "antiphon.cli.serve:serve",
        "Serve chat completions.\n\nWithout flags: the small built-in model, on http://127.0.0.1:8000/v1.",
        (
            "antiphon serve",
            "antiphon serve --model chat=./qwen3-8b.gguf --context-length 8192",
            "antiphon serve --model hf:bartowski/SmolLM2-360M-Instruct-GGUF:Q8_0",
            "antiphon serve --upstream vllm+http://gpu-1:8000 --upstream http://gpu-2:30000",
            "antiphon serve --config antiphon.yaml --set timeouts.first_token_s=20",
        ),
    ),
    Command(
        ("chat",),
        "antiphon.cli.chat:chat",
        "Chat with a model in the terminal.\n\nWith a prompt: one answer. Without: a conversation; `/help` lists its "
        "commands, Ctrl-C stops an answer. Talks to our own gateway, or to `--base-url` / `OPENAI_BASE_URL`.",
        (
            'antiphon chat "Why is the sky blue?"',
            "antiphon chat --model smollm2:135m",
            "echo 'Say hello' | antiphon chat --json",
        ),
    ),
    Command(
        ("models", "list"),
        "antiphon.cli.models:list_models",
        "List the models of a running gateway. This is what `antiphon models` does.",
        ("antiphon models", "antiphon models list --json"),
    ),
    Command(
        ("models", "pull"),
        "antiphon.cli.models:pull",
        "Download a model file now, so that serving it starts at once.",
        ("antiphon models pull smollm2:135m", "antiphon models pull hf:owner/repo:Q4_K_M"),
    ),
    Command(
        ("projects", "list"),
        "antiphon.cli.projects:list_projects",
        "List the projects of a running gateway. This is what `antiphon projects` does.",
        ("antiphon projects", "antiphon projects list --json"),
    ),
    Command(("projects", "show"), "antiphon.cli.projects:show", "Show a project.", ("antiphon projects show default",)),
    Command(
        ("projects", "create"),
        "antiphon.cli.projects:create",
        "Make a project; takes an admin's key.",
        (
            "antiphon projects create support --default-model smollm2:135m",
            'antiphon projects create support --system-prompt "Help {{name}}." --argument name=them',
        ),
    ),
    Command(
        ("projects", "update"),
        "antiphon.cli.projects:update",
        "Change a project; takes an admin's key.",
        (
            "antiphon projects update support --system-prompt @prompt.txt --default temperature=0.2",
            "antiphon projects update support --unset models --unset store",
        ),
    ),
    Command(
        ("projects", "delete"),
        "antiphon.cli.projects:delete",
        "Delete a project; takes an admin's key. What was stored for it stays.",
        ("antiphon projects delete support",),
    ),
    *CAMPAIGN_ROWS,
    Command(
        ("interactions", "list"),
        "antiphon.cli.interactions:list_interactions",
        "List stored completions of a running gateway. This is what `antiphon interactions` does.",
        (
            "antiphon interactions --model smollm2:135m --label env=prod",
            "antiphon interactions list --session s1 --since 2026-11-25 --json",
        ),
    ),
    Command(
        ("interactions", "show"),
        "antiphon.cli.interactions:show",
        "Show a stored completion: its prompt and its answer.",
        ("antiphon interactions show 0b0f9f4e-5a3c-4d8e-9d6f-2f1f3c1c7a10",),
    ),
    Command(
        ("interactions", "delete"),
        "antiphon.cli.interactions:delete",
        "Delete stored completions with their feedback: by id, or all that the flags let through.",
        (
            "antiphon interactions delete 0b0f9f4e-5a3c-4d8e-9d6f-2f1f3c1c7a10",
            "antiphon interactions delete --user ann --until 2026-01-01",
            "antiphon interactions delete --account ann --older-than 90d",
        ),
    ),
    Command(
        ("interactions", "export"),
        "antiphon.cli.interactions:export",
        "Write stored completions as lines of JSON, in the form that fine-tuning of chat models takes.",
        (
            "antiphon interactions export --project support --metric helpful --value-min 1 > training.jsonl",
            "antiphon interactions export --label env=prod --since 2026-11-01 --out training.jsonl",
        ),
    ),
    Command(
        ("sessions", "list"),
        "antiphon.cli.sessions:list_sessions",
        "List stored sessions of a running gateway. This is what `antiphon sessions` does.",
        ("antiphon sessions", "antiphon sessions list --limit 100 --json"),
    ),
    Command(
        ("sessions", "show"),
        "antiphon.cli.sessions:show",
        "Show a session as a conversation.",
        ("antiphon sessions show s1",),
    ),
    Command(
        ("sessions", "delete"),
        "antiphon.cli.sessions:delete",
        "Delete all turns of a session with their feedback.",
        ("antiphon sessions delete s1",),
    ),
    Command(
        ("config", "show"),
        "antiphon.cli.config:show",
        "Show each setting, its value and where it came from. This is what `antiphon config` does.",
        ("antiphon config --changed", "antiphon config show --port 9000 --json"),
    ),
    Command(
        ("config", "check"),
        "antiphon.cli.config:check",
        "Find all mistakes in the configuration.",
        ("antiphon config check --config antiphon.yaml",),
    ),
    Command(("config", "path"), "antiphon.cli.config:path", "Print which configuration file is read."),
    Command(
        ("doctor",),
        "antiphon.cli.doctor:doctor",
        "Check everything that serving needs, up to a real completion; says what to do about what is wrong.",
        ("antiphon doctor", "antiphon doctor --json"),
    ),
    Command(
        ("conformance",),
        "antiphon.cli.conformance:conformance",
        "Check a server against the published APIs, ours or anybody's: what it does, does otherwise, or lacks.",
        (
            "antiphon conformance http://127.0.0.1:8000 dkn_test_...",
            "antiphon conformance https://gpu-1:8000/v1 --door v1 --model qwen3:8b",
            "antiphon conformance http://127.0.0.1:8000 --only tools --only structured --json",
        ),
    ),
    Command(
        ("keys", "new"),
        "antiphon.cli.keys:new",
        "Make a key for a client and its digest for the configuration file.",
        ("antiphon keys new billing-service", "antiphon keys new --test --json"),
    ),
    Command(
        ("keys", "create"),
        "antiphon.cli.keys:create",
        "Make a key in the database; gateways that run know it at once.",
        (
            "antiphon keys create laptop --account ann",
            "antiphon keys create agent --account ann --model chat --tokens-per-minute 20000 --expires-in 90d",
            "antiphon keys create ops --scope keys --scope inference --json",
        ),
    ),
    Command(
        ("keys", "list"),
        "antiphon.cli.keys:list_keys",
        "List the keys in the database. This is what `antiphon keys` does.",
        ("antiphon keys", "antiphon keys list --account ann --all --json"),
    ),
    Command(
        ("keys", "revoke"),
        "antiphon.cli.keys:revoke",
        "Void a key in the database; gateways that run refuse it within two seconds.",
        ("antiphon keys revoke key_3f9a0c51d2b84e6f7a8b9c0d",),
    ),
    Command(
        ("keys", "rotate"),
        "antiphon.cli.keys:rotate",
        "Make a successor of a key in the database; both are good for a day, or as long as you say.",
        ("antiphon keys rotate key_3f9a0c51d2b84e6f7a8b9c0d --overlap 12h",),
    ),
    Command(
        ("credits", "balance"),
        "antiphon.cli.credits:balance",
        "Print what an account in the database has.",
        ("antiphon credits balance ann", "antiphon credits balance ann --ledger DEV --json"),
    ),
    Command(
        ("credits", "grant"),
        "antiphon.cli.credits:grant",
        "Give an account credit; with an --id, once, however often it is said.",
        (
            "antiphon credits grant ann 10 --id welcome-ann",
            "antiphon credits grant 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A 2.50 --ledger DEV",
        ),
    ),
    Command(
        ("credits", "ledger"),
        "antiphon.cli.credits:ledger_",
        "Print an account's history, the newest first.",
        ("antiphon credits ledger ann", "antiphon credits ledger ann --ledger DEV --limit 500 --json"),
    ),
    Command(
        ("topup",),
        "antiphon.cli.topup:topup",
        "Buy credit with USDC: a wallet signs in, if it has no key, and pays by x402, once and no more than that.",
        ("antiphon topup 10", "antiphon topup 2.50 --key-file wallet-key --json"),
    ),
    Command(
        ("earnings",),
        "antiphon.cli.payout:earnings",
        "Print what nodes have earned for their owners, by the database.",
        ("antiphon earnings", "antiphon earnings 0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A --ledger DEV --json"),
    ),
    Command(
        ("payout", "plan"),
        "antiphon.cli.payout:plan",
        "Print which owners of nodes are to be paid what. This is what `antiphon payout` does.",
        ("antiphon payout plan", "antiphon payout plan --json"),
    ),
    Command(
        ("payout", "run"),
        "antiphon.cli.payout:run",
        "Pay owners of nodes in USDC, each once, however often it is run; off unless `payouts.enabled` is set.",
        ("antiphon payout run --key-file treasury-key",),
    ),
    Command(
        ("ledger", "verify"),
        "antiphon.cli.ledger:verify",
        "Prove the books in the database, also while gateways use them. This is what `antiphon ledger` does.",
        ("antiphon ledger verify", "antiphon ledger verify --config antiphon.yaml --json"),
    ),
    Command(
        ("backup",),
        "antiphon.cli.backup:backup",
        "Prove the books and copy the database into one file, beside gateways that go on.",
        ("antiphon backup", "antiphon backup backups/", "antiphon backup monday.db --config antiphon.yaml --json"),
    ),
    Command(
        ("restore",),
        "antiphon.cli.backup:restore",
        "Make the database out of a backup, where nothing is stored yet, and prove its books.",
        ("antiphon restore antiphon-20261126T001500Z.db",),
    ),
    Command(
        ("upgrade",),
        "antiphon.cli.upgrade:upgrade",
        "Back the database up, bring it to the form of this version, and prove its books.\n\nThe next start does the "
        "second of these by itself.",
        ("antiphon upgrade --check", "antiphon upgrade --backup backups/", "antiphon upgrade --without-backup --json"),
    ),
    Command(
        ("top",),
        "antiphon.cli.top:top",
        "Show what a gateway does, look after look: models, times, nodes, money.",
        ("antiphon top", "antiphon top --every 5", "antiphon top --once --json --base-url https://gateway.example"),
    ),
    Command(
        ("trace",),
        "antiphon.cli.trace:trace",
        "Print what became of a request, in the order of time: from the database, and from logs.",
        (
            "antiphon trace req_019a0f5c2b77",
            "antiphon trace order-7 --account ann --log gateway.log --log node.log",
        ),
    ),
    *NODE_ROWS,
    Command(
        ("node",),
        "antiphon.cli.node:node",
        "Serve models from this machine as a node of a gateway.\n\nIt connects outwards only, so it may be behind "
        "NAT. What it is, is kept in the data folder: later starts take no token.",
        (
            "antiphon node --join join_...",
            "antiphon node --join join_... --engine vllm+http://127.0.0.1:8000 --slots 32",
            "antiphon node",
        ),
    ),
    *CHANNEL_ROWS,
    Command(
        ("simulate",),
        "antiphon.cli.simulate:simulate",
        "Simulate many nodes and their clients in virtual time, under the gateway's own code.",
        (
            "antiphon simulate",
            "antiphon simulate --nodes 10000 --requests 20000 --policy antiphon",
            "antiphon simulate --plot simulation.svg --json",
        ),
    ),
    Command(("version",), "antiphon.cli.version:version", "Print the version; --json adds the parts' versions."),
)
GROUPS = {
    "models": "List models of a gateway, download model files.",
    "projects": "List, make and change projects of a gateway.",
    "campaigns": "Let variants of a project share its requests, and end what is decided.",
    "interactions": "List, show, export and delete stored completions of a gateway.",
    "sessions": "List, show and delete stored sessions of a gateway.",
    "channel": "Post messages to channels, read and follow them; make and share channels.",
    "config": "Show and check the configuration.",
    "keys": "Make, list, revoke and rotate keys for clients.",
    "nodes": "Invite machines to serve models; list, drain, ban, rename, tag and remove them.",
    "credits": "Show and give the credit of accounts.",
    "ledger": "Prove the books of credit.",
    "payout": "Pay owners of nodes what their nodes earned.",
}
DEFAULTS = {
    "models": "list",
    "projects": "list",
    "campaigns": "list",
    "interactions": "list",
    "sessions": "list",
    "channel": "list",
    "config": "show",
    "keys": "list",
    "ledger": "verify",
    "payout": "plan",
    "nodes": "list",
}
