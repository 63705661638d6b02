"""What the README says is there: every command it shows exists with the options it uses."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import REPOSITORY

READMES = ("README.md", "README.ja.md")


def shown_commands(readme: str) -> list[str]:
    text = (REPOSITORY / readme).read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line.split(" #")[0].strip() for block in blocks for line in block.splitlines() if line]


def help_of(*command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--help"])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("readme", READMES)
def test_every_command_shown_exists_with_its_options(readme):
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    commands = shown_commands(readme)

    assert any(command.startswith("okaeri") for command in commands)
    for command in commands:
        program, *words = shlex.split(command)
        if program == "make":
            assert words[0] in targets, command
            continue
        assert program == "okaeri", command
        name = words[:2] if words[0] in {"exports", "coupons"} else words[:1]
        text = help_of(*name)
        for option in (word for word in words if word.startswith("--")):
            assert option in text, f"{readme}: {command}: {option}"


@pytest.mark.parametrize("readme", READMES)
def test_every_file_linked_exists(readme):
    text = (REPOSITORY / readme).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]

    assert links
    missing = [link for link in links if not (REPOSITORY / link).exists()]
    assert not missing


def test_both_readmes_show_the_same_commands():
    assert shown_commands("README.md") == shown_commands("README.ja.md")


def test_every_table_named_is_a_model():
    named = set(
        re.findall(r"`((?:rpt|fct|dim|seg)_[a-z_]+)`", (REPOSITORY / "README.md").read_text())
    )
    models = {file.stem for file in (REPOSITORY / "dbt_project" / "models").rglob("*.sql")}

    assert named <= models
