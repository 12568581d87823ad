"""The two Tomcat instances of an application."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.slot_instances import slot_instances

APPLICATION = {"name": "clinic", "slots": {"blue": 8080, "green": 8180}}


def test_each_slot_is_told_where_it_reads_whether_it_may_run_background_jobs() -> None:
    shared = {"heap_mb": 64, "environment": {"CLINIC_REDIS_HOST": "cache1"}}
    blue, green = slot_instances(APPLICATION, **shared)
    for instance, colour in ((blue, "blue"), (green, "green")):
        file = instance["environment"].pop("LIFECYCLE_BACKGROUND_JOBS_FILE")
        assert file == f"/var/lib/tomcat-instances/clinic-{colour}/background-jobs"
        assert instance["environment"] == {"CLINIC_REDIS_HOST": "cache1"}
    assert shared["environment"] == {"CLINIC_REDIS_HOST": "cache1"}


def test_a_slot_without_an_environment_gets_one() -> None:
    assert list(slot_instances(APPLICATION, heap_mb=64)[0]["environment"]) == ["LIFECYCLE_BACKGROUND_JOBS_FILE"]


def test_a_slot_may_have_a_release_of_tomcat_of_its_own() -> None:
    blue, green = slot_instances(APPLICATION, majors={"green": 11}, heap_mb=64)
    assert "major" not in blue
    assert green["major"] == 11


def test_a_slot_of_another_name_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="majors has red; slots are blue and green"):
        slot_instances(APPLICATION, majors={"red": 11}, heap_mb=64)
