import pytest

from cairn.core.config import Settings
from cairn.core.errors import ConfigurationError
from cairn.service.elsewhere import elsewhere, endpoints


def test_a_service_can_be_cairns_own_where_everything_else_is_elsewhere() -> None:
    settings = Settings(upstreams={"*": "http://cloud:9000", "logs": "cairn"})
    assert elsewhere(settings, "logs") is None
    assert elsewhere(settings, "sns") is not None
    assert set(endpoints(settings)) == {"*"}


def test_only_what_cairn_serves_can_be_its_own() -> None:
    with pytest.raises(ConfigurationError, match="does not serve ec2"):
        endpoints(Settings(upstreams={"ec2": "cairn"}))
