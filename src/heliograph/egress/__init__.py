"""The second wall: what leaves is read back as its reader could read it, and held against what is withheld from it."""

from heliograph.egress.house import words as house_words
from heliograph.egress.needles import CANARY
from heliograph.egress.wall import Part, Watch, guarded

__all__ = ["CANARY", "Part", "Watch", "guarded", "house_words"]
