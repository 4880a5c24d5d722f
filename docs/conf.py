"""Configuration of Sphinx: `make docs` builds the site into docs/_build/html, without network."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# The kernels that execute the pages find this checkout and this environment too.
os.environ["PYTHONPATH"] = str(HERE.parent)
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from code_cache import choose_cache  # noqa: E402
from flowchart import replace_flowcharts  # noqa: E402
from generate_pages import generate_pages  # noqa: E402

from volcast.pipeline.version import __version__  # noqa: E402

generate_pages(HERE)

project, author, copyright = "volcast", "the volcast contributors", "the volcast contributors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build", "_extra", "benchmarks", ".jupyter_cache"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

nb_execution_mode = "cache"
nb_execution_cache_path = str(choose_cache(HERE / ".jupyter_cache", HERE.parent))
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_execution_show_tb = True
nb_merge_streams = True
nb_execution_in_temp = True

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

smartquotes = False
default_role = "code"

html_theme = "furo"
html_title = "volcast"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_extra"]
html_show_sourcelink = False

# Documents that stand outside this folder are included in it; links of the repository follow.
LINKS = {"](../CONTRIBUTING.md)": "](contributing.md)", "](../CHANGELOG.md)": "](changelog.md)"}


def setup(app: object) -> None:
    """Draw flowcharts, and let links to documents outside this folder lead to their pages."""

    def adapt(app: object, name: str, source: list[str]) -> None:
        for link, page in LINKS.items():
            source[0] = source[0].replace(link, page)
        if "```mermaid" in source[0]:
            source[0] = replace_flowcharts(source[0])

    app.connect("source-read", adapt)  # type: ignore[attr-defined]
