"""Keeps what setuptools builds out of the source tree, which may be read-only or under version control."""

import atexit
import os
import shutil
import tempfile

from setuptools import setup

scratch = tempfile.mkdtemp(prefix="aiges-sdk-build-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
egg_base = os.path.join(scratch, "egg-info")
os.mkdir(egg_base)

setup(options={"build": {"build_base": os.path.join(scratch, "build")}, "egg_info": {"egg_base": egg_base}})
