"""The rows of this room."""

from knowledge.models.collections import Collection, SynonymSet, Visibility
from knowledge.models.documents import ChangeRate, Document, DocumentState, DocumentVersion
from knowledge.models.passages import (
    BuildState,
    Chunk,
    ChunkVector,
    CollectionStatistics,
    IndexBuild,
    LanguageStatistics,
    TermStatistics,
)
from knowledge.models.sources import Source, SourceKind
from knowledge.models.syncs import ChangeKind, Sync, SyncChange, SyncState

__all__ = [
    "BuildState",
    "ChangeKind",
    "ChangeRate",
    "Chunk",
    "ChunkVector",
    "Collection",
    "CollectionStatistics",
    "Document",
    "DocumentState",
    "DocumentVersion",
    "IndexBuild",
    "LanguageStatistics",
    "Source",
    "SourceKind",
    "Sync",
    "SyncChange",
    "SyncState",
    "SynonymSet",
    "TermStatistics",
    "Visibility",
]
