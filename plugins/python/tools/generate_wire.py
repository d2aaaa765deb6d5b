"""Compiles proto/plugin/*.proto into the descriptor set that the SDK is built on.

    python tools/generate_wire.py            # writes aiges/wire/plugin.binpb and sources.json; needs grpcio-tools
    python tools/generate_wire.py --check    # exit code 1 when what is committed does not correspond to the sources

The check compares the sources' hashes with those noted at the last generation, and also compiles again where
grpcio-tools is there.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
import tempfile

SDK = pathlib.Path(__file__).resolve().parent.parent
PROTO = SDK.parent.parent / "proto" / "plugin"
WIRE = SDK / "aiges" / "wire"


def source_hashes() -> dict[str, str]:
    """SHA-256 of each source file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(PROTO.glob("*.proto"))}


def compile_sources() -> bytes:
    """The descriptor set of all sources with what they import. Raises ImportError without grpcio-tools."""
    from grpc_tools import protoc

    include = str(pathlib.Path(protoc.__file__).parent / "_proto")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "plugin.binpb"
        names = sorted(path.name for path in PROTO.glob("*.proto"))
        arguments = [f"-I{PROTO}", f"-I{include}", "--include_imports", f"--descriptor_set_out={out}", *names]
        if protoc.main(["protoc", *arguments]) != 0:
            raise RuntimeError("protoc failed")
        return out.read_bytes()


def differences() -> list[str]:
    """What does not correspond; empty when all is well."""
    noted = json.loads((WIRE / "sources.json").read_text())
    committed = (WIRE / "plugin.binpb").read_bytes()
    found = []
    if noted["sources"] != source_hashes():
        found.append("proto/plugin has changed since plugin.binpb was generated")
    if noted["descriptor_set"] != hashlib.sha256(committed).hexdigest():
        found.append("plugin.binpb is not the file that was generated")
    try:
        if compile_sources() != committed:
            found.append("compiling proto/plugin gives another plugin.binpb")
    except ImportError:
        pass  # The hashes decide then.
    return found


def generate() -> None:
    """Writes the descriptor set and the hashes."""
    compiled = compile_sources()
    (WIRE / "plugin.binpb").write_bytes(compiled)
    noted = {"descriptor_set": hashlib.sha256(compiled).hexdigest(), "sources": source_hashes()}
    (WIRE / "sources.json").write_text(json.dumps(noted, indent=2) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        problems = differences()
        print("\n".join(problems) or "plugin.binpb corresponds to proto/plugin")
        sys.exit(1 if problems else 0)
    generate()
