"""Event selectors: which events a trail logs, as people write it, as it is saved, and compiled to be asked of each."""

from cairn.cloudtrail.selectors.matching import GLOBAL_REGION, GLOBAL_SOURCES, Selector
from cairn.cloudtrail.selectors.selection import (
    DEFAULT_SELECTORS,
    AdvancedSelector,
    DataResource,
    EventSelector,
    FieldSelector,
    InsightSelector,
    Selection,
    Template,
)

__all__ = [
    "DEFAULT_SELECTORS",
    "GLOBAL_REGION",
    "GLOBAL_SOURCES",
    "AdvancedSelector",
    "DataResource",
    "EventSelector",
    "FieldSelector",
    "InsightSelector",
    "Selection",
    "Selector",
    "Template",
]
