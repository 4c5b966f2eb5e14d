"""The service's sandbox: what is read in it, what is open, and that nothing else is."""

from __future__ import annotations

from ocrd.engine.rapidocr import weights
from tests.installation import LETTER, ROOT, eventually
from tests.system.service import UNIT, Service
from tests.system.working import ON_MACHINE, oldest_only, scripted


@oldest_only
def test_the_engine_reads_inside_the_full_sandbox(service: Service) -> None:
    service.configure('kind = "rapidocr"')
    service.start()
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")
    assert "Linzensoep à la Waterman" in (service.inbox / "done" / "typewriter.md").read_text()
    # /proc/cpuinfo is to be seen in there: the quicker network is chosen where there is one.
    journal = service.journal_text(f"--since=@{service.since}")
    assert ("small, int8" in journal) is weights.multiplies_bytes()


def ways_out(service: Service) -> list[str]:
    """Return what an engine that tries everything found open in the service's sandbox."""
    for place in (service.root / "srv" / "other", service.root / "home" / "anna"):
        place.mkdir(exist_ok=True)
        place.chmod(0o777)
        (place / "note").touch()
    shut = ["/etc/ocrd", "/usr", "/srv", "/srv/other", "/home/anna", "/var/cache", "/dev", "/run"]
    service.configure(
        scripted("escape", write=[*shut, "/srv/ocrd/inbox"], list=["/home/anna", "/root"]),
        inbox="tolerance = 1.0",  # what it reports is not what stands on the page
    )
    service.start()
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")
    text = (service.inbox / "done" / "typewriter.md").read_text()
    said = [line for line in text.splitlines() if line and not line.startswith("<!--")]
    return said[0].split("; ")


def test_nothing_leaves_the_sandbox(service: Service) -> None:
    assert ways_out(service) == ["write /srv/ocrd/inbox"]


@oldest_only
def test_without_the_sandbox_there_are_ways_out(service: Service) -> None:
    keys = [
        "ProtectHome=no", "ProtectSystem=no", "MemoryDenyWriteExecute=no", "ProtectProc=default",
        "RestrictAddressFamilies=", "RestrictNamespaces=no", "RestrictSUIDSGID=no",
        "SystemCallFilter=",
    ]  # fmt: skip
    service.override("open", "\n".join(keys))
    assert {
        "network", "writable code", "setuid", "other users' processes",
        "write /srv/other", "write /home/anna", "list /home/anna",
    } <= set(ways_out(service))  # fmt: skip


def test_the_exposure_is_at_most_what_is_promised(service: Service) -> None:
    service.machine.run("systemd-analyze", "security", "--no-pager", "--threshold=15", UNIT)
    for drop_in in ("gpu", "network"):
        text = (ROOT / "systemd" / "drop-ins" / f"{drop_in}.conf").read_text()
        place = service.units / "ocrd.service.d" / f"{drop_in}.conf"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    service.machine.systemctl("daemon-reload")
    service.machine.run("systemd-analyze", "security", "--no-pager", "--threshold=20", UNIT)


def test_systemd_finds_no_fault_in_the_units(service: Service) -> None:
    for name in ("gpu", "network", "home", "on-failure"):
        text = (ROOT / "systemd" / "drop-ins" / f"{name}.conf").read_text()
        (service.units / "ocrd.service.d" / f"{name}.conf").write_text(text)
    (service.units / "ocrd-failed.service").write_text("[Service]\nExecStart=/bin/true\n")
    units = (UNIT, "ocrd-backup.service", "ocrd-backup.timer")
    result = service.machine.run("systemd-analyze", "verify", "--man=no", *units)
    (service.units / "ocrd-failed.service").unlink()
    assert result.stdout + result.stderr == ""


def test_systemd_paths_opens_the_configured_folders(service: Service) -> None:
    strange = service.root / "srv" / 'a b%$"c\\'
    private = service.root / "home" / "anna"
    scans = private / "Scans"
    for place in (strange, scans):
        place.mkdir(parents=True, exist_ok=True)
    private.chmod(0o700)
    for place in (strange, scans):
        service.machine.run("chown", "ocrd:", f"/{place.relative_to(service.root)}")
    service.configure(
        more='[[inbox]]\npath = \'/srv/a b%$"c\\\'\nsettle = "200ms"\n'
        '[[inbox]]\npath = "/home/anna/Scans"\nsettle = "200ms"\n'
    )
    service.start()
    service.wait_for_text("ocrd systemd-paths --write")
    told = service.client.status()["inboxes"]
    assert [inbox["online"] and not inbox["blocked"] for inbox in told] == [True, False, False]
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")
    service.machine.run("ocrd", "systemd-paths", "--write")
    service.machine.systemctl("daemon-reload")
    service.machine.systemctl("restart", UNIT)
    for place in (strange, scans):
        service.machine.run("cp", ON_MACHINE, f"/{place.relative_to(service.root)}")
        eventually((place / "done" / "typewriter.md").exists, what=service.journal_text())


@oldest_only
def test_a_file_system_that_is_mounted_later_is_read(service: Service) -> None:
    (service.inbox.parent / "late").mkdir(exist_ok=True)
    service.machine.run("chown", "ocrd:", "/srv/ocrd/late")
    service.configure(
        more='[[inbox]]\npath = "/srv/ocrd/late"\nsettle = "200ms"\nscan_interval = "500ms"\n'
    )
    service.start()
    service.machine.run("mount", "-t", "tmpfs", "-o", "mode=777", "late", "/srv/ocrd/late")
    try:
        service.machine.run("cp", ON_MACHINE, "/srv/ocrd/late")
        done = ("test", "-e", "/srv/ocrd/late/done/typewriter.md")
        eventually(lambda: service.machine.run(*done, check=False).returncode == 0)
        service.stop()
    finally:
        service.machine.run("umount", "/srv/ocrd/late")


@oldest_only
def test_a_file_that_another_user_still_writes_is_left_alone(service: Service) -> None:
    service.start()
    service.drop(LETTER, "open.png")
    service.machine.run(
        "systemd-run",
        "--unit=writer",
        "--quiet",
        "sh",
        "-c",
        "exec 3>>/srv/ocrd/inbox/open.png && exec sleep infinity",
    )
    service.drop(LETTER, "other.png")
    service.wait_for("done/other.md")
    assert "open.png" in service.tree()
    service.machine.systemctl("stop", "writer")
    service.wait_for("done/open.md")
