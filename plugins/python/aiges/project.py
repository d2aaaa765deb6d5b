"""Wrapper projects: making a new one and packing one for delivery."""

from __future__ import annotations

import pathlib
import re
import tarfile

TEMPLATE = pathlib.Path(__file__).parent / "templates" / "project"
PLACEHOLDER = "__NAME__"

_LEFT_OUT = {"__pycache__", ".git", ".venv", ".DS_Store"}


class ProjectError(Exception):
    """The project cannot be made or packed: the message says why."""


def create_project(name: str, parent: pathlib.Path) -> pathlib.Path:
    """Makes the project `parent/name` from the template. Raises ProjectError for an unusable name and when something of
    that name exists."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", name):
        raise ProjectError(f"{name!r} cannot name a service: use letters, digits, - and _, beginning with a letter")
    target = parent / name
    if target.exists():
        raise ProjectError(f"{target} exists already; nothing was written")
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_dir() or _LEFT_OUT & set(source.parts):
            continue
        path = target / source.relative_to(TEMPLATE)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = source.read_bytes()
        if source.suffix != ".png":
            data = data.replace(PLACEHOLDER.encode(), name.encode())
        path.write_bytes(data)
    return target


def pack_project(folder: pathlib.Path, output: pathlib.Path | None = None) -> pathlib.Path:
    """Packs a wrapper folder into a tar.gz and returns its path.

    `folder` holds wrapper.py, or has a folder `wrapper` that does. The archive, `output` or `<name>.tar.gz` in the
    working directory, keeps the folder's structure. Raises ProjectError when there is no wrapper.py.
    """
    folder = folder.resolve()
    if not any((place / "wrapper.py").is_file() for place in (folder, folder / "wrapper")):
        raise ProjectError(f"no wrapper.py in {folder} or {folder / 'wrapper'}")
    archive = (output or pathlib.Path(f"{folder.name}.tar.gz")).resolve()
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path == archive or path.is_dir() or _LEFT_OUT & set(relative.parts):
                continue
            tar.add(path, arcname=str(relative), filter=_as_root)
    return archive


def _as_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info
