from pathlib import Path

import pytest

from app import cores
from app.settings import Settings

CORES = 8


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_affinity", lambda: CORES)


def available(root: Path, membership: str, files: dict[str, str]) -> int:
    """Cores where the control groups hold ``files``."""
    for name, content in files.items():
        file = root / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (root / "membership").write_text(membership)
    return cores.available_cores(root / "cgroup", root / "membership")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("200000 100000\n", 2),
        ("250000 100000\n", 2),
        ("50000 100000\n", 1),
        ("max 100000\n", CORES),
        ("9900000 100000\n", CORES),
        ("150000 50000\n", 3),
        ("", CORES),
        ("nonsense", CORES),
        ("100000 0\n", CORES),
        ("-1 100000\n", CORES),
    ],
)
def test_version_2_gives_whole_cores_of_its_quota(tmp_path: Path, content: str, expected: int) -> None:
    assert available(tmp_path, "0::/\n", {"cpu.max": content}) == expected


def test_version_2_is_bound_by_every_group_above(tmp_path: Path) -> None:
    assert available(tmp_path, "0::/pod/box\n", {"pod/box/cpu.max": "max 100000", "pod/cpu.max": "300000 100000"}) == 3
    assert available(tmp_path, "0::/pod/box\n", {"pod/box/cpu.max": "200000 100000", "pod/cpu.max": "300000 100000"}) == 2


def test_a_group_named_as_the_host_sees_it_is_sought_at_the_root(tmp_path: Path) -> None:
    assert available(tmp_path, "0::/docker/0123\n", {"cpu.max": "400000 100000"}) == 4
    assert available(tmp_path, "0::/../../other\n", {"cpu.max": "400000 100000"}) == 4


@pytest.mark.parametrize(("quota", "expected"), [("300000", 3), ("-1", CORES), ("50000", 1)])
@pytest.mark.parametrize("folder", ["cpu", "cpu/docker/0123"])
def test_version_1_gives_whole_cores_of_its_quota(tmp_path: Path, folder: str, quota: str, expected: int) -> None:
    files = {f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": "100000\n"}
    assert available(tmp_path, "7:memory:/x\n4:cpu,cpuacct:/docker/0123\n", files) == expected


def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    assert cores.available_cores(tmp_path / "none", tmp_path / "none") == CORES


def test_the_machine_itself_has_a_core() -> None:
    assert cores.available_cores() >= 1


def test_threads_0_is_a_number_of_cores_once_the_settings_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.settings.available_cores", lambda: 6)
    assert Settings(threads=0).threads == 6
    assert Settings(threads=3).threads == 3
    assert Settings().threads == 1


def test_several_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    class Workers(Settings):
        workers: int

    monkeypatch.setattr("app.settings.available_cores", lambda: 6)
    assert [Workers(threads=0, workers=count).threads for count in (1, 2, 4, 8)] == [6, 3, 1, 1]
