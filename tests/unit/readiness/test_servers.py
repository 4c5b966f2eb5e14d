"""The servers of an engine as ``ocrd check`` finds them, in the real process of its own."""

from __future__ import annotations

from ocrd.config.settings import EngineSettings
from ocrd.readiness import servers
from ocrd.readiness.finding import Verdict
from tests.servers import refuse, say, serving


async def test_each_server_has_its_findings() -> None:
    with serving(always=say("Nothing of it.")) as bad, serving(of_models=refuse(401, "?")) as shut:
        engine = EngineSettings.model_validate({"kind": "openai", "urls": [bad.url, shut.url]})
        found = await servers.findings("far", engine)
    assert {one.subject for one in found} == {"engine far"}
    of_bad = [one.message for one in found if one.message.startswith(bad.url)]
    assert any("wrongly" in message for message in of_bad)
    (one,) = [one for one in found if one.message.startswith(shut.url)]
    assert (one.verdict, "key_file" in one.remedy) == (Verdict.FAIL, True)


async def test_a_table_that_cannot_be_used_is_said() -> None:
    engine = EngineSettings.model_validate(
        {"kind": "openai", "urls": ["http://127.0.0.1:9/v1"], "key_file": "/nowhere/key"}
    )
    (found,) = await servers.findings("far", engine)
    assert found.verdict is Verdict.FAIL
    assert "/nowhere/key" in found.message


async def test_other_engines_have_no_servers() -> None:
    assert await servers.findings("default", EngineSettings()) == []
