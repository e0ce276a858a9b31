"""What a fresh machine and a container do, read from the files that tell them. No container engine is needed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
RUNTIME, DEVELOPMENT = PROJECT / "requirements.txt", PROJECT / "requirements-dev.txt"
LOCKS = pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=lambda path: path.name)
SOURCES = pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])

PIN = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)"
    r"(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)
# In two parts, so that this file does not name what it forbids.
REGISTRIES = tuple(
    f"{name}.{ending}"
    for name, ending in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("deb.debian", "org"),
        ("archive.ubuntu", "com"),
        ("proxy.golang", "org"),
        ("conda.anaconda", "org"),
    ]
)


def joined(text: str) -> list[str]:
    """Lines with their continuations, without comments and blanks."""
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n?", "", text)).splitlines()
    return [re.sub(r" {2,}", " ", line).strip() for line in lines if line.strip()]


def pins(lock: Path) -> dict[tuple[str, str], str]:
    """{(package, marker): version}."""
    found = [PIN.fullmatch(line) for line in joined(lock.read_text())]
    return {(pin["name"], pin["marker"] or ""): pin["version"] for pin in found if pin}


def printed_recipe(target: str) -> str:
    """The commands that make would run for a target if nothing had been made yet."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    # Under `make test` the outer make's own flags stand in the environment.
    environment = {
        name: value for name, value in os.environ.items() if name not in {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    command = ["make", "--always-make", "--dry-run", "--no-print-directory", target]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True).stdout


def recipe(target: str) -> list[list[str]]:
    """The commands as words."""
    return [shlex.split(line) for line in joined(printed_recipe(target))]


def pip_install(commands: list[list[str]]) -> list[str]:
    """What follows `pip install` in the one command that has it."""
    (arguments,) = [command[command.index("install") + 1 :] for command in commands if "pip" in command]
    return arguments


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, what follows it), in order."""
    return [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined((PROJECT / "Dockerfile").read_text())
    ]


def docker_values(instruction: str) -> list[str]:
    return [value for name, value in dockerfile() if name == instruction]


# Requirements


@LOCKS
def test_every_requirement_is_one_version_with_hashes(lock: Path) -> None:
    unpinned = [line for line in joined(lock.read_text()) if not PIN.fullmatch(line)]
    assert unpinned == []
    assert len(pins(lock)) > 30


@LOCKS
def test_requirements_say_nothing_of_where_packages_come_from(lock: Path) -> None:
    # The comments too: uv writes its own command line into them unless told otherwise.
    told = re.findall(
        r"index-url|--(?:extra-)?index|find-links|trusted-host|file:|://|^-\w|(?:^|\s)[./~]+/|@ ",
        lock.read_text(),
        re.M,
    )
    assert told == []


def test_the_development_pins_contain_the_runtime_pins() -> None:
    runtime, development = pins(RUNTIME), pins(DEVELOPMENT)
    assert {package: development.get(package) for package in runtime} == runtime


@SOURCES
def test_every_requirement_asked_for_has_a_reason(name: str) -> None:
    lines = (PROJECT / name).read_text().splitlines()
    asked = [line for line in lines if line and not line.startswith(("#", "-r ", "-c "))]
    assert [line for line in asked if not re.fullmatch(r"[a-z0-9._\[\]-]+[=>]=\S+  # \S.{10,}", line)] == []
    assert len(asked) >= 10


@SOURCES
def test_what_was_asked_for_is_what_was_pinned(name: str) -> None:
    lock = PROJECT / name.replace(".in", ".txt")
    pinned = {(package, version) for (package, _), version in pins(lock).items()}
    packages = {package for package, _ in pinned}
    for line in (PROJECT / name).read_text().splitlines():
        if asked := re.match(r"([a-z0-9._-]+)(?:\[.*?\])?([=>]=)(\S+)", line):
            package, relation, version = asked.groups()
            assert package in packages
            assert relation == ">=" or (package, version) in pinned


# Two commands on a fresh machine


def test_make_run_installs_with_hashes_and_serves() -> None:
    commands = recipe("run")
    assert next(command[:4] for command in commands if "venv" in command) == ["python3", "-m", "venv", ".venv"]
    assert pip_install(commands) == ["--require-hashes", "-r", "requirements.txt"]
    assert commands[-1] == [".venv/bin/streamlit", "run", "app.py"]


def test_make_test_installs_with_hashes_and_tests() -> None:
    commands = recipe("test")
    assert pip_install(commands) == ["--require-hashes", "-r", "requirements-dev.txt"]
    pytest_runs = " ".join(commands[-1]).split(".venv/bin/python -m pytest ")[1:]
    assert [run.split("-m ", 1)[1].split(" -n")[0].split(" &&")[0] for run in pytest_runs] == [
        "not proof and not browser",
        "browser and not proof",
    ]
    # Its failure is left to the tests to judge.
    assert any(".ci/apt-install chromium || echo" in " ".join(command) for command in commands)


@pytest.mark.parametrize(("others", "browser", "expected"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)])
def test_make_test_runs_both_parts_and_fails_with_either(
    tmp_path: Path, others: int, browser: int, expected: int
) -> None:
    calls = tmp_path / "calls"
    (tmp_path / ".venv/bin").mkdir(parents=True)
    exits = f'case "$*" in *"not browser"*) exit {others};; *) exit {browser};; esac'
    stub(tmp_path / ".venv/bin", "python", f'echo "$*" >> {shlex.quote(str(calls))}\n{exits}')
    ran = subprocess.run(["sh", "-c", joined(printed_recipe("test"))[-1]], cwd=tmp_path, check=False)
    assert (len(calls.read_text().splitlines()), ran.returncode) == (2, expected)


def stub(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("user", "sudo", "expected"),
    [
        (0, "exit 1", ["apt-get update -q", "apt-get install -q -y --no-install-recommends chromium"]),
        (1000, 'shift; exec "$@"', ["apt-get update -q", "apt-get install -q -y --no-install-recommends chromium"]),
        (1000, "exit 1", []),
    ],
    ids=["root", "sudo without a password", "neither"],
)
def test_chromium_is_installed_only_by_who_may(tmp_path: Path, user: int, sudo: str, expected: list[str]) -> None:
    calls = tmp_path / "calls"
    stub(tmp_path, "id", f"echo {user}")
    stub(tmp_path, "sudo", sudo)
    stub(tmp_path, "apt-get", f'echo "apt-get $*" >> {shlex.quote(str(calls))}')
    installed = subprocess.run(
        [PROJECT / ".ci/apt-install", "chromium"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True
    )
    assert (calls.read_text().splitlines() if calls.exists() else []) == expected
    assert (installed.returncode == 0) == bool(expected)


def test_ci_is_red_when_tests_or_linters_are(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".ci").mkdir(parents=True)
    shutil.copy(PROJECT / ".ci/run", project / ".ci/run")
    stub(tmp_path, "make", 'echo "== 1 passed in 0.01s =="; [ "$1" != "$BROKEN" ]')
    for broken in ["test", "lint", "neither"]:
        run = subprocess.run(
            ["bash", ".ci/run"],
            cwd=project,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "BROKEN": broken},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert (run.returncode == 0) == (broken == "neither")
        assert run.stdout.splitlines()[-1] == "== 1 passed in 0.01s =="


# The container does what `make run` does


def test_the_container_installs_as_make_run_does() -> None:
    runs = [shlex.split(value) for value in docker_values("RUN") if not value.startswith("for driver")]
    assert pip_install(runs) == pip_install(recipe("run"))
    steps = [value for name, value in dockerfile() if name in {"COPY", "RUN"}]
    copied = next(number for number, step in enumerate(steps) if step.startswith("requirements.txt "))
    installed = next(number for number, step in enumerate(steps) if "pip install" in step)
    assert copied < installed < min(number for number, step in enumerate(steps) if step.startswith("app.py"))


def test_the_container_gets_the_drivers_that_it_is_asked_for_and_else_none() -> None:
    assert docker_values("ARG") == ['DRIVERS=""']
    (install,) = [value for value in docker_values("RUN") if value.startswith("for driver in $DRIVERS")]
    assert '--require-hashes -r "requirements/$driver.txt"' in install
    asked = re.findall(r"(?m)^        DRIVERS: (.+)$", (PROJECT / "compose.yaml").read_text())
    assert [(PROJECT / "requirements" / f"{name}.txt").is_file() for name in asked] == [True]


def test_the_container_serves_as_make_run_does_but_to_all() -> None:
    (command,) = docker_values("CMD")
    program, *arguments = recipe("run")[-1]
    assert json.loads(command) == [Path(program).name, *arguments, "--server.address=0.0.0.0"]


def test_the_container_has_the_python_that_the_pins_are_for() -> None:
    (image,) = docker_values("FROM")
    assert re.fullmatch(r"python:3\.11(\.\d+)?-slim(-\w+)?", image)
    assert "--python-version 3.11" in " ".join(word for command in recipe("lock") for word in command)


def test_the_container_serves_on_the_port_of_the_settings(settings: dict[str, object]) -> None:
    assert docker_values("EXPOSE") == [str(settings["server.port"])]


def test_the_container_is_not_root_when_it_serves() -> None:
    names = [name for name, _ in dockerfile()]
    (user,) = docker_values("USER")
    assert user not in {"root", "0"}
    assert any(re.search(rf"useradd .*\b{user}$", value) for value in docker_values("RUN"))
    assert max(names.index("RUN"), names.index("COPY")) < names.index("USER") < names.index("CMD")


def test_the_container_may_write_where_it_is_told_to_spill() -> None:
    (user,) = docker_values("USER")
    (spill,) = re.findall(r"ELBOW_ROOM_SPILL_DIR: (\S+)", (PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    made = [value.split() for value in docker_values("RUN") if value.startswith("install ")]
    assert any(words[-1] == spill and f"--owner={user}" in words for words in made)


def test_the_container_asks_after_its_own_health(settings: dict[str, object]) -> None:
    check = next(value for name, value in dockerfile() if name == "HEALTHCHECK")
    words = json.loads(check[check.index("[") :])
    assert words[:2] == ["python", "-c"]
    assert f"http://127.0.0.1:{settings['server.port']}/_stcore/health" in words[2]
    compile(words[2], "HEALTHCHECK", "exec")


def test_the_secrets_that_compose_hands_over_are_kept_out_of_git() -> None:
    handed = re.findall(r"(?m)^    file: \./(.+)$", (PROJECT / "compose.yaml").read_text())
    assert handed
    assert {f"/{name}" for name in handed} <= set((PROJECT / ".gitignore").read_text().splitlines())


def test_the_container_holds_what_the_app_needs_and_no_more() -> None:
    copied = {source.rstrip("/") for value in docker_values("COPY") for source in value.split()[:-1]}
    code = {"app.py", "pages", "ui", "charts", "core", "sample_data"}
    assert copied == code | {"requirements.txt", "requirements", ".streamlit/config.toml"}
    rules = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:].rstrip("/") for rule in rules if rule.startswith("!")} == copied


# What Streamlit makes of the settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Streamlit's own view of .streamlit/config.toml, free of whoever runs the tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    environment["HOME"] = str(tmp_path_factory.mktemp("home"))
    # Not `streamlit config show`, which keeps some to itself.
    ask = "import json; from streamlit import config; found = config.get_config_options(force_reparse=True); "
    ask += "print(json.dumps({name: config.get_option(name) for name in found}, default=str))"
    shown = subprocess.run(
        [sys.executable, "-c", ask], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    # Where it warns of names or values that it does not know.
    assert shown.stderr == ""
    found: dict[str, object] = json.loads(shown.stdout)
    return {name: value for name, value in found.items() if value is not None}


def flat(section: str, names: dict[str, object]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in names.items():
        path = f"{section}.{name}"
        found += flat(path, value) if isinstance(value, dict) else [(path, value)]
    return found


@pytest.mark.parametrize(
    ("name", "promised"),
    [
        ("browser.gatherUsageStats", False),
        ("browser.serverAddress", "localhost"),
        ("client.showErrorDetails", "none"),
        ("client.showErrorLinks", False),
        ("client.toolbarMode", "viewer"),
        ("client.disableDataExport", True),
        ("client.showSidebarNavigation", False),
        ("server.address", "127.0.0.1"),
        ("server.port", 8501),
        ("server.headless", True),
        ("server.maxUploadSize", 1000),
    ],
)
def test_streamlit_is_set_as_promised(settings: dict[str, object], name: str, promised: object) -> None:
    assert settings.get(name) == promised


def test_every_setting_is_one_that_streamlit_knows(settings: dict[str, object]) -> None:
    written = tomllib.loads((PROJECT / ".streamlit/config.toml").read_text())
    asked = dict(pair for section, names in written.items() for pair in flat(section, names))
    assert {name: settings.get(name) for name in asked} == asked


def test_fonts_are_those_that_streamlit_brings_along(settings: dict[str, object]) -> None:
    fonts = {
        value for name, value in settings.items() if name.rpartition(".")[2] in {"font", "codeFont", "headingFont"}
    }
    assert fonts <= {"sans-serif", "serif", "monospace"}
    assert not [name for name in settings if name.endswith("fontFaces")]


def luminance(color: str) -> float:
    """Relative luminance by WCAG 2.2."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_as_wcag_reckons_it() -> None:
    # W3C, Understanding SC 1.4.3: black on white is 21:1; #777777 on white falls just short of 4.5:1.
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert 4.4 < contrast("#777777", "#FFFFFF") < 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
# WCAG 2.2: 7:1 and 4.5:1 for text (AAA and AA), 3:1 for the parts of a control.
@pytest.mark.parametrize(("ink", "least"), [("textColor", 7), ("linkColor", 4.5), ("primaryColor", 3)])
def test_both_themes_can_be_read(settings: dict[str, object], theme: str, ground: str, ink: str, least: float) -> None:
    assert contrast(str(settings[f"theme.{theme}.{ink}"]), str(settings[f"theme.{theme}.{ground}"])) >= least


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_streamlits_white_on_a_primary_button_can_be_read(settings: dict[str, object], theme: str) -> None:
    assert contrast(str(settings[f"theme.{theme}.primaryColor"]), "#FFFFFF") >= 4.5


# Everything committed


def test_no_file_names_a_package_registry() -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    files = [PROJECT / os.fsdecode(name) for name in listed.split(b"\0") if name]
    assert PROJECT / "Makefile" in files
    naming = {
        (str(file.relative_to(PROJECT)), registry)
        for file in files
        if file.is_file()
        for registry in REGISTRIES
        if registry.encode() in file.read_bytes()
    }
    assert naming == set()
