"""Command line: `python -m aiges serve | create | pack | run | version`."""

from __future__ import annotations

import argparse
import os
import pathlib
import platform
import sys
from typing import Callable

from aiges import __version__
from aiges.project import ProjectError, create_project, pack_project


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0, 1 when it failed (the reason is on stderr), 2 for bad
    arguments."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except ProjectError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aiges", description="Tools for AI services written as wrappers.")
    commands = parser.add_subparsers(metavar="command", required=True)

    serve = commands.add_parser("serve", help="serve the wrapper as a plugin (started by a daemon)")
    serve.set_defaults(command=_serve)

    create = commands.add_parser("create", help="make a new wrapper project")
    create.add_argument("-n", "--name", required=True, help="name of the project and of its service")
    create.add_argument("-p", "--path", type=pathlib.Path, default=pathlib.Path("."), help="where to make it")
    create.set_defaults(command=_create)

    pack = commands.add_parser("pack", help="pack a wrapper folder into a tar.gz")
    pack.add_argument("folder", nargs="?", type=pathlib.Path, default=None, help="the folder (default: this one)")
    pack.add_argument("-l", "--location", type=pathlib.Path, default=pathlib.Path("."), help="the same as folder")
    pack.add_argument("-o", "--output", type=pathlib.Path, default=None, help="the archive (default: <folder>.tar.gz)")
    pack.set_defaults(command=_pack)

    run = commands.add_parser("run", help="call the wrapper once with its test data, without a server")
    run.add_argument("--wrapper-dir", type=pathlib.Path, default=None, help="folder of wrapper.py")
    run.add_argument("--stream", action="store_true", help="as a session instead of a single request")
    run.set_defaults(command=_run)

    version = commands.add_parser("version", help="print the versions of the SDK and of Python")
    version.set_defaults(command=_version)
    return parser


def _serve(_options: argparse.Namespace) -> int:
    from aiges.serve import main as serve

    serve()


def _create(options: argparse.Namespace) -> int:
    project = create_project(options.name, options.path)
    print(f"created {project}; try it: cd {project} && {os.path.basename(sys.executable)} -m aiges run")
    return 0


def _pack(options: argparse.Namespace) -> int:
    output = options.output
    print(pack_project(options.folder or options.location, output))
    return 0


def _run(options: argparse.Namespace) -> int:
    from aiges.answers import InvalidAnswer
    from aiges.loader import WrapperFailure, load_wrapper
    from aiges.local_run import run_loaded

    if options.wrapper_dir is not None:
        sys.path.insert(0, str(options.wrapper_dir.resolve()))
    try:
        run_loaded(load_wrapper(), options.stream)
    except (WrapperFailure, InvalidAnswer) as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    return 0


def _version(_options: argparse.Namespace) -> int:
    print(f"aiges-sdk {__version__} (Python {platform.python_version()}, {sys.executable})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
