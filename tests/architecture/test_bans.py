"""What the package never does; where one module must, it stands here with its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from .names import full_name, imported, imported_modules, uses
from .tree import PACKAGE, Source, read, sources

# (module, name): reason. An exception that is no longer needed fails the test too.
BROAD_HANDLERS = {
    ("gateway/app.py", "Exception"): "the outermost loop of a request: whatever went wrong, the client gets an answer",
    ("db/pending.py", "Exception"): "what a work raises in a database thread is raised where it was asked for",
    ("engines/delta_stream.py", "Exception"): "what fails while deltas are handed on fails whoever waits for them",
    ("link/client.py", "Exception"): "a fault over one message is not to end the connection of all",
    ("link/remote_stream.py", "Exception"): "what fails while deltas are handed on fails whoever waits for them",
    ("topup/in_process.py", "Exception"): "whatever x402 raises means that nothing is known of the payment",
}
TIME_AND_CHANCE = {
    ("clock.py", "time.time"): "the clock that everything else is handed",
    ("clock.py", "time.monotonic"): "the clock that everything else is handed",
    ("ids.py", "time.time"): "ids begin with the time they were drawn at",
    ("ids.py", "os.urandom"): "the source of ids, unless a test hands in its own",
    ("ids.py", "random.Random"): "the seeded source that tests hand in",
    ("accounts/keys.py", "secrets.token_bytes"): "a key is a secret: no caller may choose what it is made of",
    ("accounts/pepper.py", "secrets.token_hex"): "a pepper is a secret: no caller may choose what it is made of",
    ("chain/wallets.py", "secrets.token_hex"): "a private key is a secret: no caller may choose what it is made of",
    ("link/credentials.py", "secrets.token_bytes"): "a seed is a secret: no caller may choose what it is made of",
    ("gateway/trusting.py", "random.Random"): "which answers are looked at, handed to what is tested with a seeded one",
    ("engines/embedded/supervisor.py", "secrets.token_urlsafe"): "the child's key is a secret that nobody else knows",
    ("engines/embedded/sockets.py", "secrets.token_hex"): "a socket's name that nobody can take beforehand",
    ("simulation/chance.py", "random.Random"): "the seeded source that all of a simulation is drawn from",
    ("sources/supervision.py", "random.Random"): "the jitter of restarts, handed to what is tested with a seeded one",
    ("agent/node.py", "random.Random"): "the jitter of a node that tries again, handed to what is tested with its own",
    ("gateway/nodes.py", "random.Random"): "the jitter of the broker's restarts, handed to what is tested with its own",
    ("nodes/shared_keys.py", "os.urandom"): "the nonce of what is sealed: no caller may choose it",
    ("nodes/invites.py", "secrets.token_hex"): "an invite is a secret: no caller may choose what it is made of",
    ("modelfiles/locking.py", "time.monotonic"): "a thread waits for another process, which keeps only the real time",
    ("modelfiles/package_index.py", "time.monotonic"): "a thread waits for pip, which keeps only the real time",
}
ENVIRONMENT = {
    ("modelfiles/resolving.py", "os.environ"): "the default of a parameter, for callers that only look for files",
    ("testing/node_process.py", "os.environ"): "a process that tests start gets the environment of the tests",
    ("testing/gateway_process.py", "os.environ"): "a process that tests start gets the environment of the tests",
}
YAML = {
    ("settings/file.py", "yaml.load"): "with a subclass of SafeLoader that refuses a key that stands twice",
}

CLOCKS = re.compile(
    r"time\.(time|monotonic|perf_counter|process_time)(_ns)?|time\.(localtime|gmtime)|"
    r"datetime\.datetime\.(now|utcnow|today)|datetime\.date\.today"
)
CHANCE = re.compile(r"(random|uuid)\.\w+|os\.(urandom|getrandom)|secrets\.(?!compare_digest$)\w+")
# Drawing from a Random that was handed in is fine; making one is not.
TYPE_ONLY = "random.Random"
VARIABLES = re.compile(r"os\.(environb?|getenvb?|putenv|unsetenv)")
PICKLES = frozenset({"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"})
UNSAFE_YAML = re.compile(r"yaml\.((unsafe_|full_)?load(_all)?|UnsafeLoader|FullLoader|Loader)")
BROAD = frozenset({"Exception", "BaseException"})
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
VAGUE = re.compile(r"^_?(utils?|helpers?|common|managers?|misc|stuff)$")

Rule = Callable[[ast.Module], Iterator[str]]


def clock_and_chance(tree: ast.Module) -> Iterator[str]:
    """Every use of the system's clock or of a source of chance."""
    made = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node, name in uses(tree):
        if CLOCKS.fullmatch(name) or (CHANCE.fullmatch(name) and (name != TYPE_ONLY or id(node) in made)):
            yield name


def variables(tree: ast.Module) -> Iterator[str]:
    """Every use of the process's environment."""
    return (name for _, name in uses(tree) if VARIABLES.fullmatch(name))


def unsafe_yaml(tree: ast.Module) -> Iterator[str]:
    """Every reader of YAML that may build any object."""
    return (name for _, name in uses(tree) if UNSAFE_YAML.fullmatch(name))


