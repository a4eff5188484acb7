"""Fitted forecasts as files that people can open: Parquet for arrays, JSON for what holds them together.

No pickle: loading runs no code from the files. Only classes of this package are made anew, and those that the caller
names.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_tree", "write_tree"]

Array = npt.NDArray[Any]

_TREE: Final = "forecaster.json"
_FORMAT: Final = 2
_MANY: Final = 64
_OWN_PACKAGE: Final = "forecasting."


def write_tree(folder: Path, tree: Any) -> None:
    """Write dataclasses, arrays and plain values, nested as they like, into a folder.

    Arrays lie in ``rows_<n>.parquet`` by their number of rows, one column an array (a list column where it has more
    than one dimension); everything else in ``forecaster.json``.

    Raises
    ------
    TypeError
        A value that can't be written; the message names its place.
    """
    found = _Found({}, {}, {})
    text = json.dumps({"format": _FORMAT, "tree": _encode(tree, "tree", found)}, ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    for rows in sorted({len(array) for array in found.arrays.values()}):
        _write_table(folder / f"rows_{rows}.parquet", {k: a for k, a in found.arrays.items() if len(a) == rows})
    for place, frame in found.frames.items():
        frame.to_parquet(folder / f"{place}.parquet", index=False)
    (folder / _TREE).write_text(text, encoding="utf-8")


def read_tree(folder: Path, classes: tuple[type, ...] = ()) -> Any:
    """Read what :func:`write_tree` wrote, to the bit.

    Parameters
    ----------
    classes : dataclasses from outside this package that the files may hold.

    Raises
    ------
    ValueError
        Another format, or a class that is neither this package's nor named in ``classes``.
    """
    stored = json.loads((folder / _TREE).read_text(encoding="utf-8"))
    if stored.get("format") != _FORMAT:
        raise ValueError(f"{folder / _TREE} has format {stored.get('format')!r}; this version reads format {_FORMAT}")
    tables: dict[int, Any] = {}
    return _decode(stored["tree"], folder, tables, {_name(kind): kind for kind in classes})


@dataclasses.dataclass(frozen=True)
class _Found:
    """Arrays and frames met on the way, by place; and the places of arrays by identity: shared ones are kept once."""

    arrays: dict[str, Array]
    frames: dict[str, pd.DataFrame]
    places: dict[int, str]


def _encode(value: Any, place: str, found: _Found) -> Any:
    """Turn a value into what JSON holds; arrays and frames are put aside under the name of their place."""
    import pandas as pd

    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind in "biufU":
        place = found.places.setdefault(id(value), place)
        found.arrays[place] = value
        return {"array": place, "rows": len(value), "shape": list(value.shape), "dtype": value.dtype.str}
    if isinstance(value, pd.DataFrame):
        found.frames[place] = value
        # Parquet knows no seconds; and a column without a value has no kind.
        kinds = {str(name): str(kind) for name, kind in value.dtypes.items()}
        plain = value.index.equals(pd.RangeIndex(len(value)))
        return {
            "frame": place,
            "dtypes": kinds,
            "index": None if plain else _encode(value.index.to_numpy(), place, found),
        }
    if isinstance(value, list | tuple) and len(value) >= _MANY and all(type(item) is str for item in value):
        # A column: long lists of identifiers are read ten times as fast as from JSON.
        return {"texts": _encode(np.array(value), place, found)}
    if isinstance(value, list | tuple):
        return {"list": [_encode(item, f"{place}.{i}", found) for i, item in enumerate(value)]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"map": {key: _encode(item, f"{place}.{key}", found) for key, item in value.items()}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        return {
            "class": _name(type(value)),
            "fields": {name: _encode(item, f"{place}.{name}", found) for name, item in fields.items()},
        }
    raise TypeError(
        f"{place} is a {type(value).__name__}, which can't be saved: use arrays, plain values and dataclasses"
    )


def _decode(value: Any, folder: Path, tables: dict[int, Any], classes: dict[str, type]) -> Any:
    if not isinstance(value, dict):
        return value
    if "date" in value:
        return dt.date.fromisoformat(value["date"])
    if "array" in value:
        return _read_array(value, folder, tables)
    if "frame" in value:
        import pandas as pd

        frame = pd.read_parquet(folder / f"{value['frame']}.parquet")
        if value["index"] is not None:
            frame.index = pd.Index(_read_array(value["index"], folder, tables))
        return frame.astype({name: kind for name, kind in value["dtypes"].items() if str(frame[name].dtype) != kind})
    if "texts" in value:
        return tuple(_read_column(value["texts"], folder, tables).to_pylist())
    if "list" in value:
        return tuple(_decode(item, folder, tables, classes) for item in value["list"])
    if "map" in value:
        return {key: _decode(item, folder, tables, classes) for key, item in value["map"].items()}
    kind = classes.get(value["class"]) or _own_class(value["class"])
    return kind(**{name: _decode(item, folder, tables, classes) for name, item in value["fields"].items()})


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _own_class(name: str) -> type:
    module, _, qualified = name.partition(":")
    kind = getattr(import_module(module), qualified, None) if module.startswith(_OWN_PACKAGE) else None
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise ValueError(f"the files hold a {name!r}, which is not a class of this package: name it in ``classes``")
    return kind


def _write_table(path: Path, arrays: dict[str, Array]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    for name, array in arrays.items():
        flat = pa.array(np.ascontiguousarray(array).reshape(-1))
        width = int(np.prod(array.shape[1:]))
        columns[name] = flat if array.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, width) if width else None
    table = pa.table({name: column for name, column in columns.items() if column is not None})
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)


def _read_array(value: dict[str, Any], folder: Path, tables: dict[int, Any]) -> Array:
    shape, kind = tuple(value["shape"]), np.dtype(value["dtype"])
    if 0 in shape:
        return np.zeros(shape, dtype=kind)
    column = _read_column(value, folder, tables)
    flat = column if len(shape) == 1 else column.flatten()
    return np.ascontiguousarray(flat.to_numpy(zero_copy_only=False).astype(kind, copy=False).reshape(shape)).copy()


def _read_column(value: dict[str, Any], folder: Path, tables: dict[int, Any]) -> Any:
    import pyarrow.parquet as pq

    rows = int(value["rows"])
    if rows not in tables:
        tables[rows] = pq.read_table(folder / f"rows_{rows}.parquet", page_checksum_verification=True)
    return tables[rows].column(value["array"]).combine_chunks()
