"""The gate: the one package that compares labels. Everything a reader gets has passed `project`."""

from heliograph.gate.cadence import usual_span
from heliograph.gate.explain import Part, Unreadable, explain, unreadable
from heliograph.gate.labels import MACROS_READER, PUBLIC_READER, Reader, Readership
from heliograph.gate.project import Gate, project
from heliograph.gate.withheld import Hidden, withheld

__all__ = [
    "MACROS_READER",
    "PUBLIC_READER",
    "Gate",
    "Hidden",
    "Part",
    "Reader",
    "Readership",
    "Unreadable",
    "explain",
    "project",
    "unreadable",
    "usual_span",
    "withheld",
]
