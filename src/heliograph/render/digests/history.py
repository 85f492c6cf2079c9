"""What was said in one incident, and what of it its reader has not been told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from heliograph.render import words
from heliograph.view import Claim, Heard, Incident, Update, View


class History(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in its view, and what was heard of it.

    `heard` are the messages of its thread that reached this reader before; None where nobody knows.
    """

    view: View
    incident: Incident
    heard: tuple[Heard, ...] | None = None

    @property
    def newest(self) -> Update:
        """The newest update this reader has."""
        return self.incident.updates[0]

    @property
    def untold(self) -> tuple[Update, ...]:
        """The updates since the last message heard, newest first; the newest one where nobody knows what was heard."""
        updates = tuple(update for update in self.incident.updates if update.id not in self._told)
        return updates if len(updates) < len(self.incident.updates) else self.incident.updates[:1]

    @property
    def is_first(self) -> bool:
        """Tell whether it is told for the first time: then all of it is new, and nothing is marked."""
        if self.heard is None:
            return len(self.incident.updates) == 1
        return self._told.isdisjoint(update.id for update in self.incident.updates)

    @property
    def is_account_untold(self) -> bool:
        """Tell whether the account of it was published after the last message heard."""
        account = self.incident.postmortem
        return account is not None and not self.is_first and account.id not in self._told

    @property
    def _told(self) -> frozenset[str]:
        return frozenset(identity for message in self.heard or () for identity in message.updates)

    def is_untold(self, instant: datetime) -> bool:
        """Tell whether something of that instant came after the last message heard."""
        return any(update.at == instant for update in self.untold)

    def moved(self) -> dict[str, Claim]:
        """Give what changed since the last message heard, by part: the state it was in then, and is in now."""
        changes: dict[str, Claim] = {}
        for claim in (claim for update in self.untold for claim in update.claims):
            newer = changes.get(claim.component, claim)
            changes[claim.component] = Claim(component=claim.component, state=newer.state, was=claim.was)
        return {part: claim for part, claim in changes.items() if claim.state != claim.was}

    def own_words(self) -> str:
        """Give the newest words written for this reader, in Markdown; empty if there are none."""
        return next(iter(self.all_own_words()), ("", None))[0]

    def all_own_words(self) -> Iterator[tuple[str, datetime]]:
        """Give all words written for this reader, newest first, with their instants."""
        for update in self.incident.updates:
            own = words.joined([passage for passage in update.passages if passage.addressed])
            if own:
                yield own, update.at

    @property
    def own_words_at(self) -> datetime | None:
        """When words were last written for this reader; None if never."""
        return next((instant for _, instant in self.all_own_words()), None)

    @property
    def own_words_hold(self) -> bool:
        """Tell whether the newest words for this reader hold: nothing was said, and it did not end, after them."""
        own = self.own_words_at
        later = (self.shared_words_at, self.incident.resolved_at)
        return own is not None and all(instant is None or own >= instant for instant in later)

    def shared_words(self) -> str:
        """Give the newest words not written for this reader alone, in Markdown; empty if there are none."""
        return next(self._all_shared_words(), ("", None))[0]

    @property
    def shared_words_at(self) -> datetime | None:
        """When words were last written that are not for this reader alone; None if never."""
        return next((instant for _, instant in self._all_shared_words()), None)

    def _all_shared_words(self) -> Iterator[tuple[str, datetime]]:
        for update in self.incident.updates:
            shared = words.joined([passage for passage in update.passages if not passage.addressed])
            if shared:
                yield shared, update.at
