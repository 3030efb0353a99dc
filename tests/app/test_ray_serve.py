"""What a deployment on Ray is told before anything starts; the cluster itself is in tests/system/test_ray.py."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("ray.serve", reason="ray is not installed; pip install 'slotline[ray]'")

from app.errors import StartupError
from app.ray_serve import OF_THE_CLUSTER, application, settings_of
from app.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(OF_THE_CLUSTER))
def test_what_the_cluster_decides_is_a_setting_and_is_refused_by_name(name: str) -> None:
    assert name in Settings.model_fields
    with pytest.raises(StartupError, match=f"{name} cannot be set under Ray"):
        application({name: 1})


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(StartupError, match="there is no setting model"):
        application({"model": "booking"})


def test_a_wrong_value_is_refused_with_the_setting_and_the_reason() -> None:
    with pytest.raises(StartupError, match=r"max_wait_s: .*greater than 0"):
        application({"max_wait_s": -1})


def test_the_environment_opens_no_door_that_would_change_one_replica_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTLINE_ADMIN_KEYS", "ops:0000")
    monkeypatch.setenv("SLOTLINE_MAX_CHARACTERS", "77")
    settings = settings_of({"deadline_s": 3})
    assert (settings.admin_keys, settings.max_characters, settings.deadline_s) == (None, 77, 3)


def test_the_shipped_configuration_is_one_that_ray_and_the_service_take() -> None:
    from ray.serve.schema import ServeDeploySchema

    config = ServeDeploySchema(**yaml.safe_load((ROOT / "deploy" / "ray" / "serve.yaml").read_text()))
    (served,) = config.applications
    assert served.import_path == f"{application.__module__}:{application.__name__}"
    assert settings_of(served.args).models == Path("/models")
