"""Finding out what publishing a tree would do. It reads only, so that a dry run is a printed plan."""

from __future__ import annotations

from heliograph.operations import FolderPlace, Host
from heliograph.publish.built import Built
from heliograph.publish.publication import Publication, Terms
from heliograph.publish.register import Register, State
from heliograph.publish.release import Edition
from heliograph.publish.retract import refuse_retracted
from heliograph.publish.to_bucket import BucketPublication
from heliograph.publish.to_folder import FolderPublication
from heliograph.tree.fsio import WriteRefused


def prepare(host: Host, built: Built, edition: Edition, register: Register, terms: Terms = Terms()) -> Publication:  # noqa: B008 -- frozen
    """Find out what publishing a built tree to a host would do. Changes nothing.

    Raises WriteRefused, StoreRefused and OSError: see `publish.exposure` and `publish.directory` for what is refused.
    """
    seen = register.look()
    refuse_older(seen, edition, terms)
    refuse_retracted(built.manifest, seen.retracted, terms.stories)
    if isinstance(host.place, FolderPlace):
        return FolderPublication.prepared(host, host.place, built, edition, register, seen)
    return BucketPublication.prepared(host, host.place, built, edition, register, seen, terms)


def refuse_older(seen: State, edition: Edition, terms: Terms) -> None:
    """Refuse a build that speaks for an earlier instant than what is published, or does not know its sources (E634)."""
    current = seen.current
    if current is None or terms.force_older:
        return
    if edition.as_of < current.edition.as_of:
        raise WriteRefused(
            "E634",
            f"what is published speaks for {current.edition.as_of:%Y-%m-%d %H:%M:%S} UTC; "
            f"this build for {edition.as_of:%Y-%m-%d %H:%M:%S} UTC; if that is meant: publish --force-older",
        )
    if current.edition.uncommitted and not edition.uncommitted and edition.revision == current.edition.revision:
        raise WriteRefused(
            "E634",
            f"what is published holds words that were not committed, on top of commit {edition.revision[:10]}; commit "
            "and push them where they were written, or publish --force-older to drop them",
        )
    if current.edition.revision and terms.grew_from(current.edition.revision) is False:
        raise WriteRefused(
            "E634",
            f"what is published was built from commit {current.edition.revision[:10]}, which what this was "
            "built from lacks; pull, and build again",
        )
