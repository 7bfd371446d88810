"""The rows of nodes, the same on every database."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.db import Connection, Database
from antiphon.engines import ModelFacts
from antiphon.link.frames import Hello, NodeModel
from antiphon.nodes import store
from antiphon.nodes.model import Node


async def test_the_first_secret_stays(database: Database) -> None:
    """Of gateways that start at once, all read what one of them kept."""

    def work(connection: Connection) -> tuple[str, str, str | None]:
        first = store.keep_secret(connection, "keys", "one")
        return first, store.keep_secret(connection, "keys", "two"), store.find_secret(connection, "other")

    assert await database.write(work) == ("one", "one", None)


async def test_revocations_are_forgotten(database: Database) -> None:
    """When no credentials from before them can be good any more; a later one of the same key counts."""

    def work(connection: Connection) -> dict[str, int]:
        store.revoke(connection, "UA", 1_000, 0)
        store.revoke(connection, "UB", 2_000, 1_000)
        store.revoke(connection, "UB", 3_000, 2_000)
        return store.revocations(connection)

    assert await database.write(work) == {"UB": 3_000}


async def test_what_nodes_serve_is_kept(database: Database) -> None:
    """The last hello of each; one that is too long, or that another version wrote, is left out."""
    hello = Hello(1, models=(NodeModel(ModelFacts("m", 4096)),))
    node = Node("node_1", "a", "0x", "U1")

    def work(connection: Connection) -> dict[str, Hello]:
        store.insert(connection, node)
        store.insert(connection, replace(node, id="node_2", name="b", nkey="U2"))
        store.insert(connection, replace(node, id="node_3", name="c", nkey="U3"))
        store.keep_hellos(connection, {"node_1": replace(hello, epoch=0), "node_4": hello})
        store.keep_hellos(connection, {"node_1": hello, "node_2": replace(hello, hardware="x" * 100_000)})
        connection.run("UPDATE nodes SET hello = '{}' WHERE id = 'node_3'")
        return store.hellos(connection)

    assert await database.write(work) == {"node_1": hello}
