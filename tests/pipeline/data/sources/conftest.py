"""Packages with entry points, installed for the time of a test."""

import sys

import pytest


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package of one module and its entry points for the time of a test."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)

    def install(package, code, entry_points, group="volcast.sources"):
        write_package(site, package, code, f"[{group}]\n{entry_points}\n")

    yield install
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(site)):
            del sys.modules[name]


def write_package(site, package, code, entry_points):
    """Write a package of one module and its entry points."""
    (site / f"{package}.py").write_text(code, encoding="utf-8")
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
