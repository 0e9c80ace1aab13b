"""A runner of composite actions, as much of one as action.yml needs: conditions, expressions, `run` steps in bash,
files for summary and outputs, and the workflow commands that it finds in what is printed."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from conftest import ROOT

ACTION = ROOT / "action.yml"
STEP = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]  # what `shell: bash` stands for


@dataclass
class Ran:
    """A job: exit code, all that was printed, the commands that were obeyed, and what the files hold."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]
    commands: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def named(self, name: str) -> list[tuple[dict[str, str], str]]:
        return [(fields, text) for command, fields, text in self.commands if command == name]


def run_action(workspace: Path, temp: Path, skip: tuple[str, ...] = (), **inputs: str) -> Ran:
    """Run the action's `run` steps in a checkout; inputs by name, with underscores for dashes."""
    action = yaml.safe_load(ACTION.read_text())
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    assert given.keys() <= action["inputs"].keys()
    context: dict[str, Any] = {f"inputs.{n}": given.get(n, about["default"]) for n, about in action["inputs"].items()}
    context["github.action_path"] = str(ROOT)
    ran = Ran(0, "", "", {})
    for step in action["runs"]["steps"]:
        if "if" in step and not condition(step["if"], context):
            continue
        if "run" not in step or step["name"] in skip:
            continue
        done = run_step(step, context, workspace, temp)
        ran = Ran(done.code, ran.log + done.log, ran.summary + done.summary, {**ran.outputs, **done.outputs})
        for name, value in done.outputs.items():
            context[f"steps.{step['id']}.outputs.{name}"] = value
        if ran.code:
            break
    ran.commands = obeyed(ran.log)
    told = {name: expanded(about["value"], context) for name, about in action["outputs"].items()}
    assert {name: value for name, value in told.items() if value} == {n: v for n, v in ran.outputs.items() if v}
    return ran


def run_step(step: dict[str, Any], context: dict[str, Any], workspace: Path, temp: Path) -> Ran:
    with tempfile.TemporaryDirectory(dir=temp) as folder:
        paths = {n: Path(folder, n.lower()) for n in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH", "STATE")}
        for path in paths.values():
            path.touch()
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG") or k.startswith("PIP_")}
        environment |= {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_REPOSITORY": "course/ada"}
        environment |= {"GITHUB_WORKSPACE": str(workspace), "RUNNER_TEMP": str(temp), "GITHUB_TOKEN": "ghs_secret"}
        environment |= {f"GITHUB_{name}": str(path) for name, path in paths.items()}
        environment |= {name: expanded(value, context) for name, value in step.get("env", {}).items()}
        script = Path(folder, "script.sh")
        script.write_text(step["run"])
        command = [*STEP, str(script)]
        done = subprocess.run(
            command, cwd=workspace, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
        )
        texts = {name: path.read_text() for name, path in paths.items()}
    assert not texts["ENV"] and not texts["PATH"] and not texts["STATE"]
    return Ran(done.returncode, done.stdout.decode(), texts["STEP_SUMMARY"], outputs_of(texts["OUTPUT"]))


def condition(text: str, context: dict[str, Any]) -> bool:
    """Of the one form that is used: `inputs.name == ''`."""
    found = re.fullmatch(r"([\w.-]+) == ''", text)
    assert found, text
    return not context[found[1]]


def expanded(text: str, context: dict[str, Any]) -> str:
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: str(context.get(found[1], "")), text)


def outputs_of(text: str) -> dict[str, str]:
    """$GITHUB_OUTPUT as the runner reads it: `name=value`, or `name<<mark`, lines, mark."""
    found, lines = dict[str, str](), iter(text.splitlines())
    for line in lines:
        heredoc = re.fullmatch(r"([^=]+?)<<(.+)", line)
        if heredoc:
            value = []
            while (inner := next(lines)) != heredoc[2]:
                value.append(inner)
            found[heredoc[1]] = "\n".join(value)
        else:
            name, _, found[name] = line.partition("=")
    return found


def obeyed(log: str) -> list[tuple[str, dict[str, str], str]]:
    """The workflow commands that a runner obeys: `::name fields::text` at the start of a line (spaces before it do not
    count), or `##[name]text` anywhere in it; none from stop-commands to its token."""
    found, stopped = list[tuple[str, dict[str, str], str]](), ""
    for line in re.split(r"\r\n|\n|\r", log):
        if stopped:
            stopped = "" if line.strip() == f"::{stopped}::" else stopped
            continue
        new = re.match(r"\s*::([\w-]+)(?: (.*?))?::(.*)$", line)
        old = re.search(r"##\[([\w-]+)(?: (.*?))?\](.*)$", line)
        if not (match := new or old):
            continue
        if match[1] == "stop-commands":
            stopped = match[3]
        else:
            pairs = (pair.partition("=") for pair in (match[2] or "").split(",") if pair)
            found.append((match[1], {k: unescaped(v) for k, _, v in pairs}, unescaped(match[3])))
    assert not stopped, "commands are stopped to the end of the job"
    return found


def unescaped(text: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text
