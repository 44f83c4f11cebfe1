"""Opening a log in PostgreSQL: what is not one, or cannot be reached or written, is refused clearly and without a password."""

from __future__ import annotations

import pytest

from store import BadLogUrl, DamagedLog, LogNotFound, LogReadOnly, LogUnavailable, NewerLog, NotAVigilLog, StoreSettings, open_log
from tests.conftest import PostgresServer
from tests.store.given import C, everything, refused_opening, said
from tests.store.raw import by_hand


def test_a_postgresql_schema_without_a_log_isrefused_opening(postgres: PostgresServer) -> None:
    place = postgres.url()
    message = refused_opening(place, LogNotFound, r"There is no log in schema t\w+ of postgresql://")
    assert place.partition("?schema=")[2] in message


def test_a_postgresql_schema_of_something_else_isrefused_opening(postgres: PostgresServer) -> None:
    for columns, tables in (("x int", ("customer",)), ("x int", ("log", "stream", "event"))):
        place = postgres.url()
        with by_hand(place) as raw:
            schema = place.partition("?schema=")[2]
            raw.execute(f"CREATE SCHEMA {schema}")
            for table in tables:
                raw.execute(f"CREATE TABLE {table} ({columns})")
        for create in (False, True):
            refused_opening(
                place,
                NotAVigilLog,
                r"Schema t\w+ of .* (holds|has a table log of) something else.*Name another with \?schema=NAME",
                create=create,
            )


def test_a_newer_postgresql_log_isrefused_opening(postgres: PostgresServer) -> None:
    place = postgres.url()
    open_log(StoreSettings(log=place), create=True).close()
    with by_hand(place) as raw:
        raw.unguarded("UPDATE log SET format = 2")
    refused_opening(place, NewerLog, r"has format 2; this Vigil reads up to 1\. Update Vigil to open it")


def test_a_postgresql_log_that_lost_its_name_isrefused_opening(postgres: PostgresServer) -> None:
    place = postgres.url()
    open_log(StoreSettings(log=place), create=True).close()
    with by_hand(place) as raw:
        raw.unguarded("DELETE FROM log")
    refused_opening(place, DamagedLog, "has lost the row that names its log. Restore it from a backup")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://vigil:s3cret-word@127.0.0.1:1/vigil",
        "postgres://vigil:s3cret-word@127.0.0.1:1/vigil?schema=x",
        "postgresql://vigil@127.0.0.1:1/vigil?password=s3cret-word",
        "postgresql://vigil:s3cret@-word@127.0.0.1:1/vigil",
        "postgresql://vigil:s3cret/-word@127.0.0.1:1/vigil",
        "postgresql://vigil:s3cret#-word@127.0.0.1:1/vigil",
        "postgresql://vigil:s3cret?-word@127.0.0.1:1/vigil",
        "postgresql://vigil:s3cret%zz-word@127.0.0.1:1/vigil",
        "postgresql://vigil:s3cret-word@127.0.0.1:1/vigil?colour=blue",
        "postgresql://vigil:s3cret-word@127.0.0.1:port/vigil",
        "postgresql://vigil:s3cret-word@[::1/vigil",
        "postgresql://vigil@127.0.0.1:1/vigil?schema=x&sslpassword=s3cret-word&connect_timeout=1",
        "mysql://vigil:s3cret-word@localhost/x",
    ],
)
def test_no_password_is_shown_when_a_server_cannot_be_reached(url: str) -> None:
    message = refused_opening(url, (LogUnavailable, BadLogUrl), "postgresql|postgres")
    assert "s3cret" not in message
    assert "-word" not in message
    assert len(message) < 400


def test_a_server_that_is_not_there_is_named(postgres: PostgresServer) -> None:
    refused_opening(
        "postgresql://vigil@127.0.0.1:1/vigil",
        LogUnavailable,
        r"postgresql://vigil@127\.0\.0\.1:1/vigil cannot be reached: .*Check that the server runs",
    )
    place = f"postgresql://postgres@127.0.0.1:{postgres.port}/nowhere"
    refused_opening(place, LogUnavailable, r'cannot be reached: .*database "nowhere" does not exist')
    nobody = f"postgresql://nobody_known@127.0.0.1:{postgres.port}/postgres"
    refused_opening(nobody, LogUnavailable, r'cannot be reached: .*role "nobody_known" does not exist')


def test_a_postgresql_user_who_may_not_write_is_told_so(postgres: PostgresServer) -> None:
    place = postgres.url()
    schema = place.partition("?schema=")[2]
    with open_log(StoreSettings(log=place), create=True) as log, by_hand(place) as raw:
        log.append(C, 0, said("a"))
        raw.execute(f"CREATE ROLE reader_{schema} LOGIN")
        raw.execute(f"GRANT USAGE ON SCHEMA {schema} TO reader_{schema}")
        raw.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}")
        with open_log(StoreSettings(log=place.replace("postgres@", f"reader_{schema}@"))) as reader:
            assert everything(reader) == everything(log)
            with pytest.raises(LogReadOnly, match=r"may not be written by this user: permission denied.*Ask for the right"):
                reader.append(C, 1, said("b"))
        assert log.head(C).version == 1
