"""What is really installed in a prefix, by conda's own records and by pip's."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from email import message_from_string
from pathlib import Path
from typing import Any


def records(prefix: Path) -> dict[str, Any]:
    """`conda NAME` and `pip NAME` → version, build, hashes of the package and of its files, which must be as recorded.

    The prefix's own path is written into some files: of those the hash is that of the package's.
    """
    found: dict[str, Any] = {}
    for file in (prefix / "conda-meta").glob("*.json"):
        record = json.loads(file.read_text())
        for path in record["paths_data"]["paths"]:
            if path["path_type"] == "hardlink" and not path.get("file_mode"):
                assert _sha256(prefix / path["_path"]) == path["sha256"], path["_path"]
        paths = record["paths_data"]["paths"]
        files = {p["_path"]: p["sha256"] if p["path_type"] == "hardlink" else p["path_type"] for p in paths}
        named = ("version", "build", "subdir", "url", "sha256", "md5")
        found[f"conda {record['name']}"] = {**{k: record.get(k) for k in named}, "files": files}
    for info in prefix.glob("lib/python3*/site-packages/*.dist-info"):
        if (info / "INSTALLER").read_text().strip() != "conda":
            found.update(_installed_by_pip(info))
    return found


def named(prefix: Path) -> set[tuple[str, str, str, str]]:
    """(manager, name, version, sha256 of conda packages) of everything installed."""
    found = set()
    for key, record in records(prefix).items():
        manager, _, name = key.partition(" ")
        found.add((manager, name, record["version"], record.get("sha256", "")))
    return found


def _installed_by_pip(info: Path) -> dict[str, Any]:
    metadata = message_from_string((info / "METADATA").read_text())
    rows = {path: digest for path, digest, _ in csv.reader((info / "RECORD").read_text().splitlines()) if digest}
    for path, digest in rows.items():
        kind, _, expected = digest.partition("=")
        content = hashlib.new(kind, (info.parent / path).read_bytes()).digest()
        assert base64.urlsafe_b64encode(content).rstrip(b"=").decode() == expected, path
    own = {path: digest for path, digest in rows.items() if not path.startswith("../")}
    installer = (info / "INSTALLER").read_text().strip()
    return {f"pip {metadata['Name']}": {"version": metadata["Version"], "installer": installer, "files": own}}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