def broad_handlers(tree: ast.Module) -> Iterator[str]:
    """What catches every error and keeps it: a cleanup that raises the error again is fine."""
    bound = imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and not _raises_again(node):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {"bare" if kind is None else full_name(kind, bound) or "" for kind in caught}
            yield from sorted(names & {"bare", *BROAD})
        elif isinstance(node, ast.Call) and full_name(node.func, bound) == "contextlib.suppress":
            yield from sorted({full_name(kind, bound) or "" for kind in node.args} & BROAD)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    leaves = any(isinstance(node, ast.Return) for node in ast.walk(handler))
    return isinstance(last, ast.Raise) and last.exc is None and not leaves


def evaluations(tree: ast.Module) -> Iterator[str]:
    """Every text that is run as code."""
    return (name for _, name in uses(tree) if name in {"eval", "exec", "builtins.eval", "builtins.exec"})


def prints(tree: ast.Module) -> Iterator[str]:
    """Every print."""
    return (name for _, name in uses(tree) if name in {"print", "builtins.print"})


def global_statements(tree: ast.Module) -> Iterator[str]:
    """Every name that a function takes from its module to bind anew."""
    return (name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names)


def pickles(tree: ast.Module) -> Iterator[str]:
    """Every import of what builds objects out of bytes."""
    return iter(sorted(imported_modules(tree) & PICKLES))


def broken(rule: Rule, *, outside: tuple[str, ...] = ()) -> set[tuple[str, str]]:
    """Where the package breaks a rule, but for the folders `outside` it."""
    inside: list[Source] = [source for source in sources("src") if not source.module.startswith(outside or "/")]
    return {(source.module, name) for source in inside for name in rule(source.tree)}


def test_errors_are_caught_by_kind() -> None:
    """Nothing but the outermost loop catches whatever comes."""
    assert broken(broad_handlers) == set(BROAD_HANDLERS)


def test_time_and_chance_are_handed_in() -> None:
    """Only the modules listed ask the system for the time or for randomness."""
    assert broken(clock_and_chance) == set(TIME_AND_CHANCE)


def test_the_environment_is_handed_in() -> None:
    """Only commands read the environment, and hand it to the rest."""
    assert broken(variables, outside=("cli/",)) == set(ENVIRONMENT)


def test_yaml_is_read_safely() -> None:
    """No YAML text can build anything but plain values."""
    assert broken(unsafe_yaml) == set(YAML)
    assert its_loader_is_safe()


def its_loader_is_safe() -> bool:
    """Whether the one loader that is let through is what its reason says."""
    tree = read(PACKAGE / "settings" / "file.py").tree
    loads = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "yaml.load"]
    loaders = {ast.unparse(keyword.value) for call in loads for keyword in call.keywords if keyword.arg == "Loader"}
    safe = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and [ast.unparse(base) for base in node.bases] == ["yaml.SafeLoader"]
    }
    return bool(loads) and bool(loaders) and loaders <= safe


@pytest.mark.parametrize("rule", [evaluations, global_statements, pickles])
def test_what_is_never_done(rule: Rule) -> None:
    """These have no exception anywhere in the package."""
    assert broken(rule) == set()


def test_only_commands_print() -> None:
    """What a library says goes to its log or back to its caller."""
    assert broken(prints, outside=("cli/", "testing/")) == set()


def test_modules_are_named_by_what_they_hold() -> None:
    """No module or package has a name that anything would fit."""
    parts = {part.removesuffix(".py") for source in sources("src") for part in source.module.split("/")}
    assert [part for part in sorted(parts) if VAGUE.match(part)] == []


def test_nothing_is_left_for_later() -> None:
    """No file of the package says that it is unfinished."""
    assert [source.name for source in sources("src") if LEFTOVER.search(source.text)] == []


@pytest.mark.parametrize(
    ("rule", "code", "expected"),
    [
        (broad_handlers, "try: f()\nexcept: pass", ["bare"]),
        (broad_handlers, "try: f()\nexcept (OSError, Exception): pass", ["Exception"]),
        (broad_handlers, "try: f()\nexcept BaseException:\n    g()\n    raise", []),
        (broad_handlers, "try: f()\nexcept BaseException:\n    if g(): return\n    raise", ["BaseException"]),
        (broad_handlers, "from contextlib import suppress\nwith suppress(Exception): f()", ["Exception"]),
        (clock_and_chance, "from time import monotonic as now\nnow()", ["time.monotonic"]),
        (clock_and_chance, "from datetime import datetime\ndatetime.now()", ["datetime.datetime.now"]),
        (clock_and_chance, "from random import Random\ndef f(source: Random): source.random()", []),
        (clock_and_chance, "from random import Random\nRandom()", ["random.Random"]),
        (clock_and_chance, "import secrets\nsecrets.compare_digest(a, b)", []),
        (clock_and_chance, "from uuid import uuid4\nuuid4()", ["uuid.uuid4"]),
        (variables, "import os as system\nsystem.getenv('A')", ["os.getenv"]),
        (unsafe_yaml, "import yaml\nyaml.load(a)\nyaml.safe_load(a)", ["yaml.load"]),
        (evaluations, "import re\nre.compile(a)\neval(a)", ["eval"]),
        (global_statements, "def f():\n    global a\n    a = 1", ["a"]),
        (pickles, "def f():\n    from pickle import loads", ["pickle"]),
        (prints, "print(1)", ["print"]),
    ],
)
def test_rules_find_what_they_forbid(rule: Rule, code: str, expected: list[str]) -> None:
    """Each rule sees through other names, and passes what it allows."""
    assert list(rule(ast.parse(code))) == expected
