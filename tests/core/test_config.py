from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.config import Duration, Settings, Size, VpcEndpoint, known_keys, load, value_of
from cairn.core.errors import ConfigurationError


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "cairn.toml"
    file.write_text('[delivery]\ninterval = "1m"\n[server]\nport = 1\nhost = "::1"\n')
    settings = load(
        {"server.port": 3, "server.host": None}, environ={"CAIRN_SERVER_PORT": "2", "PATH": "/bin"}, file=file
    )
    assert settings.server.port == 3
    assert settings.server.host == "::1"
    assert settings.delivery.interval == 60
    assert settings.history.retention == 90 * 86400
    assert settings.origin == {"server.port": "flag", "server.host": str(file), "delivery.interval": str(file)}


def test_the_environment_reaches_every_key() -> None:
    for key, spec in known_keys():
        if spec.type is Duration:
            name = f"CAIRN_{key.replace('.', '_').upper()}"
            assert value_of(load(environ={name: "7s"}), key) == 7


@pytest.mark.parametrize(
    ("environ", "advice"),
    [({"CAIRN_DELIVRY_INTERVAL": "5s"}, "CAIRN_DELIVERY_INTERVAL"), ({"CAIRN_ZZZZ": "5s"}, "config show")],
)
def test_an_unknown_variable_is_an_error_with_advice(environ: dict[str, str], advice: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environ=environ)
    assert advice in caught.value.advice


def test_an_unknown_key_in_the_file_says_what_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "cairn.toml"
    file.write_text('[delivery]\nintervall = "1m"\n')
    with pytest.raises(ConfigurationError) as caught:
        load(environ={}, file=file)
    assert "delivery.interval?" in caught.value.advice


@pytest.mark.parametrize("text", ["[delivery", "interval = 5", '[delivery]\ninterval = "5 parsecs"'])
def test_a_file_that_does_not_fit_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cairn.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError):
        load(environ={}, file=file)


def test_upstreams_take_any_service() -> None:
    settings = load(environ={"CAIRN_UPSTREAMS_S3": "http://minio:9000"})
    assert settings.upstreams == {"s3": "http://minio:9000"}


def test_vpc_endpoints_are_sections_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "cairn.toml"
    file.write_text('[vpc_endpoints.vpce-1]\nnetworks = ["10.0.0.0/8"]\nservices = ["s3"]\n')
    settings = load(environ={}, file=file)
    assert settings.vpc_endpoints == {"vpce-1": VpcEndpoint(networks=["10.0.0.0/8"], services=["s3"])}
    assert settings.origin == {"vpc_endpoints.vpce-1": str(file)}
    file.write_text("[vpc_endpoints.vpce-1]\nnetwork = []\n")
    with pytest.raises(ConfigurationError) as caught:
        load(environ={}, file=file)
    assert caught.value.advice == "Did you mean vpc_endpoints.vpce-1.networks?"
    file.write_text('[vpc_endpoints]\nvpce-1 = "10.0.0.0/8"\n')
    with pytest.raises(ConfigurationError, match="is no section"):
        load(environ={}, file=file)


def test_a_choice_outside_its_values_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="verify, trust"):
        load(environ={"CAIRN_AUTH_MODE": "off"})


@given(st.integers(1, 10**6), st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_durations_are_units_of_seconds(count: int, unit: str) -> None:
    assert Duration.parse(f"{count}{unit}") == pytest.approx(
        count * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    )


@pytest.mark.parametrize(("text", "size"), [("512KB", 512 << 10), ("50MB", 50 << 20), ("10GB", 10 << 30), ("7", 7)])
def test_sizes_are_powers_of_1024(text: str, size: int) -> None:
    assert Size.parse(text) == size


def test_every_key_is_explained() -> None:
    assert all(spec.doc.endswith(".") for _, spec in known_keys())
    assert Settings().server.port == 4590
