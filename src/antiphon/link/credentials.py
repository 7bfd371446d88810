"""Who may connect to the broker: the keys that let others in, and what each kind of user may do there."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec
import nkeys
from msgspec import Struct

from antiphon.clock import Clock
from antiphon.errors import ConfigError
from antiphon.link import claims, subjects
from antiphon.link.claims import Rights

NODE_TOKEN_S = 24 * 3600  # how long a node may go without having its claims renewed
NODE_SUBSCRIPTIONS_MAX = 8
NODE_MESSAGE_BYTES_MAX = 1024 * 1024
SEED_BYTES = 32


class Credentials(Struct, frozen=True):
    """What a process connects with: its claims, and the seed that proves them its own."""

    token: str
    seed: str

    def sign(self, nonce: str) -> bytes:
        """The answer to a server's challenge."""
        return base64.b64encode(claims.sign(self.seed, nonce.encode()))


class BrokerKeys(Struct, frozen=True):
    """The seeds of a broker's operator and of its two accounts: its own, and that of gateways and nodes."""

    operator: str
    system: str
    account: str

    @classmethod
    def make(cls) -> BrokerKeys:
        """New ones."""
        operator, account = nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT
        return cls(new_seed(operator), new_seed(account), new_seed(account))

    @classmethod
    def kept_in(cls, path: Path) -> BrokerKeys:
        """Those of a file that only its owner can read, made if there is none; ConfigError if it cannot be read."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            keys = cls.make()
            write_secret(path, msgspec.json.encode(keys))
            return keys
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigError(f"nodes: the broker's keys in {path} cannot be read: {error}.") from error


def new_seed(prefix: int = nkeys.PREFIX_BYTE_USER) -> str:
    """The seed of a new key, a user's unless another prefix is given."""
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(SEED_BYTES), prefix)
    return seed.decode()


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class Authority:
    """Lets gateways and nodes in, by the broker's keys."""

    def __init__(self, keys: BrokerKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self.system_account = claims.public_key(keys.system)
        self.account = claims.public_key(keys.account)

    def operator_token(self) -> str:
        """What a server must know of us."""
        return claims.operator(self._keys.operator, system_account=self.system_account, now=self._clock.now())

    def account_tokens(self, revoked: Mapping[str, int]) -> dict[str, str]:
        """The claims of both accounts by their keys; `revoked`: user keys, and since when, in seconds since 1970."""
        now, operator = self._clock.now(), self._keys.operator
        system = claims.account(operator, self.system_account, name="system", revoked={}, now=now)
        account = claims.account(operator, self.account, name="antiphon", revoked=revoked, now=now)
        return {self.system_account: system, self.account: account}

    def node_token(self, node: str, user_key: str, *, seconds: float = NODE_TOKEN_S) -> str:
        """The claims of a node that holds the seed of `user_key`: it reads its own jobs and writes its own answers."""
        own = subjects.token(node)
        rights = Rights(
            publish=(subjects.answers_of(own), subjects.heartbeat(own)),
            subscribe=(subjects.requests_of(own),),
            subscriptions_max=NODE_SUBSCRIPTIONS_MAX,
            message_bytes_max=NODE_MESSAGE_BYTES_MAX,
        )
        now = self._clock.now()
        return claims.user(self._keys.account, user_key, rights, name=own, now=now, expires=now + seconds)

    def gateway_credentials(self, gateway: str) -> Credentials:
        """What a gateway connects with: it writes to all nodes, and reads heartbeats and the answers to itself."""
        own = subjects.token(gateway)
        rights = Rights(publish=("req.>",), subscribe=(subjects.answers_to(own), subjects.HEARTBEATS))
        return self._credentials(self._keys.account, own, rights)

    def system_credentials(self) -> Credentials:
        """What a gateway tells the server of changed claims with."""
        return self._credentials(self._keys.system, "system", None)

    def _credentials(self, account_seed: str, name: str, rights: Rights | None) -> Credentials:
        seed = new_seed()
        key = claims.public_key(seed)
        return Credentials(claims.user(account_seed, key, rights, name=name, now=self._clock.now()), seed)
