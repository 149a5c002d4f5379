"""What the fixtures promise to every other test."""

import psycopg
import pytest
import redis
from sqlalchemy import text
from sqlmodel import Session


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_session_commits_is_gone_after_the_test(session: Session, turn: str) -> None:
    session.execute(text("CREATE TABLE left_behind (turn text)"))
    session.execute(text("INSERT INTO left_behind VALUES (:turn)"), {"turn": turn})
    session.commit()

    assert session.execute(text("SELECT turn FROM left_behind")).scalar_one() == turn


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_fresh_database_is_migrated_and_empty(fresh_database_url: str, turn: str) -> None:
    with psycopg.connect(fresh_database_url) as connection:
        connection.execute("CREATE TABLE left_behind (turn text)")
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()

    assert versions, turn


@pytest.mark.parametrize("turn", ["first", "second"])
def test_the_broker_is_empty_at_the_start_of_each_test(valkey_url: str, turn: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        assert client.dbsize() == 0
        client.set("left behind", turn)


def test_the_owner_of_the_book_is_no_superuser(fresh_database_url: str) -> None:
    with psycopg.connect(fresh_database_url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert row == (False, True)
