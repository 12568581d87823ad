"""What axe-core finds on both pages, with every part of them open. `npm install axe-core`, then AXE=.../axe.min.js."""

from __future__ import annotations

import json
import os
from pathlib import Path

import browser
import pytest
from run_records import run, step
from test_run_page import STORY, everything

from orchestrator.languages import translations
from orchestrator.records.entities import HostTotals, Status
from orchestrator.reports.environment_report import environment_report
from orchestrator.reports.page import environment_page

AXE = os.environ.get("AXE", "")
PROBE = """for (const one of document.querySelectorAll("details")) one.open = true;
const style = document.createElement("style");
style.textContent = "* { content-visibility: visible !important }";
document.head.append(style);
addEventListener("load", async () => { const found = await axe.run(document);
say(JSON.stringify({passes: found.passes.length, violations: found.violations.map((one) => [one.id, one.nodes[0].html]),
unsure: found.incomplete.flatMap((one) => one.nodes.map((node) => [one.id, node.html.slice(0, 80)]))})); });"""


def environment() -> str:
    hosts = {"web1": HostTotals(ok=1, failed=1), "web2": HostTotals(unreachable=1), "web3": HostTotals(changed=1)}
    about = run(step(hosts=hosts, status=Status.FAILED), status=Status.FAILED)
    return environment_page(environment_report("client-lab", [about], [], [STORY]), translations("zh_CN"), "zh_CN")


@pytest.mark.skipif(not (AXE and browser.available()), reason="needs chromium, and AXE=.../axe.min.js")
@pytest.mark.parametrize("page", [everything, environment], ids=["run", "environment in Chinese"])
@pytest.mark.parametrize("width", [1280, 400], ids=["desktop", "phone"])
def test_axe_finds_nothing(page: object, width: int, tmp_path: Path) -> None:
    library = Path(AXE).read_text(encoding="utf-8").replace("</script", "<\\/script")
    found = json.loads(browser.said(page(), f"{library}\n{PROBE}", tmp_path, width))  # type: ignore[operator]
    print(f"\n{found['passes']} rules passed, {len(found['unsure'])} places it cannot judge")
    assert found["violations"] == []
    if width > 1000:
        # Text in pictures: axe does not know what is behind it. It is black on white.
        assert all(kind == "color-contrast" and html.startswith("<text") for kind, html in found["unsure"])
