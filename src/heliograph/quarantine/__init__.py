"""Building around a bad incident: it is set aside, and its last good source is read again in its place.

Nothing here decides who may read what: what stands in is read and projected like any other source, under the policy of
today.
"""

from heliograph.quarantine.aside import Content, read_around, read_strictly
from heliograph.quarantine.store import remember

__all__ = ["Content", "read_around", "read_strictly", "remember"]
