"""The gate: the one package that compares labels. Everything a reader gets has passed `project`."""

from heliograph.gate.cadence import usual_span
from heliograph.gate.explain import Betrayal, Part, Unreadable, betrayals, explain, unreadable
from heliograph.gate.labels import MACROS_READER, PUBLIC_READER, Reader, Readership
from heliograph.gate.project import Gate, project
from heliograph.gate.withheld import Hidden

__all__ = [
    "MACROS_READER",
    "PUBLIC_READER",
    "Betrayal",
    "Gate",
    "Hidden",
    "Part",
    "Reader",
    "Readership",
    "Unreadable",
    "betrayals",
    "explain",
    "project",
    "unreadable",
    "usual_span",
]
