"""Import: log files that somebody already has become events, each once, whatever their account, age and layout."""

from cairn.cloudtrail.imports.importer import Importer, ImportReport, ImportStanding
from cairn.cloudtrail.imports.logfiles import DamagedFile, read_log_file
from cairn.cloudtrail.imports.progress import ImportProgress
from cairn.cloudtrail.imports.sources import FoundFile, find, find_in_bucket, find_in_folder

__all__ = [
    "DamagedFile",
    "FoundFile",
    "ImportProgress",
    "ImportReport",
    "ImportStanding",
    "Importer",
    "find",
    "find_in_bucket",
    "find_in_folder",
    "read_log_file",
]
