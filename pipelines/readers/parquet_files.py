"""Parquet: one file, several, or a folder of parts; streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import InputError
from pipelines.readers.reader import BATCH_ROWS, MOST_COLUMNS, BrokenRow, Place, known_headings
from pipelines.readers.typed import check_types, settled, text_of_row
from pipelines.sources import TableSource
from pipelines.tables import kinds

__all__ = ["ParquetFiles", "open_parquet"]


@dataclass
class ParquetFiles:
    """Parquet files of the same columns, read one after the other."""

    table: str
    file: str
    headings: tuple[str, ...]
    columns: dict[str, str]
    source: TableSource
    files: tuple[Path, ...]
    partitions: dict[Path, dict[str, str]]
    typed: bool = True
    broken: list[BrokenRow] = field(default_factory=list)

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        for path in self.files:
            yield from self._scan_file(path, columns)

    def _scan_file(self, path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        fixed = self.partitions[path]
        inside = [self.columns[name] for name in columns if self.columns[name] not in fixed]
        coded = [heading for heading in inside if self._kind(heading) == "identifier"]
        try:
            # Neither mapped nor buffered ahead: the file's pages shall not count as the process's own memory.
            with pq.ParquetFile(
                path, read_dictionary=coded, memory_map=False, pre_buffer=False, page_checksum_verification=True
            ) as file:
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=inside, use_threads=True):
                    yield pa.RecordBatch.from_arrays(
                        [self._column(batch, name, fixed) for name in columns], names=list(columns)
                    )
        except (pa.ArrowException, OSError) as problem:
            raise InputError(
                f"{self.table}: {path} is damaged: {str(problem).splitlines()[0]}; export it again",
                code="unreadable_parquet",
            ) from None

    def _kind(self, heading: str) -> str:
        return next(kinds(self.table)[name] for name, own in self.columns.items() if own == heading)

    def _column(self, batch: pa.RecordBatch, name: str, fixed: dict[str, str]) -> pa.Array:
        heading = self.columns[name]
        if heading in fixed:
            return pa.array([fixed[heading]] * batch.num_rows, pa.string()).dictionary_encode()
        return settled(batch.column(heading), kinds(self.table)[name], self.source.time_zone)

    def locate(self, rows: Sequence[int]) -> list[Place]:
        """See :class:`pipelines.readers.reader.TableReader`; a line is the row's number in its file plus 2."""
        found: list[Place] = []
        first = 0
        for path in self.files:
            with pq.ParquetFile(path) as file:
                count = file.metadata.num_rows
                wanted = [row - first for row in rows if first <= row < first + count]
                found += self._places(path, file, wanted) if wanted else []
            first += count
        return found

    def _places(self, path: Path, file: pq.ParquetFile, wanted: list[int]) -> list[Place]:
        """Read only the row groups that hold a wanted row."""
        places, first = [], 0
        for group in range(file.metadata.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            inside = [row for row in wanted if first <= row < first + count]
            if inside:
                part = file.read_row_group(group).take(pa.array([row - first for row in inside]))
                places += [
                    Place(str(path), row + 2, text_of_row(values))
                    for row, values in zip(inside, part.to_pylist(), strict=True)
                ]
            first += count
        return places

    def fingerprints(self) -> list[tuple[str, str]]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        from pipelines.workspace import digest_file

        return [(str(path), digest_file(path)) for path in self.files]


def open_parquet(table: str, source: TableSource) -> ParquetFiles:
    """Open Parquet files; a folder is read in the order of its paths, with its ``name=value`` folders as columns."""
    files: list[Path] = []
    partitions: dict[Path, dict[str, str]] = {}
    for path in source.path:
        parts = sorted(p for p in path.rglob("*") if p.suffix in (".parquet", ".pq")) if path.is_dir() else [path]
        if not parts:
            raise InputError(
                f"{table}: the folder {path} holds no .parquet file; name a file", code="no_parquet_in_folder"
            )
        for part in parts:
            steps = part.relative_to(path).parts[:-1] if path.is_dir() else ()
            partitions[part] = dict(step.split("=", 1) for step in steps if "=" in step)
        files += parts
    shown = ", ".join(map(str, source.path))
    headings: tuple[str, ...] = ()
    columns: dict[str, str] = {}
    for path in files:
        schema = _schema(table, path)
        own = (*schema.names, *(name for name in partitions[path] if name not in schema.names))
        if headings and set(own) != set(headings):
            raise InputError(
                f"{table}: {path} has other columns than {files[0]}: {', '.join(own)}", code="other_headings"
            )
        headings = headings or own
        columns = known_headings(table, headings, source.columns)
        inside = {name: heading for name, heading in columns.items() if heading not in partitions[path]}
        check_types(table, str(path), schema, inside, source.time_zone)
    return ParquetFiles(table, shown, headings, columns, source, tuple(files), partitions)


def _schema(table: str, path: Path) -> pa.Schema:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as problem:
        raise InputError(
            f"{table}: {path} is no readable Parquet file: {str(problem).splitlines()[0]}", code="unreadable_parquet"
        ) from None
    if len(schema) > MOST_COLUMNS:
        raise InputError(
            f"{table}: {path} has {len(schema)} columns; at most {MOST_COLUMNS} are read", code="too_many_columns"
        )
    return schema
