"""What accompanies a release agrees with the package: version, dependencies, container, rights."""

import re
import tomllib

import pytest
import yaml

import volcast
from tests.checkout import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {
    "arch": "arch-py",
    "exchange_calendars": "exchange-calendars",
    "matplotlib": "matplotlib-base",
}


def read_yaml(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_citation_names_the_version_and_the_licence():
    citation = read_yaml("CITATION.cff")
    assert citation["version"] == volcast.__version__
    assert citation["license"] == PROJECT["license"] and citation["cff-version"] == "1.2.0"


def test_the_conda_recipe_has_the_dependencies_of_the_project():
    recipe = read_yaml(".conda/recipe.yaml")
    assert recipe["context"]["version"] == volcast.__version__
    wanted = {"python >=3.11"}
    for line in PROJECT["dependencies"]:
        name, bounds = re.fullmatch(r"([\w.-]+)(.*)", line).groups()
        wanted.add(f"{CONDA_NAMES.get(name, name)} {bounds}")
    assert set(recipe["requirements"]["run"]) == wanted
    (entry,) = recipe["build"]["python"]["entry_points"]
    assert entry == f"volcast = {PROJECT['scripts']['volcast']}"


def test_the_container_runs_the_job_as_a_user_without_rights():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001" in last and 'CMD ["retrain", "--if-due"]' in last
    assert last.index("USER 10001") < last.index('ENTRYPOINT ["volcast"]')
    assert not any(line.startswith("ADD ") or ":latest" in line for line in lines)
    copied = {word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]}
    for name in copied - {"--from=build", "/venv"}:
        assert list(ROOT.glob(name)), name
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert all(f"!{name.split('/')[0]}\n" in kept for name in copied if name != "/venv"
               and not name.startswith("--"))  # fmt: skip


@pytest.mark.parametrize("name", ["ci", "docs", "release"])
def test_a_workflow_has_no_right_that_it_does_not_need(name):
    workflow = read_yaml(f".github/workflows/{name}.yml")
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "password" not in step.get("with", {}), "a trusted publisher needs no token"


def test_a_release_is_published_by_a_trusted_publisher_with_attestations():
    publish = read_yaml(".github/workflows/release.yml")["jobs"]["publish"]
    assert publish["permissions"]["id-token"] == "write" and publish["environment"]
    uses = {step["uses"].split("@")[0]: step.get("with", {}) for step in publish["steps"]
            if "uses" in step}  # fmt: skip
    assert uses["pypa/gh-action-pypi-publish"]["attestations"] is True
    assert "actions/attest-build-provenance" in uses


@pytest.mark.parametrize("name", ["bug", "feature", "data"])
def test_an_issue_form_has_what_forms_need(name):
    form = read_yaml(f".github/ISSUE_TEMPLATE/{name}.yml")
    assert form["name"] and form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
