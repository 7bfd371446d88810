"""How asking a provider can fail. The message says how, in words that may be shown to the model and to people."""

from __future__ import annotations


class ProviderFailed(Exception):
    """The provider did not do what it was asked, or nobody knows whether it did."""


class SessionBroken(ProviderFailed):
    """The same, and the session may be of no more use."""


class SessionLost(ProviderFailed):
    """The provider has forgotten our session, so it has certainly not begun: ask again in a new one."""


class NotInstalled(ProviderFailed):
    """What providers are reached with is not there: nothing but an installation helps."""
